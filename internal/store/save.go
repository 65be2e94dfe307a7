package store

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm/clause"

	"windshield/internal/fault"
)

// versioned is a row that is changed by compare-and-swap. Its version is the one
// that it will have once it is saved: 1 for a new row.
type versioned interface {
	ident() string
	next() int
}

// maxParameters is how many values one statement may carry: SQLite takes 32,766.
const maxParameters = 30000

// saveAll inserts the rows of version 1 and changes the others if their stored
// version is one less; all or none. idColumn is the primary key.
func saveAll[R versioned](u *unit, noun, idColumn string, columns int, rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	var fresh, changed []R
	seen := make(map[string]bool, len(rows))
	for _, r := range rows {
		if seen[r.ident()] {
			return fault.New(fault.Internal, "the same %s is saved twice at once", noun)
		}
		seen[r.ident()] = true
		if r.next() == 1 {
			fresh = append(fresh, r)
		} else {
			changed = append(changed, r)
		}
	}
	// Everybody locks rows in the same order, so that two bulk changes cannot
	// wait for each other.
	slices.SortFunc(changed, func(a, b R) int { return strings.Compare(a.ident(), b.ident()) })
	size := min(500, maxParameters/columns)
	return u.atomic(func() error {
		for batch := range slices.Chunk(fresh, size) {
			if err := u.db.Create(&batch).Error; err != nil {
				return err
			}
		}
		for batch := range slices.Chunk(changed, size) {
			if err := swap(u, noun, idColumn, batch); err != nil {
				return err
			}
		}
		return nil
	})
}

// errOvertaken is why a row cannot be written: its version is another one by now.
var errOvertaken = errors.New("another version is stored")

// swap locks the stored rows, compares their versions, and writes over them.
func swap[R versioned](u *unit, noun, idColumn string, rows []R) error {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ident()
	}
	var stored []struct {
		ID      string
		Version int
	}
	in, arg := u.in(idColumn, ids)
	err := u.db.Model(new(R)).Select(idColumn+" AS id", "version").Where(in, arg).Order(idColumn).
		Clauses(clause.Locking{Strength: "UPDATE"}).Find(&stored).Error
	if err != nil {
		return err
	}
	versions := make(map[string]int, len(stored))
	for _, s := range stored {
		versions[s.ID] = s.Version
	}
	for _, r := range rows {
		v, there := versions[r.ident()]
		if !there {
			return fault.NotFoundf("There is no such %s.", noun)
		}
		if v != r.next()-1 {
			return fault.Stalef("Somebody changed the %s meanwhile; look at it again.", noun).
				With(fault.Detail{Where: "version", Value: fmt.Sprint(r.next() - 1), Expected: fmt.Sprint(v)}).Because(errOvertaken)
		}
	}
	return u.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: idColumn}}, UpdateAll: true}).Create(&rows).Error
}

// raise sets a version in the caller's value, and puts it back if the unit of
// work does not commit.
func (u *unit) raise(version *int) {
	before := *version
	*version = before + 1
	u.undo = append(u.undo, func() { *version = before })
}

// in gives the condition that a column is one of the values, with its one
// argument: any number of values in one statement, which the engines can keep
// prepared.
func (u *unit) in(column string, values []string) (condition string, arg any) {
	b, _ := json.Marshal(values) // strings cannot fail
	if u.s.postgres {
		return column + " = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST(? AS jsonb))))", string(b)
	}
	return column + " IN (SELECT value FROM json_each(?))", string(b)
}

// cursor makes the opaque text that says where a page ended. list names the list
// it belongs to.
func cursor(list string, parts ...string) string {
	b, _ := json.Marshal(append([]string{list}, parts...))
	return base64.RawURLEncoding.EncodeToString(b)
}

// readCursor gives the parts of a cursor of this list, or Invalid.
func readCursor(list, s string, n int) ([]string, error) {
	var parts []string
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &parts)
	}
	if err != nil || len(parts) != n+1 || parts[0] != list || strings.ContainsRune(s+strings.Join(parts, ""), 0) {
		return nil, fault.Invalidf("The page cannot be found.").With(fault.Detail{
			Where: "after", Value: fault.Short(s), Expected: "the cursor of the page before", Mend: "Start again at the first page."})
	}
	return parts[1:], nil
}
