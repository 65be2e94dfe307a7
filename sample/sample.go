// Package sample holds the sample company as the files that it is imported from:
// real headquarters as customers, an invented vendor's executives and hosts. See
// README.md for the sources.
package sample

import "embed"

// Files holds hosts.csv, executives.csv, customers.csv and visits.csv, and
// picks.csv, the customers that the account teams would have picked.
//
//go:embed hosts.csv executives.csv customers.csv visits.csv picks.csv
var Files embed.FS

// Year is the year that the sample company plans.
const Year = 2027
