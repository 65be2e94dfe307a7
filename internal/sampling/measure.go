package sampling

import "math"

// Kish gives the design effect of unequal weights, n Σw²/(Σw)², and the effective
// number of visits, (Σw)²/Σw² (Kish 1965). Without weights both are 0.
func Kish(weights []float64) (deff, effective float64) {
	sum, squares := 0.0, 0.0
	for _, w := range weights {
		sum += w
		squares += w * w
	}
	if squares == 0 {
		return 0, 0
	}
	effective = sum * sum / squares
	return float64(len(weights)) / effective, effective
}

// ExecutiveEffect is the design effect of each executive making several visits
// and hearing a little of what they expect: 1+(visits−1)·rho, rho from 0 to 1.
func ExecutiveEffect(visits int, rho float64) float64 { return 1 + float64(visits-1)*rho }

// Distance says how far the visits are from being a cross-section. Shares run
// from 0 to 1. There is no p-value on purpose: the design fixes the margins, so
// the tables for chance do not apply.
type Distance struct {
	ChiSquare       float64 // Σ (visits − due)²/due
	G               float64 // 2 Σ visits ln(visits/due)
	TotalVariation  float64 // ½ Σ |share of visits − share of customers|
	ToMove          float64 // visits that would have to move for an exact match, visits · TotalVariation
	KullbackLeibler float64 // from visits to customers, in nats
	JensenShannon   float64 // in nats
	Hellinger       float64
	LargestGap      float64 // largest gap between a stratum's two shares
	LargestCount    float64 // largest gap between visits and visits due
	Covered, Strata int     // strata with a visit, strata with customers
	CoveredShare    float64 // share of customers who are in a stratum with a visit
}

// Compare measures visits (or the sum of their weights) per stratum against
// customers per stratum. Strata without customers count only through visits that
// should not be there. All zeros give a zero Distance.
func Compare(customers, visits []float64) Distance {
	var d Distance
	all, made := sum(customers), sum(visits)
	for h, n := range customers {
		if n > 0 {
			d.Strata++
			if visits[h] > 0 {
				d.Covered++
				d.CoveredShare += n / all
			}
		}
	}
	if all == 0 || made == 0 {
		return d
	}
	for h := range customers {
		p, q := customers[h]/all, visits[h]/made
		gap := math.Abs(q - p)
		d.TotalVariation += gap / 2
		d.LargestGap = math.Max(d.LargestGap, gap)
		d.LargestCount = math.Max(d.LargestCount, gap*made)
		if gap > 0 {
			d.ChiSquare += made * gap * gap / p
		}
		if q > 0 {
			d.KullbackLeibler += q * math.Log(q/p)
			d.JensenShannon += q / 2 * math.Log(2*q/(p+q))
		}
		if p > 0 {
			d.JensenShannon += p / 2 * math.Log(2*p/(p+q))
		}
		root := math.Sqrt(q) - math.Sqrt(p)
		d.Hellinger += root * root / 2
	}
	d.ToMove = made * d.TotalVariation
	d.G = 2 * made * d.KullbackLeibler
	d.Hellinger = math.Sqrt(d.Hellinger)
	return d
}

// Variation is the total variation between two lists, ½ Σ |share − share|, from
// 0 (alike) to 1; 0 where one of them is empty.
func Variation(customers, visits []float64) float64 {
	all, made, v := sum(customers), sum(visits), 0.0
	if all == 0 || made == 0 {
		return 0
	}
	for h := range customers {
		v += math.Abs(visits[h]/made-customers[h]/all) / 2
	}
	return v
}

func sum(in []float64) float64 {
	s := 0.0
	for _, v := range in {
		s += v
	}
	return s
}

// Line compares one stratum's part of the customers with its part of the visits.
type Line struct {
	Code, Label     string
	Must            bool
	Customers, Made int     // customers; visits planned or made
	CustomerShare   float64 // 0..1
	VisitShare      float64 // whom we visit, 0..1
	WeightedShare   float64 // whom they stand for, 0..1: each visit counts its stratum's customers per visit
}

// Lines compares strata with the visits made in them by code (planned: nil). A
// visited customer stands for its stratum's customers per visit made, so a
// stratum without a visit has nobody to stand for it; a must-visit stands for
// itself alone.
func Lines(strata []Stratum, made map[string]int) (lines []Line, visited, stoodFor Distance) {
	customers, visits, weights := make([]float64, len(strata)), make([]float64, len(strata)), make([]float64, len(strata))
	lines = make([]Line, len(strata))
	for h, s := range strata {
		n := s.X
		if made != nil {
			n = made[s.Code]
		}
		lines[h] = Line{Code: s.Code, Label: s.Label, Must: s.Must, Customers: s.N, Made: n}
		customers[h], visits[h] = float64(s.N), float64(n)
		if n > 0 {
			weights[h] = float64(s.N)
		}
		if s.Must {
			weights[h] = float64(n)
		}
	}
	all, total, weight := sum(customers), sum(visits), sum(weights)
	for h := range lines {
		lines[h].CustomerShare = portion(customers[h], all)
		lines[h].VisitShare = portion(visits[h], total)
		lines[h].WeightedShare = portion(weights[h], weight)
	}
	return lines, Compare(customers, visits), Compare(customers, weights)
}

// portion is a/b, 0 where b is 0.
func portion(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
