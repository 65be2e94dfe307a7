package seal_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/seal"
)

// ringOf makes a ring of keys that are all of one byte each.
func ringOf(t require.TestingT, keys ...string) *seal.Ring {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k + ":" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(k[:1], seal.KeySize)))
	}
	r, err := seal.Parse(strings.Join(parts, ","))
	require.NoError(t, err)
	return r
}

func TestWhatIsSealedOpensForItsOwnerOnly(t *testing.T) {
	r := ringOf(t, "a", "b")
	rapid.Check(t, func(t *rapid.T) {
		text, about := rapid.String().Draw(t, "text"), rapid.String().Draw(t, "about")
		sealed, err := r.Seal(text, about)
		require.NoError(t, err)
		got, err := r.Open(sealed, about)
		require.NoError(t, err)
		require.Equal(t, text, got)
		require.True(t, r.Fresh(sealed))
		again, err := r.Seal(text, about)
		require.NoError(t, err)
		require.NotEqual(t, sealed, again, "the same text never looks the same")

		other := rapid.String().Draw(t, "other")
		if other != about {
			_, err = r.Open(sealed, other)
			require.True(t, fault.Is(err, fault.Denied))
		}
		// Any other character anywhere, and any piece of it, is refused.
		at := rapid.IntRange(0, len(sealed)-1).Draw(t, "at")
		with := rapid.SampledFrom([]byte("AbC-_9.:")).Draw(t, "with")
		if sealed[at] != with {
			_, err = r.Open(sealed[:at]+string(with)+sealed[at+1:], about)
			require.True(t, fault.Is(err, fault.Denied))
		}
		_, err = r.Open(sealed[:at], about)
		require.True(t, fault.Is(err, fault.Denied))
		if len(text) > 8 {
			require.NotContains(t, sealed, text)
		}
	})
}

func TestKeysRotate(t *testing.T) {
	old := ringOf(t, "old")
	sealed, err := old.Seal("token", "connection/ann")
	require.NoError(t, err)

	both := ringOf(t, "new", "old")
	require.False(t, both.Fresh(sealed))
	text, err := both.Open(sealed, "connection/ann")
	require.NoError(t, err)
	again, err := both.Seal(text, "connection/ann")
	require.NoError(t, err)
	require.True(t, both.Fresh(again))

	alone := ringOf(t, "new")
	_, err = alone.Open(sealed, "connection/ann")
	require.True(t, fault.Is(err, fault.Denied))
	require.ErrorContains(t, err, "its key is gone")
	text, err = alone.Open(again, "connection/ann")
	require.NoError(t, err)
	require.Equal(t, "token", text)

	// Another key under the same id opens nothing.
	swapped, err := seal.Parse("new:" + base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("x", seal.KeySize))))
	require.NoError(t, err)
	_, err = swapped.Open(again, "connection/ann")
	require.True(t, fault.Is(err, fault.Denied))
}

func TestKeysAreReadStrictly(t *testing.T) {
	good := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("s", seal.KeySize)))
	for _, text := range []string{"k1", ":" + good, "k1:" + good[:20], "k1:" + good + ",k1:" + good, "k 1:" + good, "k1:" + good + ",", "k1:!!!!",
		strings.Repeat("k", 33) + ":" + good, "k.1:" + good} {
		_, err := seal.Parse(text)
		require.True(t, fault.Is(err, fault.Invalid), text)
		shown, details := fault.Shown(err)
		require.NotContains(t, shown+details[0].String(), good[:8])
		require.Contains(t, details[0].Where, seal.Option)
	}
	none, err := seal.Parse("  ")
	require.NoError(t, err)
	require.False(t, none.Ready())
	_, err = none.Seal("token", "x")
	require.ErrorContains(t, err, "no key to seal")
	_, err = none.Open("s1.k1.AAAA", "x")
	require.True(t, fault.Is(err, fault.Denied))
	one, err := seal.Parse("k1:" + good)
	require.NoError(t, err)
	_, err = one.Seal(strings.Repeat("x", seal.MaxText+1), "x")
	require.True(t, fault.Is(err, fault.Invalid))
	_, err = one.Open("not sealed", "x")
	require.True(t, fault.Is(err, fault.Denied))
}
