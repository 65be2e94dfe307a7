package flow

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/intake"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

const (
	importsAtOnce = 2   // files that are worked on at the same time; more are asked to wait
	batch         = 500 // rows saved at a time
)

// busyWith takes a place among those who may do heavy work, or says to come again.
func (f *Flow) busyWith(places chan struct{}, what string) (done func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
		return nil, fault.Temporaryf("Too many people %s at this moment. Please try again in a few seconds.", what)
	}
}

// Upload keeps a file, reads its headers and guesses what they mean. Nothing is
// written to the roster. Errors: Invalid or TooLarge for files that cannot be read.
func (f *Flow) Upload(ctx context.Context, a access.Actor, k Key, kind intake.Kind, fileName string, data []byte) (ImportView, error) {
	if err := access.Require(a, access.ImportRoster, access.Subject{}); err != nil {
		return ImportView{}, err
	}
	if !slices.Contains(intake.Kinds(), kind) {
		return ImportView{}, fault.Invalidf("There is no such kind of file.").With(fault.Detail{Where: "kind", Value: fault.Short(string(kind)), Expected: "customers, executives, hosts or visits"})
	}
	done, err := f.busyWith(f.importing, "import files")
	if err != nil {
		return ImportView{}, err
	}
	defer done()
	table, err := intake.Read(bytes.NewReader(data), intake.Options{})
	if err != nil {
		return ImportView{}, err
	}
	mapping := intake.MappingOf(intake.Match(kind, table.Headers))
	name, err := text("file name", fileName, 200)
	if err != nil {
		return ImportView{}, err
	}
	id, err := once(ctx, f, k, func(tx Tx) (string, error) {
		im := Import{ID: f.NewID(), Kind: kind, FileName: name, State: Uploaded, Mapping: mapping, CreatedAt: f.Now().UTC(), CreatedBy: a.PersonID}
		im.Counts.Rows = table.Len()
		if err := tx.Imports.Save(&im); err != nil {
			return "", err
		}
		if err := tx.Imports.SetFile(im.ID, data); err != nil {
			return "", err
		}
		return im.ID, f.audit(tx, a, "upload file", "import/"+im.ID, map[string]any{"kind": kind, "rows": table.Len()})
	})
	if err != nil {
		return ImportView{}, err
	}
	return f.look(ctx, id)
}

// Import gives an import with a fresh check of its file against today's roster.
func (f *Flow) Import(ctx context.Context, a access.Actor, id string) (ImportView, error) {
	if err := access.Require(a, access.ImportRoster, access.Subject{}); err != nil {
		return ImportView{}, err
	}
	done, err := f.busyWith(f.importing, "import files")
	if err != nil {
		return ImportView{}, err
	}
	defer done()
	return f.look(ctx, id)
}

// look reads an import's file and checks it. What the mapping itself has wrong
// is told in MappingProblem, since it is what the next step is there to mend.
func (f *Flow) look(ctx context.Context, id string) (ImportView, error) {
	return read(ctx, f, func(tx Tx) (ImportView, error) {
		im, err := tx.Imports.Get(id)
		if err != nil {
			return ImportView{}, err
		}
		v := ImportView{Import: im}
		if im.State == Confirmed {
			return v, nil
		}
		table, err := tableOf(tx, id)
		if err != nil {
			return v, err
		}
		v.Headers, v.Guesses = table.Headers, intake.Match(im.Kind, table.Headers)
		for row := range table.Rows(5) {
			v.Sample = append(v.Sample, slices.Clone(row))
		}
		existing, err := existing(tx, im.Kind, f.today("UTC").Add(1))
		if err != nil {
			return v, err
		}
		v.Report, err = intake.Parse(im.Kind, table, im.Mapping, existing.Existing)
		if fault.Is(err, fault.Invalid) {
			v.MappingProblem = err
			return v, nil
		}
		if err != nil {
			return v, err
		}
		v.Counts = v.Report.Counts
		return v, nil
	})
}

func tableOf(tx Tx, id string) (*intake.Table, error) {
	data, err := tx.Imports.File(id)
	if err != nil {
		return nil, err
	}
	return intake.Read(bytes.NewReader(data), intake.Options{})
}

// Imports gives the newest imports.
func (f *Flow) Imports(ctx context.Context, a access.Actor) ([]Import, error) {
	if err := access.Require(a, access.ImportRoster, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]Import, error) { return tx.Imports.Recent(50) })
}

// MapImport changes which column means what. version guards against a stale form.
func (f *Flow) MapImport(ctx context.Context, a access.Actor, id string, version int, m intake.Mapping) (ImportView, error) {
	if err := access.Require(a, access.ImportRoster, access.Subject{}); err != nil {
		return ImportView{}, err
	}
	done, err := f.busyWith(f.importing, "import files")
	if err != nil {
		return ImportView{}, err
	}
	defer done()
	err = f.Store.Write(ctx, func(tx Tx) error {
		im, err := tx.Imports.Get(id)
		if err != nil {
			return err
		}
		if im.State != Uploaded {
			return fault.Conflictf("This file has been imported already.")
		}
		table, err := tableOf(tx, id)
		if err != nil {
			return err
		}
		if err := m.Check(im.Kind, table.Headers); err != nil {
			return err
		}
		im.Version, im.Mapping = version, m
		if err := tx.Imports.Save(&im); err != nil {
			return err
		}
		return f.audit(tx, a, "map columns", "import/"+id, m)
	})
	if err != nil {
		return ImportView{}, err
	}
	return f.look(ctx, id)
}

// RejectedRows writes the rows with problems as CSV, with a reason column.
func (f *Flow) RejectedRows(ctx context.Context, a access.Actor, id string, w io.Writer) error {
	if err := access.Require(a, access.ImportRoster, access.Subject{}); err != nil {
		return err
	}
	done, err := f.busyWith(f.importing, "import files")
	if err != nil {
		return err
	}
	defer done()
	return f.Store.Read(ctx, func(tx Tx) error {
		im, err := tx.Imports.Get(id)
		if err != nil {
			return err
		}
		if im.State == Confirmed {
			return fault.NotFoundf("This file was imported whole: no row was rejected.")
		}
		table, err := tableOf(tx, id)
		if err != nil {
			return err
		}
		have, err := existing(tx, im.Kind, f.today("UTC").Add(1))
		if err != nil {
			return err
		}
		report, err := intake.Parse(im.Kind, table, im.Mapping, have.Existing)
		if err != nil {
			return err
		}
		return intake.RejectedCSV(w, table, report)
	})
}

// ConfirmImport writes the file's rows, whole or not at all: one problem row and
// nothing is written (Invalid, with the problems as details). It checks against
// the roster as it stands in the transaction that writes.
func (f *Flow) ConfirmImport(ctx context.Context, a access.Actor, k Key, id string, version int) (ImportView, error) {
	if err := access.Require(a, access.ImportRoster, access.Subject{}); err != nil {
		return ImportView{}, err
	}
	done, err := f.busyWith(f.importing, "import files")
	if err != nil {
		return ImportView{}, err
	}
	defer done()
	_, err = once(ctx, f, k, func(tx Tx) (string, error) {
		im, err := tx.Imports.Get(id)
		if err != nil {
			return "", err
		}
		if im.State != Uploaded {
			return "", fault.Conflictf("This file has been imported already.")
		}
		table, err := tableOf(tx, id)
		if err != nil {
			return "", err
		}
		have, err := existing(tx, im.Kind, f.today("UTC").Add(1))
		if err != nil {
			return "", err
		}
		report, err := intake.Parse(im.Kind, table, im.Mapping, have.Existing)
		if err != nil {
			return "", err
		}
		if err := report.Err(); err != nil {
			return "", err
		}
		write := func() error { return f.writeRows(tx, a, im.Kind, report, have) }
		if im.Kind == intake.Executives || im.Kind == intake.Hosts { // only they change people
			err = keepAdministrator(tx, write)
		} else {
			err = write()
		}
		if err != nil {
			return "", err
		}
		im.Version, im.State, im.DoneAt, im.Counts = version, Confirmed, f.Now().UTC(), report.Counts
		if err := tx.Imports.Save(&im); err != nil {
			return "", err
		}
		if err := tx.Imports.SetFile(id, nil); err != nil { // it is full of contact data, and nobody reads it again
			return "", err
		}
		return id, f.audit(tx, a, "import file", "import/"+id, map[string]any{"kind": im.Kind, "counts": im.Counts})
	})
	if err != nil {
		return ImportView{}, err
	}
	return f.look(ctx, id)
}

// stored is what an import compares with, and how to find it again by key.
type stored struct {
	intake.Existing
	people    map[string]roster.Person // by id
	byKey     map[string]roster.Person // people by key
	byEmail   map[string]roster.Person
	assistant map[string]roster.Person   // executive's id -> assistant
	customers map[string]roster.Customer // by key
	visits    map[string]visit.Visit     // by the key of its record
	away      map[string][]slot.Interval // by person's id
}

// existing reads what an import of a kind compares with.
func existing(tx Tx, kind intake.Kind, today slot.Date) (stored, error) {
	s := stored{Existing: intake.Existing{Stored: map[string]intake.Record{}, Executives: map[string]string{}, Hosts: map[string]string{}, Customers: map[string]string{}, Today: today},
		byKey: map[string]roster.Person{}, byEmail: map[string]roster.Person{}, assistant: map[string]roster.Person{},
		customers: map[string]roster.Customer{}, visits: map[string]visit.Visit{}}
	var err error
	if s.people, err = everybody(tx); err != nil {
		return s, err
	}
	if s.away, err = absencesByPerson(tx); err != nil {
		return s, err
	}
	for _, p := range s.people {
		s.byKey[p.Key], s.byEmail[p.Email] = p, p
		if p.Has(roster.Assistant) {
			for _, id := range p.Serves {
				s.assistant[id] = p
			}
		}
	}
	for _, p := range s.people {
		if p.Has(roster.Executive) {
			intake.Refer(s.Executives, p.Key, p.Email)
			if kind == intake.Executives {
				s.Stored[p.Key] = executiveRecord(p, s.away[p.ID], s.assistant[p.ID])
			}
		}
		if p.Has(roster.Host) {
			intake.Refer(s.Hosts, p.Key, p.Email)
			if kind == intake.Hosts {
				s.Stored[p.Key] = hostRecord(p, s.away[p.ID])
			}
		}
	}
	if kind == intake.Customers || kind == intake.PastVisits {
		err = tx.Customers.Each(func(c roster.Customer) error {
			s.customers[c.Key] = c
			intake.Refer(s.Customers, c.Key, "")
			if kind == intake.Customers {
				s.Stored[c.Key] = customerRecord(c, s.people[c.HostID].Key)
			}
			return nil
		})
		if err != nil {
			return s, err
		}
	}
	if kind == intake.PastVisits {
		err = s.pastVisits(tx)
	}
	return s, err
}

// pastVisits adds the visits that have happened, or should have. One whose half-day the file
// does not know is found under its date alone.
func (s *stored) pastVisits(tx Tx) error {
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, To: s.Today,
		States: visit.Told()})
	if err != nil {
		return err
	}
	byID := make(map[string]roster.Customer, len(s.customers))
	for _, c := range s.customers {
		byID[c.ID] = c
	}
	for _, v := range visits {
		r := pastRecord(v, s.people[v.ExecutiveID], s.people[v.HostID], byID[v.CustomerID])
		s.Stored[r.RecordKey()], s.visits[r.RecordKey()] = r, v
		r.Half = ""
		if _, taken := s.Stored[r.RecordKey()]; !taken {
			s.Stored[r.RecordKey()], s.visits[r.RecordKey()] = r, v
		}
	}
	return nil
}

// writeRows saves every row that creates or updates something.
func (f *Flow) writeRows(tx Tx, a access.Actor, kind intake.Kind, report *intake.Report, have stored) error {
	switch kind {
	case intake.Customers:
		return f.writeCustomers(tx, report, have)
	case intake.PastVisits:
		return f.writePast(tx, report, have)
	}
	known := map[string]bool{}
	for row := range report.Changes() {
		if p, ok := have.byKey[row.Key]; ok {
			known[p.ID] = true
		}
		var err error
		switch r := row.Record.(type) {
		case intake.ExecutiveRecord:
			err = f.writeExecutive(tx, row.Line, r, &have)
		case intake.HostRecord:
			err = f.writePerson(tx, row.Line, r.Key, r.Email, r.Unavailable, &have, func(p *roster.Person) { applyHost(p, r, f.today(r.Place.Zone)) })
		}
		if err != nil {
			return err
		}
	}
	return f.refresh(tx, known, nil)
}

// refresh brings the events of standing visits to what their people and
// customers are called now.
func (f *Flow) refresh(tx Tx, people, customers map[string]bool) error {
	if len(people)+len(customers) == 0 {
		return nil
	}
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: visit.LiveStates()})
	if err != nil {
		return err
	}
	var touched []*visit.Visit
	for i := range visits {
		v := &visits[i]
		if people[v.ExecutiveID] || people[v.HostID] || customers[v.CustomerID] {
			touched = append(touched, v)
		}
	}
	return f.push(tx, access.System("import"), touched...)
}

func (f *Flow) writeCustomers(tx Tx, report *intake.Report, have stored) error {
	var rows []*roster.Customer
	flush := func() error {
		err := tx.Customers.Save(rows...)
		rows = rows[:0]
		return err
	}
	known := map[string]bool{}
	for row := range report.Changes() {
		r := row.Record.(intake.CustomerRecord)
		c, ok := have.customers[r.Key]
		if !ok {
			c.ID = f.NewID()
		} else {
			known[c.ID] = true
		}
		applyCustomer(&c, r, have.byKey[r.Host].ID)
		if rows = append(rows, &c); len(rows) == batch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(rows) > 0 {
		if err := flush(); err != nil {
			return err
		}
	}
	return f.refresh(tx, nil, known)
}

func (f *Flow) writePast(tx Tx, report *intake.Report, have stored) error {
	for row := range report.Changes() {
		r := row.Record.(intake.PastVisitRecord)
		v, ok := have.visits[r.RecordKey()]
		if !ok {
			v.ID = f.NewID()
		}
		if err := applyPast(&v, r, have.byKey[r.Executive], have.byKey[r.Host], have.customers[r.Customer]); err != nil {
			return err
		}
		if err := tx.Visits.Save(&v); err != nil {
			return err
		}
	}
	return tx.Queue.Enqueue(Job{Kind: JobAlerts, Key: "import"})
}

// writePerson creates or changes one person. Somebody known under another key is
// refused: two keys for one person would be two people in the next file.
func (f *Flow) writePerson(tx Tx, line int, key, email string, away []slot.Interval, have *stored, apply func(*roster.Person)) error {
	p, ok := have.byKey[key]
	if !ok {
		if q, taken := have.byEmail[email]; taken && !provisional(q.Key) {
			return fault.Invalidf("Nothing was imported.").With(fault.Detail{Where: fmt.Sprintf("row %d", line) + ", email", Value: fault.Short(email),
				Expected: "an address that nobody else has", Mend: "It belongs to the person with the key " + q.Key + ": use that key here."})
		} else if taken {
			p = q
		} else {
			p.ID = f.NewID()
		}
	}
	apply(&p)
	if err := tx.People.Save(&p); err != nil {
		return err
	}
	have.people[p.ID], have.byKey[p.Key], have.byEmail[p.Email] = p, p, p
	if slices.Equal(away, have.away[p.ID]) {
		return nil
	}
	absences := make([]roster.Absence, len(away))
	for i, x := range away {
		absences[i] = roster.Absence{PersonID: p.ID, Interval: x}
	}
	if err := tx.People.SetAbsences(p.ID, absences); err != nil {
		return err
	}
	return tx.Bookings.Book(f.leave(p, away)...)
}

// leaveAhead is for how many days from today leave takes half-days: as far as
// anybody plans.
const leaveAhead = 2 * 366

// leave gives the half-days that a person's absences take, so that the database
// itself refuses a visit in them. A visit that stands there already stays.
func (f *Flow) leave(p roster.Person, away []slot.Interval) []visit.Booking {
	today := f.todayOf(p)
	var out []visit.Booking
	for _, span := range away {
		for d := max(span.Start, today); d <= min(span.End, today.Add(leaveAhead)); d++ {
			for _, h := range []slot.Half{slot.AM, slot.PM} {
				out = append(out, visit.Booking{PersonID: p.ID, Slot: slot.Slot{Date: d, Half: h}, Kind: visit.BookedLeave})
			}
		}
	}
	return out
}

func (f *Flow) writeExecutive(tx Tx, line int, r intake.ExecutiveRecord, have *stored) error {
	if err := f.writePerson(tx, line, r.Key, r.Email, r.Unavailable, have, func(p *roster.Person) { applyExecutive(p, r, f.today(r.Office.Zone)) }); err != nil {
		return err
	}
	executive := have.byKey[r.Key]
	before, had := have.assistant[executive.ID]
	if had && before.Email == r.AssistantEmail && before.Name == r.AssistantName {
		return nil
	}
	if had && before.Email != r.AssistantEmail {
		before = have.people[before.ID] // as it stands after the rows before
		before.Serves = slices.DeleteFunc(slices.Clone(before.Serves), func(id string) bool { return id == executive.ID })
		if err := tx.People.Save(&before); err != nil {
			return err
		}
		have.people[before.ID], have.byKey[before.Key], have.byEmail[before.Email] = before, before, before
		delete(have.assistant, executive.ID)
	}
	if r.AssistantEmail == "" {
		return nil
	}
	p, ok := have.byEmail[r.AssistantEmail]
	if !ok {
		p = roster.Person{ID: f.NewID(), Key: assistantPrefix + r.AssistantEmail, Email: r.AssistantEmail, Function: "Assistant", Zone: executive.Zone}
	}
	if !ok || provisional(p.Key) {
		p.Name = r.AssistantName
	}
	if p.Name == "" {
		p.Name = r.AssistantEmail
	}
	grant(&p, roster.Assistant)
	if !slices.Contains(p.Serves, executive.ID) {
		p.Serves = append(slices.Clone(p.Serves), executive.ID)
	}
	if err := tx.People.Save(&p); err != nil {
		return err
	}
	have.people[p.ID], have.byKey[p.Key], have.byEmail[p.Email], have.assistant[executive.ID] = p, p, p, p
	return nil
}
