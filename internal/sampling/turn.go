package sampling

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"

	"golang.org/x/text/unicode/norm"
)

// Turn is a place on the circle of random numbers, 0 up to but without 1, in
// units of 2^-53. Customers' numbers and the yearly shifts share these units, so
// taking one from the other is exact.
type Turn uint64

const circle = Turn(1) << 53

// Float gives the place as a number from 0 up to but without 1; it is exact.
func (t Turn) Float() float64 { return float64(t) / float64(circle) }

// String gives the place for people.
func (t Turn) String() string { return fmt.Sprintf("%.6f", t.Float()) }

// Plus goes on around the circle.
func (t Turn) Plus(shift Turn) Turn { return (t + shift) % circle }

// From is how far t lies after start, going around the circle.
func (t Turn) From(start Turn) Turn { return (t + circle - start%circle) % circle }

// Number gives a customer's permanent random number: the top 52 bits of
// HMAC-SHA256(seed, "prn/v1" 0x1F id) and a half, over 2^52. It is never 0 and
// never 1, and it does not depend on the year, so that next year's draw can
// avoid this year's customers. The id is brought to NFC first.
func Number(seed, id string) Turn {
	return numberOf(newMac(seed), norm.NFC.String(id))
}

func numberOf(m mac, id string) Turn {
	sum := m.sum("prn/v1", id)
	return Turn(binary.BigEndian.Uint64(sum[:8])>>12)<<1 | 1
}

// Commitment is what is published before the freeze: SHA-256 of the seed in
// hexadecimal. It binds only if the seed cannot be guessed.
func Commitment(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	return hex.EncodeToString(sum[:])
}

// Shift is how far a stratum of n customers with x visits moves on per year. It
// depends on the frame only, never on the customers' numbers, so each year's
// draw stays an exact random sample; a tenth beyond the share visited makes
// repeats rare. Above 0.4 the shift is the share itself, so that the yearly
// windows tile the circle and everybody's turn comes. Tiny strata with a small
// share go a quarter beyond, for there chance moves the borders more.
func Shift(x, n int) Turn {
	if n <= 0 || x <= 0 {
		return 0
	}
	switch {
	case 10*x <= 3*n && n <= 10:
		return share(4*x+n, 4*n)
	case 10*x <= 4*n:
		return share(10*x+n, 10*n)
	default:
		return share(x, n)
	}
}

// share is a/b of the circle, rounded down.
func share(a, b int) Turn {
	hi, lo := bits.Mul64(uint64(a%b), uint64(circle))
	q, _ := bits.Div64(hi, lo, uint64(b))
	return Turn(q)
}

// mac makes keyed hashes of labelled texts under one seed.
type mac struct{ key []byte }

func newMac(seed string) mac { return mac{[]byte(seed)} }

func (m mac) sum(parts ...string) []byte {
	h := hmac.New(sha256.New, m.key)
	for i, p := range parts {
		if i > 0 {
			h.Write([]byte{0x1f})
		}
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
