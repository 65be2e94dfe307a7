package flow

import (
	"context"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// Personal finds and blanks what the whole database holds about somebody, whatever
// table it stands in, those of the job queue too.
type Personal interface {
	// Tables gives the tables in which something about somebody can stand.
	Tables() ([]string, error)
	// Held gives every row about the person, by table: of the tables that are named, of
	// all where none is.
	Held(p DataOf, tables ...string) ([]HeldRow, error)
	// Blank writes the replacements over everything that Held finds, and gives how many
	// rows of each table it changed. Entries of the audit trail that change keep their
	// hash; blanked says what each hashes to now, by number: it must be written into the
	// entry that says why.
	Blank(p DataOf) (rows map[string]int, blanked map[string]string, err error)
}

// DataOf says what to look for.
type DataOf struct {
	PersonID   string // one of us; "" for a contact
	CustomerID string // whose contact it is; "" for one of us
	Words      []Word
}

// Word is a name, an address or a number with what takes its place.
type Word struct {
	From, To string
	// Anywhere says that it names nobody else: it is replaced in every row. Otherwise only
	// in rows about the person or the customer.
	Anywhere bool
}

// HeldRow is a row that is about somebody: the columns that say so, and those that say
// which row it is.
type HeldRow struct {
	Table  string            `json:"table"`
	Fields map[string]string `json:"fields"`
}

// Whose says whose data are meant: one of us, or a contact of a customer by name,
// address or both.
type Whose struct {
	PersonID          string
	CustomerID        string
	Name, Email       string
	Phone             string
	customer          roster.Customer
	person            roster.Person
	replaced, address string
}

// PersonalData is everything that is held about somebody.
type PersonalData struct {
	Name      string
	Email     string
	AsOf      time.Time
	Rows      []HeldRow
	Hindrance string // why it cannot be erased now; "" where it can
}

// Erased says what an erasure changed.
type Erased struct {
	Rows map[string]int `json:"rows"` // by table
	As   string         `json:"as"`   // what stands in place of the name
}

// KnownContact is a person of a customer whom our data name.
type KnownContact struct{ Name, Email string }

// Contacts gives the people of a customer who are named with it or with its visits; for
// the administrator.
func (f *Flow) Contacts(ctx context.Context, a access.Actor, customerID string) ([]KnownContact, error) {
	if err := access.Require(a, access.ErasePerson, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]KnownContact, error) {
		c, err := tx.Customers.Get(customerID)
		if err != nil {
			return nil, err
		}
		var out []KnownContact
		seen := map[string]bool{}
		add := func(name, email string) {
			name, email = strings.TrimSpace(name), roster.NormalizeEmail(email)
			key := strings.ToLower(name + "\x00" + email)
			if name+email != "" && !seen[key] {
				seen[key] = true
				out = append(out, KnownContact{name, email})
			}
		}
		add(c.Contact.Name, c.Contact.Email)
		visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, CustomerID: c.ID})
		if err != nil {
			return nil, err
		}
		for _, v := range visits {
			for _, x := range v.Contacts {
				add(x.Name, x.Email)
			}
			links, err := tx.Briefs.Links(v.ID)
			if err != nil {
				return nil, err
			}
			for _, l := range links {
				add(l.Name, l.Email)
			}
		}
		return out, nil
	})
}

// PersonalData gives everything that is held about one of us or a contact, to be given
// to them; for the administrator. That it was given out is written into the audit trail.
func (f *Flow) PersonalData(ctx context.Context, a access.Actor, w Whose) (PersonalData, error) {
	if err := access.Require(a, access.ErasePerson, access.Subject{}); err != nil {
		return PersonalData{}, err
	}
	v, err := read(ctx, f, func(tx Tx) (PersonalData, error) {
		d, err := f.dataOf(tx, &w)
		if err != nil {
			return PersonalData{}, err
		}
		v := PersonalData{Name: w.Name, Email: w.Email, AsOf: f.Now().UTC(), Hindrance: f.hindrance(tx, w)}
		v.Rows, err = tx.Personal.Held(d)
		return v, err
	})
	if err != nil {
		return v, err
	}
	return v, f.Store.Write(ctx, func(tx Tx) error {
		return f.audit(tx, a, "give out personal data", w.subject(), map[string]int{"rows": len(v.Rows)})
	})
}

func (w Whose) subject() string {
	if w.PersonID != "" {
		return "person/" + w.PersonID
	}
	return "customer/" + w.CustomerID
}

// ErasedDomain is where nobody has an address, now or later (RFC 2606). What stands under
// it is evidence: no calendar of it is read.
const ErasedDomain = "@erased.invalid"

// mostEmail is how long an address can be (RFC 5321: 64 before the @, 255 after it);
// databases look only for so many letters.
const mostEmail = 320

// dataOf completes whose data are meant, and says what to look for.
func (f *Flow) dataOf(tx Tx, w *Whose) (DataOf, error) {
	var err error
	d := DataOf{PersonID: w.PersonID, CustomerID: w.CustomerID}
	if w.PersonID != "" {
		if w.person, err = tx.People.Get(w.PersonID); err != nil {
			return d, err
		}
		w.Name, w.Email, w.Phone = w.person.Name, w.person.Email, w.person.Phone
		w.replaced, w.address = "a former colleague", "erased-"+w.PersonID[:min(8, len(w.PersonID))]+ErasedDomain
		if w.person.Key != "" && !strings.HasPrefix(w.person.Key, erasedPrefix) {
			d.Words = append(d.Words, Word{From: w.person.Key, To: "erased"})
		}
	} else {
		if w.customer, err = tx.Customers.Get(w.CustomerID); err != nil {
			return d, err
		}
		if w.Name, err = text("name", w.Name, 200); err != nil {
			return d, err
		}
		if w.Email, err = text("email", roster.NormalizeEmail(w.Email), mostEmail); err != nil {
			return d, err
		}
		if len([]rune(w.Name)) < 3 && w.Email == "" || len(w.Email) > 0 && !strings.Contains(w.Email, "@") {
			return d, fault.Invalidf("Say whose data.").With(fault.Detail{Where: "name", Value: fault.Short(w.Name), Expected: "the full name of a contact, a mail address, or both"})
		}
		if c := w.customer.Contact; strings.EqualFold(c.Name, w.Name) && w.Name != "" || roster.NormalizeEmail(c.Email) == w.Email && w.Email != "" {
			w.Phone = c.Phone
		}
		w.replaced, w.address = "a contact of "+w.customer.Name, "erased"+ErasedDomain
	}
	// A full name is unlikely to mean anything else, a single word may.
	full := w.PersonID != "" && len(strings.Fields(w.Name)) > 1
	for _, x := range []Word{{w.Email, w.address, true}, {w.Name, w.replaced, full}, {w.Phone, "", false}} {
		if len([]rune(strings.TrimSpace(x.From))) < 3 {
			continue
		}
		d.Words = append(d.Words, x)
		for _, written := range []func(string) string{html.EscapeString, url.QueryEscape} { // as pages and links in mails write it
			if from := written(x.From); from != x.From {
				d.Words = append(d.Words, Word{from, written(x.To), x.Anywhere})
			}
		}
	}
	return d, nil
}

// hindrance says in words why somebody's data must stay for now; "" where they need not.
func (f *Flow) hindrance(tx Tx, w Whose) string {
	if why := f.mayErase(tx, w); why != nil {
		text, details := fault.Shown(why)
		for _, d := range details {
			text = strings.TrimSpace(text + " " + d.Mend)
		}
		return text
	}
	return ""
}

// mayErase says why somebody's data must stay for now.
func (f *Flow) mayErase(tx Tx, w Whose) error {
	people, err := tx.People.All()
	if err != nil {
		return err
	}
	if w.PersonID == "" {
		for _, p := range people {
			switch {
			case w.Email != "" && p.Email == w.Email:
				return fault.Conflictf("This address belongs to %s, one of us.", p.Name)
			case w.Name != "" && strings.EqualFold(p.Name, w.Name):
				return fault.Conflictf("One of us has the same name. Erase the contact by the address alone, and correct the name in the texts by hand.")
			}
		}
		return nil
	}
	if strings.HasPrefix(w.person.Key, erasedPrefix) {
		return fault.Conflictf("This person has been erased already.")
	}
	if w.person.Left.IsZero() || f.todayOf(w.person) <= w.person.Left {
		return fault.Conflictf("%s is still with us.", w.person.Name).With(fault.Detail{Where: "left", Value: w.person.Left.String(), Expected: "a last day that is over", Mend: "Say first on which day the person has left."})
	}
	left := w.person
	live, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{ExecutiveIDs: []string{left.ID}, HostID: left.ID}, States: visit.LiveStates(), From: f.todayOf(left), Limit: 1})
	if err != nil {
		return err
	}
	if len(live) > 0 {
		return fault.Conflictf("Visits of %s still lie ahead. Move or cancel them first: their calendar entries bear the name.", left.Name)
	}
	if left.Email != "" {
		c, err := tx.Connections.Get(left.Email)
		if err != nil {
			return err
		}
		if c.Version > 0 && c.State != Disconnected && c.Sealed != "" {
			return fault.Conflictf("The calendar of %s is still connected. Disconnect it first, so that the permission ends at Google too.", left.Name)
		}
	}
	return nil
}

// erasedPrefix begins the key of somebody who has been erased.
const erasedPrefix = "erased:"

// Erase takes somebody's name, address and number out of everything that is held: the
// evidence stays, as that of "a contact of Acme" or "a former colleague". confirm must
// repeat the name (the address where there is none). Nobody can take it back. For the
// administrator. Errors: Invalid; Conflict for one of us who is still with us.
func (f *Flow) Erase(ctx context.Context, a access.Actor, k Key, w Whose, confirm string) (Erased, error) {
	if err := access.Require(a, access.ErasePerson, access.Subject{}); err != nil {
		return Erased{}, err
	}
	done, err := once(ctx, f, k, func(tx Tx) (Erased, error) {
		w := w
		d, err := f.dataOf(tx, &w)
		if err != nil {
			return Erased{}, err
		}
		want := w.Name
		if want == "" {
			want = w.Email
		}
		if !strings.EqualFold(strings.Join(strings.Fields(confirm), " "), strings.Join(strings.Fields(want), " ")) {
			return Erased{}, fault.Invalidf("Nothing was erased.").With(fault.Detail{Where: "confirm", Value: fault.Short(confirm), Expected: fmt.Sprintf("%q, typed again", want)})
		}
		if err := f.mayErase(tx, w); err != nil {
			return Erased{}, err
		}
		if w.PersonID != "" {
			err = f.forgetPerson(tx, w)
		} else {
			err = f.forgetContact(tx, w)
		}
		if err != nil {
			return Erased{}, err
		}
		rows, blanked, err := tx.Personal.Blank(d)
		if err != nil {
			return Erased{}, err
		}
		if err := tx.Looks.Forget(time.Time{}); err != nil { // they name people, and what they found is no longer so
			return Erased{}, err
		}
		return Erased{Rows: rows, As: w.replaced}, f.audit(tx, a, EraseAction, w.subject(), map[string]any{"rows": rows, "blanked": blanked})
	})
	if err == nil {
		f.forget()
	}
	return done, err
}

// EraseAction is the action of the audit entry that says which entries before it were
// blanked, and what each hashes to since.
const EraseAction = "erase personal data"

// forgetPerson empties the row of one of us. What the person did stays with the id.
func (f *Flow) forgetPerson(tx Tx, w Whose) error {
	p := w.person
	p.Name, p.Email, p.Phone, p.Key = "A former colleague", "", "", erasedPrefix+p.ID
	p.Function, p.Terms.Tags, p.ManagerID, p.Serves = "", nil, "", nil
	p.Roles = slices.DeleteFunc(slices.Clone(p.Roles), func(r roster.Role) bool { return r != roster.Executive && r != roster.Host })
	if err := tx.People.Save(&p); err != nil {
		return err
	}
	if err := tx.Accounts.ChooseLocale(p.ID, ""); err != nil {
		return err
	}
	// The addresses by which the person read visits and was told are theirs alone.
	if err := tx.Feeds.Delete(p.ID); err != nil {
		return err
	}
	kept, err := preferenceOf(tx, p.ID)
	if err != nil {
		return err
	}
	if kept.Sealed != "" {
		kept.Sealed, kept.Slack = "", false
		if err := tx.Notices.SavePreference(&kept); err != nil {
			return err
		}
	}
	absences, err := tx.People.Absences(p.ID)
	if err != nil {
		return err
	}
	for i := range absences {
		absences[i].Reason = ""
	}
	return tx.People.SetAbsences(p.ID, absences)
}

// forgetContact takes a contact out of the customer and its visits, where the row
// itself says whom to ask or to invite. Entries that lie ahead are brought to it.
func (f *Flow) forgetContact(tx Tx, w Whose) error {
	is := func(name, email string) bool {
		return w.Email != "" && roster.NormalizeEmail(email) == w.Email || w.Name != "" && strings.EqualFold(strings.TrimSpace(name), w.Name)
	}
	if c := w.customer; is(c.Contact.Name, c.Contact.Email) {
		c.Contact = roster.Contact{}
		if err := tx.Customers.Save(&c); err != nil {
			return err
		}
	}
	visits, _, err := tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, CustomerID: w.CustomerID})
	if err != nil {
		return err
	}
	var touched []*visit.Visit
	for i := range visits {
		v := &visits[i]
		n := len(v.Contacts)
		v.Contacts = slices.DeleteFunc(v.Contacts, func(c roster.Contact) bool { return is(c.Name, c.Email) })
		if len(v.Contacts) == n {
			continue
		}
		if err := tx.Visits.Save(v); err != nil {
			return err
		}
		if v.State.Live() {
			touched = append(touched, v)
		}
	}
	return f.push(tx, access.System("erasure"), touched...)
}
