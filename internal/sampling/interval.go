package sampling

import "math"

// Interval is a range of shares, 0..1.
type Interval struct {
	Low, High float64
}

// Wilson gives the two-sided interval for a share p seen in n customers (n may be
// an effective number, so need not be whole), at a level such as 0.95 (Wilson
// 1927). Without customers it is 0..1.
func Wilson(p, n, level float64) Interval {
	if !(n > 0) {
		return Interval{0, 1}
	}
	z := math.Sqrt2 * math.Erfinv(level)
	zz := z * z
	base := 1 + zz/n
	mid := (p + zz/(2*n)) / base
	half := z * math.Sqrt(p*(1-p)/n+zz/(4*n*n)) / base
	out := Interval{math.Max(0, mid-half), math.Min(1, mid+half)}
	if p <= 0 {
		out.Low = 0
	}
	if p >= 1 {
		out.High = 1
	}
	return out
}

// ClopperPearson gives the two-sided interval that never covers too rarely, for x
// of n customers; both may be broken numbers (Clopper & Pearson 1934, Korn &
// Graubard 1998). Without customers it is 0..1.
func ClopperPearson(x, n, level float64) Interval {
	if !(n > 0) {
		return Interval{0, 1}
	}
	out := Interval{0, 1}
	tail := (1 - level) / 2
	if x > 0 {
		out.Low = betaQuantile(tail, x, n-x+1)
	}
	if x < n {
		out.High = betaQuantile(1-tail, x+1, n-x)
	}
	return out
}

// NobodyBound is the largest share that is still credible, one-sided at 95 %,
// when none of n customers said a thing: 1 − 0.05^(1/n), about 3/n. n may be an
// effective number. Without customers it is 1.
func NobodyBound(n float64) float64 {
	if !(n > 0) {
		return 1
	}
	return -math.Expm1(math.Log(0.05) / n)
}

// NobodyBoundOf is the same for a finite number of customers: the largest count
// among all that leaves a chance of 5 % or more of meeting none in n visits.
func NobodyBoundOf(all, n int) int {
	lo, hi := 0, max(all-n, 0)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if chooseLog(all-mid, n)-chooseLog(all, n) >= math.Log(0.05)-1e-12 {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return lo
}

// VisitsToHear is how many visits give a 95 % chance to meet at least one of
// those customers who hold a thing, where a share p of all hold it, 0 < p < 1.
func VisitsToHear(p float64) int { return int(math.Ceil(math.Log(0.05)/math.Log1p(-p) - 1e-12)) }

// chooseLog is ln C(n, k), minus infinity where k > n.
func chooseLog(n, k int) float64 {
	if k < 0 || k > n {
		return math.Inf(-1)
	}
	return gammaLog(float64(n+1)) - gammaLog(float64(k+1)) - gammaLog(float64(n-k+1))
}

func gammaLog(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// betaQuantile finds x with I_x(a, b) = p by halving: slow and safe.
func betaQuantile(p, a, b float64) float64 {
	lo, hi := 0.0, 1.0
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if betaShare(mid, a, b) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo + (hi-lo)/2
}

// betaShare is the regularised incomplete beta function I_x(a, b), by Lentz's
// continued fraction on the side where it converges fast.
func betaShare(x, a, b float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	if x > (a+1)/(a+b+2) {
		return 1 - betaShare(1-x, b, a)
	}
	front := math.Exp(gammaLog(a+b)-gammaLog(a)-gammaLog(b)+a*math.Log(x)+b*math.Log1p(-x)) / a
	const tiny = 1e-300
	away := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/away(1-(a+b)*x/(a+1))
	f := d
	for m := 1.0; m < 10_000; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d, c = 1/away(1+even*d), away(1+even/c)
		f *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d, c = 1/away(1+odd*d), away(1+odd/c)
		f *= d * c
		if math.Abs(d*c-1) < 1e-16 {
			break
		}
	}
	return front * f
}

// studentQuantile is the two-sided quantile of Student's t at a level.
func studentQuantile(level, df float64) float64 {
	y := betaQuantile(1-level, df/2, 0.5)
	return math.Sqrt(df * (1 - y) / y)
}
