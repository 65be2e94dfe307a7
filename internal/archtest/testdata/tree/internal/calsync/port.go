// Package calsync has a port that is too large.
package calsync

// Calendar has eight methods.
type Calendar interface { // want "port"
	// A does a.
	A()
	B() // does b
	C()
	// D does d.
	D()
	// E does e.
	E()
	// F does f.
	F()
	// G does g.
	G()
	// H does h.
	H()
}
