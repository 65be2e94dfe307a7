package solver

import (
	"math/bits"
	"math/rand/v2"
)

// random draws whole numbers only: floating point could differ between machines.
type random struct{ source *rand.PCG }

func newRandom(seed uint64) random { return random{rand.NewPCG(seed, 0x57696e64)} }

// below draws from 0 to n-1; n must be positive.
func (r random) below(n int) int {
	hi, _ := bits.Mul64(r.source.Uint64(), uint64(n))
	return int(hi)
}

// early draws from 0 to n-1, small numbers more often (density ~ 1/√x).
func (r random) early(n int) int {
	x := r.source.Uint64()
	hi, _ := bits.Mul64(x>>32*(x&0xffffffff), uint64(n))
	return int(hi)
}

// logBits is the number of binary places of halvings.
const logBits = 16

// halvings draws -log2 of a uniform number as fixed point with logBits places.
// Between powers of two the logarithm is taken as a straight line, at most 0.09
// off, which annealing does not feel.
func (r random) halvings() int64 {
	x := r.source.Uint64()
	zeros := bits.LeadingZeros64(x)
	rest := x << (zeros + 1) >> (64 - logBits)
	return int64(zeros+1)<<logBits - int64(rest)
}
