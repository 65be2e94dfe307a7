package fault

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatIsShownIsSafe(t *testing.T) {
	secret := errors.New("pq: password is hunter2")
	text, details := Shown(fmt.Errorf("saving: %w", secret))
	require.NotContains(t, text, "hunter2")
	require.Empty(t, details)
	text, details = Shown(Invalidf("The file cannot be read.").With(Detail{Where: "row 42"}).Because(secret))
	require.Equal(t, "The file cannot be read.", text)
	require.Equal(t, []Detail{{Where: "row 42"}}, details)
	text, _ = Shown(New(Internal, "the index of %s is broken", "people"))
	require.NotContains(t, text, "index")
}

func TestKinds(t *testing.T) {
	err := fmt.Errorf("publishing: %w", Conflictf("taken"))
	require.Equal(t, Conflict, KindOf(err))
	require.True(t, Is(err, Conflict))
	require.False(t, Is(err, Stale))
	require.Equal(t, Internal, KindOf(errors.New("x")))
	require.False(t, Is(errors.New("x"), Internal), "only a fault has a kind")
	require.Equal(t, "internal", Kind(99).String())
}

func TestDetailsReadAsSentences(t *testing.T) {
	d := Detail{Where: "row 42, column City", Value: "Zürch", Expected: "a city of Switzerland", Mend: "Did you mean Zürich?"}
	require.Equal(t, `row 42, column City: expected a city of Switzerland, found "Zürch". Did you mean Zürich?`, d.String())
	require.Equal(t, "Choose another.", Detail{Mend: "Choose another."}.String())
}

func TestSentence(t *testing.T) {
	err := Invalidf("It cannot be used.").With(Detail{Where: "zone", Mend: "Correct it."}, Detail{Where: "city"})
	require.Equal(t, "It cannot be used. zone. Correct it. city.", Sentence(err))
}

func TestCopiesDoNotShareDetails(t *testing.T) {
	base := Invalidf("no").With(Detail{Where: "a"})
	one, two := base.With(Detail{Where: "b"}), base.With(Detail{Where: "c"})
	require.Equal(t, "b", one.Details[1].Where)
	require.Equal(t, "c", two.Details[1].Where)
	require.Len(t, base.Details, 1)
}

func TestShort(t *testing.T) {
	require.Equal(t, "abc", Short("abc"))
	require.Equal(t, 80, len([]rune(Short(strings.Repeat("ü", 200)))))
}
