package sampling

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRecordIsEnoughElsewhere repeats a draw from the bytes of its record alone,
// with nothing of this package: chances by the textbook, gains as fractions, one
// visit after the other, random numbers by the standard library. Somebody who
// doubts a draw can do the same in any language.
func TestRecordIsEnoughElsewhere(t *testing.T) {
	f := frozen(t, company(400, 21), Exclusion{Unit: Unit{ID: "X"}, Reason: ReasonNoHost})
	d := Defaults()
	d.Seed, d.Year, d.Visits, d.Dimensions = "drawn on 3 January", 2027, 70, Named("region", "segment")
	made, err := MakeRecord(f, d)
	require.NoError(t, err)

	type value struct {
		Dimension string
		Values    []string
	}
	var r struct {
		Units []struct {
			ID      string
			Revenue int64
			Values  map[string]string
			Must    bool
		}
		Design struct {
			Visits int
			Seed   string
			Alpha  float64
			Least  int `json:"min_per_stratum"`
		}
		Draw struct {
			Strata []struct {
				Code   string
				Must   bool
				Values []value
				X      int
				Start  uint64
			}
			Rows []struct {
				ID, Excluded, Stratum string
				Taken                 bool
			}
		}
	}
	require.NoError(t, json.Unmarshal(made.Encode(), &r))

	// Whoever has a stratum's values belongs to it.
	members := make([][]int, len(r.Draw.Strata))
	for i, u := range r.Units {
		for h, s := range r.Draw.Strata {
			fits := s.Must == u.Must
			for _, v := range s.Values {
				fits = fits && slices.Contains(v.Values, u.Values[v.Dimension])
			}
			if fits {
				members[h] = append(members[h], i)
			}
		}
	}

	// A² = alpha (N_h/N)² + (1 − alpha) N_h Σr² / R², over strata without must-visits.
	all, revenue, left := int64(0), int64(0), r.Design.Visits
	for h, s := range r.Draw.Strata {
		if s.Must {
			left -= len(members[h])
			continue
		}
		all += int64(len(members[h]))
		for _, i := range members[h] {
			revenue += r.Units[i].Revenue
		}
	}
	alpha := new(big.Rat).SetFloat64(r.Design.Alpha)
	pull, x := make([]*big.Rat, len(members)), make([]int, len(members))
	for h, s := range r.Draw.Strata {
		if s.Must {
			x[h] = len(members[h])
			continue
		}
		squares := new(big.Int)
		for _, i := range members[h] {
			z := big.NewInt(r.Units[i].Revenue)
			squares.Add(squares, z.Mul(z, z))
		}
		n := int64(len(members[h]))
		customers, money := big.NewRat(n, all), new(big.Rat).SetInt(squares)
		customers.Mul(customers, customers)
		money.Mul(money, big.NewRat(n, 1))
		money.Quo(money, new(big.Rat).Mul(big.NewRat(revenue, 1), big.NewRat(revenue, 1)))
		pull[h] = customers.Mul(customers, alpha)
		pull[h].Add(pull[h], money.Mul(money, new(big.Rat).Sub(big.NewRat(1, 1), alpha)))
		x[h] = min(r.Design.Least, len(members[h]))
		left -= x[h]
	}
	for ; left > 0; left-- {
		best, most := -1, new(big.Rat)
		for h, a := range pull {
			if a == nil || x[h] == len(members[h]) {
				continue
			}
			if gain := new(big.Rat).Quo(a, big.NewRat(int64(x[h])*int64(x[h]+1), 1)); best < 0 || gain.Cmp(most) > 0 {
				best, most = h, gain
			}
		}
		x[best]++
	}

	// In each stratum the first numbers after its start are taken.
	u := func(id string) uint64 {
		m := hmac.New(sha256.New, []byte(r.Design.Seed))
		m.Write([]byte("prn/v1\x1f" + id))
		return binary.BigEndian.Uint64(m.Sum(nil))>>12*2 + 1 // in units of 2^-53
	}
	taken := map[string]string{}
	for h, s := range r.Draw.Strata {
		require.Equal(t, s.X, x[h], s.Code)
		after := func(i int) uint64 { return (u(r.Units[i].ID) - s.Start) & (1<<53 - 1) }
		sort.Slice(members[h], func(i, j int) bool { return after(members[h][i]) < after(members[h][j]) })
		for _, i := range members[h][:x[h]] {
			taken[r.Units[i].ID] = s.Code
		}
	}
	for _, row := range r.Draw.Rows {
		if row.Taken {
			require.Equal(t, row.Stratum, taken[row.ID])
			delete(taken, row.ID)
		}
	}
	require.Empty(t, taken)
}

// BenchmarkRecord writes and replays the record of 100,000 customers.
func BenchmarkRecord(b *testing.B) {
	f := frozen(b, company(100_000, 1))
	d := Defaults()
	d.Seed, d.Visits, d.Dimensions = "s", 24_000, Named("region", "segment")
	for b.Loop() {
		r, err := MakeRecord(f, d)
		require.NoError(b, err)
		raw := r.Encode()
		same, _, err := Replay(raw)
		require.NoError(b, err)
		require.True(b, same)
		b.ReportMetric(float64(len(raw))/1e6, "MB")
	}
}
