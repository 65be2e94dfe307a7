package gcal_test

import (
	"flag"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/gcal/emulator"
)

// knobs are what is not known about Google, each turned away from what is
// likeliest. The tests of faults hold under every one of them.
var knobs = []struct {
	name string
	turn func(sw *emulator.Switches)
}{
	{"a new time keeps the answers", func(sw *emulator.Switches) { sw.KeepAnswers = true }},
	{"a cancelled event cannot be revived", func(sw *emulator.Switches) { sw.NoRevival = true }},
	{"a write without a change is mute", func(sw *emulator.Switches) { sw.SilentIdentical = true }},
	{"who deletes his copy has not declined", func(sw *emulator.Switches) { sw.SilentRemoval = true }},
	{"tombstones are bare", func(sw *emulator.Switches) { sw.BareTombstones = true }},
	{"tombstones are buried", func(sw *emulator.Switches) { sw.TombstoneLife = 36 * time.Hour }},
	{"other parameters are not noticed", func(sw *emulator.Switches) { sw.LooseParams = true }},
	{"other parameters are refused", func(sw *emulator.Switches) { sw.RefusedParams = true }},
	{"copies come with the answer", func(sw *emulator.Switches) { sw.CopyOnAnswer = true }},
	{"times are in another zone", func(sw *emulator.Switches) { sw.RenderZone = "Pacific/Auckland" }},
	{"changes travel slowly", func(sw *emulator.Switches) { sw.Propagation = 10 * time.Millisecond }}, // the clock turns a little with each look at it
	{"an id is taken twice within a second", func(sw *emulator.Switches) { sw.RaceDuplicates = true }},
	{"a move minds If-Match", func(sw *emulator.Switches) { sw.MoveIfMatch = true }},
	{"absences decline later", func(sw *emulator.Switches) { sw.AutoDecline = 30 * time.Millisecond }},
	{"conferences come later", func(sw *emulator.Switches) { sw.Conference = 30 * time.Millisecond }},
	{"declined is busy", func(sw *emulator.Switches) { sw.BusyDeclined = true }},
	{"unanswered is free", func(sw *emulator.Switches) { sw.UnansweredFree = true }},
	{"tentative is free", func(sw *emulator.Switches) { sw.TentativeFree = true }},
	{"busy stretches are not merged", func(sw *emulator.Switches) { sw.BusyUnmerged = true }},
}

var (
	settings = flag.String("switches", "pairs", `settings of what is not known about Google: few that hold all "pairs", "each" switch alone, or a number of random ones`)
	seed     = flag.Uint64("switches.seed", 1, "of the random settings")
	row      = flag.Int("switches.row", 0, "for tests that no switch should touch: 0 is the likeliest setting, 1 to 7 are those of every")
)

// usual gives the setting for tests that no switch should touch.
func usual() emulator.Switches {
	return setting(func(k int) bool { return *row > 0 && inRow(*row-1)(k) })
}

// every runs a test under settings of what is not known about Google. Usually
// these are eight, of which the first is the likeliest and which hold each setting
// of each pair of switches: a switch is on in four of the other seven, no two in
// the same four (Katona 1973; Kleitman and Spencer 1973).
func every(t *testing.T, f func(t *testing.T, sw emulator.Switches)) {
	run := func(name string, turned func(k int) bool) {
		t.Run(name, func(t *testing.T) { f(t, setting(turned)) })
	}
	run("likeliest", func(int) bool { return false })
	switch n, err := strconv.Atoi(*settings); {
	case *settings == "pairs":
		for row := range 7 {
			run(fmt.Sprint("setting ", row+1), inRow(row))
		}
	case *settings == "each":
		for one := range knobs {
			run(knobs[one].name, func(k int) bool { return k == one })
		}
		run("all of them", func(int) bool { return true })
	default:
		require.NoError(t, err, "-switches")
		t.Logf("-switches=%d -switches.seed=%d", n, *seed)
		dice := rand.New(rand.NewPCG(*seed, 10))
		for i := range n {
			run(fmt.Sprint("random ", i+1), func(int) bool { return dice.IntN(2) == 0 })
		}
	}
}

// setting gives the switches with the knobs turned that are named.
func setting(turned func(k int) bool) (sw emulator.Switches) {
	for k := range knobs {
		if turned(k) {
			knobs[k].turn(&sw)
		}
	}
	return sw
}

// inRow says which knobs are turned in one of the seven settings.
func inRow(row int) func(k int) bool {
	return func(k int) bool { return fours[k]&(1<<row) != 0 }
}

// fours are the sets of four out of seven, as bits.
var fours = func() (out []int) {
	for set := range 1 << 7 {
		if bits.OnesCount(uint(set)) == 4 {
			out = append(out, set)
		}
	}
	return out
}()

func TestTheSettingsHoldAllPairs(t *testing.T) {
	for k := range knobs {
		for l := range k {
			met := map[[2]bool]bool{{false, false}: true} // the likeliest
			for row := range 7 {
				met[[2]bool{inRow(row)(k), inRow(row)(l)}] = true
			}
			require.Len(t, met, 4, "%s and %s", knobs[k].name, knobs[l].name)
		}
	}
}

// Every switch of the emulator is turned by one of the knobs, so that a new one is
// not forgotten.
func TestEverySwitchIsTurned(t *testing.T) {
	var all emulator.Switches
	for _, k := range knobs {
		var sw emulator.Switches
		k.turn(&sw)
		require.NotEqual(t, emulator.Switches{}, sw, k.name)
		k.turn(&all)
	}
	all.MaxFreeBusyDays, all.BusyError, all.SyncTokenLife = 1, map[string]string{}, 1 // numbers and faults rather than behaviours
	for field := range strings.FieldsSeq(strings.NewReplacer("{", " ", "}", " ").Replace(fmt.Sprintf("%+v", all))) {
		_, value, _ := strings.Cut(field, ":")
		require.NotContains(t, []string{"false", "0s", "0"}, value, field)
	}
}
