package solver

import (
	"context"
	"math"

	"windshield/internal/geo"
)

// tableLimit is the number of places up to which all distances are tabled: 4
// bytes for each pair would not fit into a cache, 2 bytes of 6,000² take 72 MB.
const tableLimit = 6000

// distances gives whole km between customers.
type distances struct {
	places []geo.Point
	points []vector
	grid   []gridPoint
	table  []uint16 // [a × n + b], nil where there are too many
	n      int
}

type vector struct{ x, y, z float64 }

// vectorOf gives the place on the unit sphere.
func vectorOf(p geo.Point) vector {
	lat, lon := p.Lat*math.Pi/180, p.Lon*math.Pi/180
	return vector{math.Cos(lat) * math.Cos(lon), math.Cos(lat) * math.Sin(lon), math.Sin(lat)}
}

// newDistances tables the distances, half done where ctx ends. was gives by place its
// index among those of an earlier table, none where it is new there, and those are taken
// over; nil where there is none.
func newDistances(ctx context.Context, places []geo.Point, workers int, before *distances, was []int32) distances {
	d := distances{places: places, points: make([]vector, len(places)), n: len(places)}
	for i, p := range places {
		v := vectorOf(p)
		d.points[i] = v
		d.grid = append(d.grid, gridOf(v))
	}
	if n := len(places); n <= tableLimit {
		table := make([]uint16, n*n)
		_ = inRows(ctx, workers, n, func(from, to int) { // whoever asked looks at ctx
			for i := from; i < to; i++ {
				var known []uint16
				if was != nil && was[i] != none && before.table != nil {
					known = before.table[int(was[i])*before.n : (int(was[i])+1)*before.n]
				}
				for j := range i {
					var km uint16
					if known != nil && was[j] != none {
						km = known[was[j]]
					} else {
						km = uint16(d.between(int32(i), int32(j)))
					}
					table[i*n+j], table[j*n+i] = km, km
				}
			}
		})
		d.table = table
	}
	return d
}

// onGrid puts a coordinate on a grid of 6 m, so that the order of neighbours is
// decided by whole numbers and cannot differ between machines.
func onGrid(x float64) int64 { return int64(math.Round(x * (1 << 20))) }

// gridPoint is a place on the grid.
type gridPoint [3]int64

func gridOf(v vector) gridPoint { return gridPoint{onGrid(v.x), onGrid(v.y), onGrid(v.z)} }

// onGridApart orders pairs of places by their distance; it is no distance itself.
func onGridApart(p, q gridPoint) int64 {
	x, y, z := p[0]-q[0], p[1]-q[1], p[2]-q[2]
	return x*x + y*y + z*z
}

// among tables the distances between some customers.
func (d *distances) among(custs []int32) distances {
	n := len(custs)
	l := distances{table: make([]uint16, n*n), n: n}
	for i, a := range custs {
		to := l.table[i*n : (i+1)*n]
		if d.table != nil { // a row at a time, as memory likes it
			from := d.table[int(a)*d.n : (int(a)+1)*d.n]
			for j, b := range custs {
				to[j] = from[b]
			}
			continue
		}
		for j, b := range custs[:i] {
			to[j] = uint16(d.between(a, b))
			l.table[j*n+i] = to[j]
		}
	}
	return l
}

func (d *distances) km(a, b int32) int32 {
	if d.table != nil {
		return int32(d.table[int(a)*d.n+int(b)])
	}
	return d.between(a, b)
}

func (d *distances) between(a, b int32) int32 {
	return chordKM(d.points[a], d.points[b], d.places[a], d.places[b])
}

// chordKM is geo.Km at a fraction of its time: it goes by the chord between two
// vectors, and only where that lies so near to half a km that rounding could
// differ, it asks geo.Km itself. Near antipodes both are good to about 10⁻⁴ km.
func chordKM(a, b vector, p, q geo.Point) int32 {
	x, y, z := a.x-b.x, a.y-b.y, a.z-b.z
	half := math.Sqrt(x*x+y*y+z*z) / 2
	km := 2 * geo.EarthRadiusKM * math.Asin(min(1, half))
	whole := math.Floor(km + 0.5)
	if rest := km + 0.5 - whole; rest < 0.002 || rest > 0.998 {
		return int32(geo.Km(p, q))
	}
	return int32(whole)
}
