package roster // want "package comment"

import (
	"example.com/unknown/lib/v2" // want "owner"
	"gorm.io/gorm"               // want "owner"
)

// Customer has a tag that belongs into the store.
type Customer struct {
	gorm.Model
	Name string `json:"name" gorm:"column:name"` // want "rows"
}

type Undocumented struct{} // a comment beside it is enough

// want+2 "doc comment"

type Naked struct{}

func Exported() { lib.Call() } // want "doc comment"

func (Customer) Method() {} // want "doc comment"

func (hidden) Method() {}

type hidden struct{}

// want+2 "doc comment"

const Answer = 42

// The kinds.
const (
	KindA = iota
	KindB
)

// Level is explained here, and so are its values.
type Level int

const (
	Low Level = iota
	High
	Loose = 7 // beside it
)

const (
	Middle Level = 3
	// want+2 "doc comment"

	Bare = 8
)
