package sampling

import (
	"math"
	"math/big"

	"windshield/internal/fault"
)

// moments is what a rule needs to know of a stratum.
type moments struct {
	n       int
	revenue *big.Int // Σ r
	squares *big.Int // Σ r²
}

func momentsOf(f Frame, units []int) moments {
	m := moments{n: len(units), revenue: new(big.Int), squares: new(big.Int)}
	r := new(big.Int)
	for _, i := range units {
		r.SetInt64(f.Units[i].Revenue)
		m.revenue.Add(m.revenue, r)
		m.squares.Add(m.squares, r.Mul(r, r))
	}
	return m
}

// pulls gives the weights and the divisor of the design's rule. Sums are taken
// over whole numbers and rounded once, so neither the order of customers nor
// the machine matters.
func (d Design) pulls(strata []moments) ([]weight, divisor, error) {
	out := make([]weight, len(strata))
	switch d.Rule {
	case Equal:
		for h := range out {
			out[h] = wholeWeight(1)
		}
		return out, byVariance, nil
	case Mixed:
		return mixed(strata, d.Alpha)
	case Neyman, Power:
		q := uint(1 << qDigits)
		if d.Rule == Power {
			q = uint(math.Round(d.Q * (1 << qDigits)))
		}
		pull := false
		for h, m := range strata {
			out[h] = power(new(big.Float).SetPrec(precision).SetInt(m.revenue), m.spread(), q)
			pull = pull || out[h].mant > 0
		}
		if !pull {
			return nil, 0, noRevenue("revenue of the customers", "revenues that differ within some stratum")
		}
		return out, byVariance, nil
	default:
		for h, m := range strata {
			out[h] = wholeWeight(uint64(m.n))
		}
		return out, byShare, nil
	}
}

func noRevenue(where, expected string) error {
	return fault.Invalidf("The revenues say nothing about where to send the visits.").With(fault.Detail{
		Where: where, Expected: expected, Mend: "Import revenues, or share the visits out by customers (proportional)."})
}

// precision is the number of binary digits of intermediate results; qDigits
// those after the point of the exponent of the power rule.
const (
	precision = 256
	qDigits   = 20
)

// mixed gives A² = α (N_h/N)² + (1−α) (R_h/R)² (1+cv_h²), times a common factor.
// As cv is that of the revenues within the stratum, R_h² (1+cv_h²) = N_h Σ r²,
// which needs no division. Without any revenue only the customers count.
func mixed(strata []moments, alpha float64) ([]weight, divisor, error) {
	n, revenue := new(big.Int), new(big.Int)
	for _, m := range strata {
		n.Add(n, big.NewInt(int64(m.n)))
		revenue.Add(revenue, m.revenue)
	}
	if revenue.Sign() == 0 {
		if alpha == 0 {
			return nil, 0, noRevenue("revenue of all customers together", "more than 0 where only revenue counts (alpha 0)")
		}
		alpha, revenue = 1, big.NewInt(1)
	}
	forCustomers := new(big.Rat).SetFloat64(alpha)
	forRevenue := new(big.Rat).Sub(big.NewRat(1, 1), forCustomers)
	forCustomers.Mul(forCustomers, new(big.Rat).SetInt(new(big.Int).Mul(revenue, revenue)))
	forRevenue.Mul(forRevenue, new(big.Rat).SetInt(new(big.Int).Mul(n, n)))
	out := make([]weight, len(strata))
	for h, m := range strata {
		size := big.NewInt(int64(m.n))
		a := new(big.Rat).Mul(forCustomers, new(big.Rat).SetInt(new(big.Int).Mul(size, size)))
		b := new(big.Rat).Mul(forRevenue, new(big.Rat).SetInt(new(big.Int).Mul(size, m.squares)))
		out[h] = bigWeight(new(big.Float).SetPrec(precision).SetRat(a.Add(a, b)))
	}
	return out, byVariance, nil
}

// spread is the squared coefficient of variation of revenue in the stratum, with
// the variance taken over N−1 as Bankier and Neyman do: N (N Σr² − R²)/((N−1) R²).
func (m moments) spread() *big.Float {
	out := new(big.Float).SetPrec(precision)
	if m.n < 2 || m.revenue.Sign() == 0 {
		return out
	}
	n := big.NewInt(int64(m.n))
	rr := new(big.Int).Mul(m.revenue, m.revenue)
	top := new(big.Int).Mul(n, m.squares)
	top.Mul(top.Sub(top, rr), n)
	return out.SetRat(new(big.Rat).SetFrac(top, rr.Mul(rr, new(big.Int).Sub(n, big.NewInt(1)))))
}

// power gives A² = X^2q · cv² for q in steps of 2^-20, by square roots, which are
// rounded the same way everywhere (a library's power function is not).
func power(x, cv2 *big.Float, q uint) weight {
	if x.Sign() == 0 || cv2.Sign() == 0 {
		return weight{}
	}
	a := new(big.Float).SetPrec(precision).SetInt64(1)
	root := new(big.Float).SetPrec(precision).Set(x)
	for digit := qDigits; digit >= 0 && q > 0; digit-- {
		if q&(1<<digit) != 0 {
			a.Mul(a, root)
			q &^= 1 << digit
		}
		root.Sqrt(root)
	}
	a.Mul(a, a)
	return bigWeight(a.Mul(a, cv2))
}
