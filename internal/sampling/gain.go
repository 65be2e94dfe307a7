package sampling

import (
	"math"
	"math/big"
	"math/bits"
)

// weight is a number that is 0 or more, mant·2^exp, held exactly: what a stratum
// pulls with when visits are shared out.
type weight struct {
	mant uint64
	exp  int
}

func wholeWeight(n uint64) weight { return weight{mant: n} }

// floatWeight holds a finite float that is 0 or more, exactly.
func floatWeight(f float64) weight {
	frac, exp := math.Frexp(f)
	return weight{uint64(frac * (1 << 53)), exp - 53}
}

// bigWeight rounds to 64 binary digits, to the nearest even: the same on every
// machine.
func bigWeight(f *big.Float) weight {
	if f.Sign() <= 0 {
		return weight{}
	}
	m := new(big.Float).SetPrec(64).SetMode(big.ToNearestEven).Set(f)
	exp := m.MantExp(m)
	u, _ := m.SetMantExp(m, 64).Uint64()
	return weight{u, exp - 64}
}

func (w weight) float() float64 { return math.Ldexp(float64(w.mant), w.exp) }

// divisor is the rule by which a stratum's pull falls with each visit it has.
type divisor int

const (
	// byShare: weight/(2k+1), Webster. With the number of customers as weight the
	// result has the least Σ (x−t)²/t.
	byShare divisor = iota
	// byVariance: weight/(k(k+1)). With A² as weight the result has the least
	// Σ A²/x. The first visit counts without limit, larger weights first.
	byVariance
)

// gain is what one more visit is worth to stratum h: w/d, without limit where d
// is 0. rough is w/d up to a few units in the last place.
type gain struct {
	w     weight
	d     uint64
	rough float64
	h     int
}

func (by divisor) at(k int) uint64 {
	if by == byShare {
		return 2*uint64(k) + 1
	}
	return uint64(k) * uint64(k+1)
}

func (by divisor) gain(w weight, k, h int) gain {
	d := by.at(k)
	g := gain{w: w, d: d, h: h}
	switch {
	case w.mant == 0:
		g.d = 1
	case d == 0:
		g.rough = math.Inf(1)
	default:
		g.rough = w.float() / float64(d)
	}
	return g
}

// before says whether a is served before b: the larger gain, at a tie the lower
// stratum. Rough values decide only where they are far enough apart to be
// certain, so the answer does not hang on a machine's floating point.
func (a gain) before(b gain) bool {
	const apart = 1 + 1e-12
	switch {
	case a.rough > b.rough*apart:
		return true
	case b.rough > a.rough*apart:
		return false
	}
	if c := a.compare(b); c != 0 {
		return c > 0
	}
	return a.h < b.h
}

// compare orders two gains exactly: a.w·b.d against b.w·a.d in 128 bits. Counts
// stay below 2^31, so no product overflows.
func (a gain) compare(b gain) int {
	if a.d == 0 && b.d == 0 {
		return compareProducts(a.w, 1, b.w, 1)
	}
	return compareProducts(a.w, b.d, b.w, a.d)
}

func compareProducts(a weight, m uint64, b weight, n uint64) int {
	ah, al := bits.Mul64(a.mant, m)
	bh, bl := bits.Mul64(b.mant, n)
	la, lb := length(ah, al), length(bh, bl)
	if la == 0 || lb == 0 {
		return sign(la, lb)
	}
	if ta, tb := la+a.exp, lb+b.exp; ta != tb {
		return sign(ta, tb)
	}
	if la < lb {
		ah, al = left(ah, al, uint(lb-la))
	} else {
		bh, bl = left(bh, bl, uint(la-lb))
	}
	switch {
	case ah != bh && ah > bh, ah == bh && al > bl:
		return 1
	case ah == bh && al == bl:
		return 0
	}
	return -1
}

func sign(a, b int) int {
	switch {
	case a > b:
		return 1
	case a < b:
		return -1
	}
	return 0
}

// length is the number of binary digits of a 128-bit number.
func length(hi, lo uint64) int {
	if hi != 0 {
		return 64 + bits.Len64(hi)
	}
	return bits.Len64(lo)
}

func left(hi, lo uint64, by uint) (uint64, uint64) {
	if by >= 64 {
		return lo << (by - 64), 0
	}
	return hi<<by | lo>>(64-by), lo << by
}
