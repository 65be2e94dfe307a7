// Package geo turns cities into coordinates and time zones, offline, and
// measures distances.
package geo

import "math"

// Point is a place on Earth in degrees, north and east positive.
type Point struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// EarthRadiusKM is the mean Earth radius R1 = (2a+b)/3 of the IUGG.
const EarthRadiusKM = 6371.0088

// Km gives the great-circle distance in whole kilometres by the haversine
// formula 2R·asin(√h), rounded by ⌊d + 0.5⌋: the distance of the planning
// problem, the same on every machine (products are kept from being fused).
func Km(a, b Point) int {
	const rad = math.Pi / 180
	sp := math.Sin((b.Lat - a.Lat) * rad / 2)
	sl := math.Sin((b.Lon - a.Lon) * rad / 2)
	h := float64(sp*sp) + float64(float64(math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad))*float64(sl*sl))
	return int(math.Floor(2*EarthRadiusKM*math.Asin(math.Sqrt(min(1, h))) + 0.5))
}
