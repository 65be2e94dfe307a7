package bound

import (
	"math"
	"slices"
)

// coarse finds a cost that no year of an executive goes below in a small part of
// the time that year takes. It looks at areas instead of visits: the legs between
// two visits in a trip are as long as their areas are apart at least, and one visit
// may follow itself. Ways home are those of the visits.
type coarse struct {
	m      *model
	area   []int32   // by customer
	areas  int       // number of them
	apart  [][]int64 // by two areas: the least km
	exec   int
	x      *exec
	states int
	next   [4][]int8
	days   []int32

	base     []int64
	home     []int64
	far      []int64 // by area: the longest way home
	open     []int64 // [day × areas + area] the cheapest visit with one way home
	within   []int64 // the same without ways
	single   []int64 // by day: the cheapest visit with both ways
	openBy   []int32
	withinBy []int32
	singleBy []int32

	cost      []int64 // [(2 × day + second) × areas × states]: ends with a visit in an area, going on
	from      []int32 // where that came from: an index into cost, or home
	closing   []int64 // [day × states + state]: at home after that day
	closeFrom []int32 // an index into cost, or home
	closeBy   []int32 // the last visit
	least     []int64 // by day, over states
	leastAt   []int32
	setOut    []int64 // [day × states + state]
	setOutBy  []int32 // an index into closing, or none
	last      int32   // of the cheapest year: an index into closing, or none
	reach     []int64 // at the day at hand [areas × states]
	reachFrom []int32
}

// home, as where a visit came from: it is the first of its trip.
const home = -2

// areaMost is the number of areas.
const areaMost = 24

func newCoarse(m *model) *coarse {
	y := &coarse{m: m, exec: none}
	y.divide()
	n, d := len(m.visits), int(m.days)
	y.base, y.home, y.far = make([]int64, n), make([]int64, n), make([]int64, y.areas)
	y.open, y.within, y.single = make([]int64, d*y.areas), make([]int64, d*y.areas), make([]int64, d)
	y.openBy, y.withinBy, y.singleBy = make([]int32, d*y.areas), make([]int32, d*y.areas), make([]int32, d)
	y.least, y.leastAt = make([]int64, d), make([]int32, d)
	return y
}

// divide makes areas: each centre is the customer farthest from those before.
func (y *coarse) divide() {
	m := y.m
	points := m.km.points
	y.area = make([]int32, len(points))
	to := make([]int32, len(points))
	for i := range to {
		to[i] = math.MaxInt32
	}
	var centres []vector
	for centre := 0; len(centres) < min(areaMost, len(points)); {
		c := int32(len(centres))
		centres = append(centres, points[centre])
		far := int32(0)
		for i := range points {
			if km := kmBelow(points[i], points[centre]); km < to[i] {
				to[i], y.area[i] = km, c
			}
		}
		for i := range points {
			if to[i] > far {
				far, centre = to[i], i
			}
		}
		if far == 0 {
			break
		}
	}
	y.areas = len(centres)
	radius := make([]int32, y.areas)
	for i, a := range y.area {
		radius[a] = max(radius[a], to[i]+1)
	}
	for a := range y.areas {
		row := make([]int64, y.areas)
		for b := range y.areas {
			if a != b {
				row[b] = int64(max(0, kmBelow(centres[a], centres[b])-radius[a]-radius[b]-2))
			}
		}
		y.apart = append(y.apart, row)
	}
	if m.km.table == nil {
		return
	}
	for a := range y.apart {
		for b := range y.apart[a] {
			if a != b {
				y.apart[a][b] = math.MaxInt32
			}
		}
	}
	for i := range points {
		row := y.apart[y.area[i]]
		for j := range points {
			row[y.area[j]] = min(row[y.area[j]], int64(m.km.between(int32(i), int32(j))))
		}
	}
}
