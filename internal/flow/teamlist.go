package flow

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/intake"
	"windshield/internal/roster"
)

// Limits of a list of the account teams.
const (
	mostTeamList = 5_000_000 // bytes
	mostUnknown  = 200       // lines that are kept to be shown
)

// BringTeamList keeps the list of customers that the account teams would have
// picked, to be compared with the draw: a CSV or XLSX file with the keys or
// names of customers in one column. It changes nothing of the selection, and
// takes the place of the list before.
func (f *Flow) BringTeamList(ctx context.Context, a access.Actor, k Key, selectionID, fileName string, data []byte) (SelectionView, error) {
	if err := access.Require(a, access.MakeSelection, access.Subject{}); err != nil {
		return SelectionView{}, err
	}
	if len(data) > mostTeamList {
		return SelectionView{}, fault.New(fault.TooLarge, "This list is too large.").With(fault.Detail{Where: "file", Expected: "at most 5 MB"})
	}
	done, err := f.think()
	if err != nil {
		return SelectionView{}, err
	}
	defer done()
	t, err := intake.Read(bytes.NewReader(data), intake.Options{})
	if err != nil {
		return SelectionView{}, onFile(err)
	}
	return f.bringTeamList(ctx, a, k, selectionID, fileName, t)
}

// CompareWith is BringTeamList for a list that comes without a file: keys or
// names of customers.
func (f *Flow) CompareWith(ctx context.Context, a access.Actor, k Key, selectionID, name string, customers []string) (SelectionView, error) {
	if err := access.Require(a, access.MakeSelection, access.Subject{}); err != nil {
		return SelectionView{}, err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, line := range append([]string{"customer"}, customers...) {
		if err := w.Write([]string{line}); err != nil {
			return SelectionView{}, err
		}
	}
	w.Flush()
	return f.BringTeamList(ctx, a, k, selectionID, name, b.Bytes())
}

func (f *Flow) bringTeamList(ctx context.Context, a access.Actor, k Key, selectionID, name string, t *intake.Table) (SelectionView, error) {
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		s, err := tx.Selections.Get(selectionID)
		if err != nil {
			return "", err
		}
		l := TeamList{SelectionID: s.ID, Name: fault.Short(strings.TrimSpace(name)), BroughtAt: f.Now().UTC(), BroughtBy: a.PersonID}
		if err := l.read(tx, t); err != nil {
			return "", err
		}
		if err := tx.Yardsticks.SetTeamList(l); err != nil {
			return "", err
		}
		return s.ID, f.audit(tx, a, "bring list to compare", "selection/"+s.ID, map[string]any{"customers": len(l.Customers), "unknown": l.Unread})
	})
	if err != nil {
		return SelectionView{}, err
	}
	return f.Selection(ctx, a, id)
}

// onFile says that an error of reading bears on the file.
func onFile(err error) error {
	var e *fault.Error
	if errors.As(err, &e) && len(e.Details) == 0 {
		return e.With(fault.Detail{Where: "file", Expected: "a CSV or XLSX file with a header row and one customer a line"})
	}
	return err
}

// read finds the customers of the list: in the column whose cells name most of
// them.
func (l *TeamList) read(tx Tx, t *intake.Table) error {
	byName := map[string]string{} // folded key or name -> id; "" where two are called so
	err := tx.Customers.Each(func(c roster.Customer) error {
		name := folded(c.Name)
		if other, twice := byName[name]; twice && other != c.ID {
			byName[name] = ""
		} else {
			byName[name] = c.ID
		}
		byName["key:"+folded(c.Key)] = c.ID
		return nil
	})
	if err != nil {
		return err
	}
	find := func(cell string) string {
		if id := byName["key:"+folded(cell)]; id != "" {
			return id
		}
		return byName[folded(cell)]
	}
	found := make([]int, len(t.Headers))
	for row := range t.Rows(t.Len()) {
		for i, cell := range row {
			if i < len(found) && find(cell) != "" {
				found[i]++
			}
		}
	}
	best := 0
	for i := range found {
		if found[i] > found[best] {
			best = i
		}
	}
	if len(found) == 0 || found[best] == 0 {
		return fault.Invalidf("No line of this file names a customer of ours.").With(fault.Detail{Where: "file", Value: l.Name,
			Expected: "a header row, and the key or the name of a customer in one column", Mend: "Compare with the page of customers."})
	}
	seen := map[string]bool{}
	for row := range t.Len() {
		cell := strings.TrimSpace(t.Cell(row, best))
		id := find(cell)
		switch {
		case cell == "":
		case id == "":
			if l.Unread++; l.Unread <= mostUnknown {
				l.Unknown = append(l.Unknown, fmt.Sprintf("line %d: %s", t.Line(row), fault.Short(cell)))
			}
		case !seen[id]:
			seen[id] = true
			l.Customers = append(l.Customers, id)
		}
	}
	return nil
}

// teamListOf gives the list that was brought; zero where none was.
func teamListOf(tx Tx, selectionID string) (TeamList, error) {
	l, err := tx.Yardsticks.TeamList(selectionID)
	if fault.Is(err, fault.NotFound) {
		return TeamList{}, nil
	}
	return l, err
}
