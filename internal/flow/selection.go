package flow

import (
	"time"

	"windshield/internal/sampling"
)

// Frame is the customer list of a year as it was frozen, with the seed that was
// committed before. Its content, a sampling.Frame, is kept apart.
type Frame struct {
	ID             string // UUID
	Year           int
	N              int            // 1 for the first freeze of its year, 2 for the second …
	Hash           string         // SHA-256 of the content in hexadecimal
	Seed           string         // nobody is shown it before a draw
	SeedCommitment string         // SHA-256 of the seed in hexadecimal, in the audit trail before the freeze
	SeededAt       time.Time      // when the seed was first promised; FrozenAt where it was made with the freeze
	Customers      int            // who may be drawn
	Must           int            // of them, those who are taken with certainty
	LeftOut        map[string]int // how many left, by coded reason
	Reason         string         // why somebody chose the seed; "" where it was kept or made by chance
	FrozenAt       time.Time
	FrozenBy       string // person id
}

// Selection is whom to visit in a year, with what is needed to replay the draw.
type Selection struct {
	ID             string // UUID
	Year           int
	Name           string
	FrameID        string        // "" for selections from before frames were kept: they cannot be replayed
	Draw           int           // 1 for the first of its year, 2 for the second …
	Deviation      sampling.Kind // how it departs from the one draw of its year; "" where it does not
	Reason         string        // why; "" where it does not
	Dimensions     []string
	Visits         int
	Seed           string
	FrameHash      string
	SeedCommitment string
	RecordHash     string          // SHA-256 of the record with which the draw can be repeated elsewhere
	Design         sampling.Design // as it was drawn, without the seed
	Strata         []sampling.Stratum
	MergeLog       []sampling.Merge
	NextVisits     []string // codes of the strata that would get the next 100 visits, in order
	Warnings       []string // what the reader of the selection must know
	CreatedAt      time.Time
	CreatedBy      string
	Version        int // 1 after the draw, one more for each change
}

// SelectionRow is the record of one customer of the frame in a selection. It is
// what the draw gave; who refused or was added later stands in the changes.
type SelectionRow struct {
	CustomerID string
	Key        string // under which the frame holds the customer
	Stratum    string // two-letter code; "" where excluded
	Cell       string // finer group inside the stratum; "" where the stratum is one cell
	Taken      bool
	Must       bool
	Excluded   string  // coded reason for leaving the frame; "" where in it
	Due        float64 // visits due in its cell
	InCell     int     // visits that the rounding gave its cell
	Pi         float64 // inclusion probability, 0..1
	Weight     float64 // 1/Pi; 0 where Pi is 0
	U          float64 // permanent random number, 0..1
	Rank       int     // in its cell, from 1, in the order of replacement
}

// ChangeKind is what people may do to a selection after its draw.
type ChangeKind string

const (
	ChangeRefused ChangeKind = "refused" // the customer does not want to be visited; the next in the same cell takes over
	ChangeAdded   ChangeKind = "added"   // a hand-picked customer, who stands for nobody else
	ChangeRemoved ChangeKind = "removed" // a drawn customer whom we took out by hand
)

// SelectionChange is one thing that people did to a selection after its draw.
type SelectionChange struct {
	SelectionID   string
	N             int // from 1, in order
	Kind          ChangeKind
	CustomerID    string
	ReplacementID string // ChangeRefused: who takes over; "" where the cell has nobody left
	Code          string // ChangeRefused: why, in lower case; "" for the others
	Reason        string // in words; "" only where the customer refused
	At            time.Time
	By            string // person id
}

// TeamList is the list of customers that the account teams would have picked. It
// is kept to be compared with, and nobody is visited because of it.
type TeamList struct {
	SelectionID string
	Name        string   // of the file
	Customers   []string // ids, each once
	Unknown     []string // lines that name no customer, the first of them
	Unread      int      // how many lines name no customer
	BroughtAt   time.Time
	BroughtBy   string
}
