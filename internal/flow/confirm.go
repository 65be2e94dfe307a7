package flow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

const (
	customerLinkLife = 14 * 24 * time.Hour
	sameClick        = time.Minute // in which a link asked for again is not sent again
	mostLinks        = 10          // that a visit's host sends in the window of attempts
	mostCustomerHits = 300         // pages of customers from one network address in the window
)

// confirmKind begins the kind of the messages that carry a customer's link.
const confirmKind = "confirm/"

// SendLink mails one of the customer's people, whom the host has chosen, a link under
// which the visit can be confirmed or corrected without an account. A link of before
// for the same address ends; one of the last minute is sent no second time. Errors: Conflict where the visit is not agreed with the
// customer; TooMany.
func (f *Flow) SendLink(ctx context.Context, a access.Actor, visitID string, version int, email string) (VisitView, error) {
	email = roster.NormalizeEmail(email)
	if err := f.throttleLinks(ctx, a, access.AgreeVisit, visitID); err != nil {
		return VisitView{}, err
	}
	err := f.change1(ctx, a, access.AgreeVisit, visitID, version, func(tx Tx, v *visit.Visit) error {
		if v.State != visit.Agreed || !v.Start.After(f.Now()) {
			return fault.Conflictf("The visit is %s. A customer confirms what was agreed before and lies ahead.", v.State)
		}
		if err := f.hasHost(tx, *v); err != nil {
			return err
		}
		i := slices.IndexFunc(v.Contacts, func(c roster.Contact) bool { return c.Email == email })
		if i < 0 {
			return fault.Invalidf("This is nobody who comes from the customer.").With(fault.Detail{Where: "email", Value: fault.Short(email), Expected: "the address of one of the people whom you have chosen"})
		}
		l, token, err := f.confirmLink(tx, a, *v, v.Contacts[i])
		if err != nil || token == "" {
			return err
		}
		p, err := f.customerPage(tx, l, *v)
		if err != nil {
			return err
		}
		m := notify.Confirm(l.Name, p.Customer.Name, p.Host, p.Executive, f.words(v.Slot), f.BaseURL+"/c/"+token, atPlace(l.Expires, *v))
		m.To, m.Attachments = email, f.appointment(*v, p)
		if err := f.deliverOutside(tx, "visit/"+v.ID, confirmKind+l.ID, p.Host, m); err != nil {
			return err
		}
		return f.audit(tx, a, "send customer link", "visit/"+v.ID, map[string]any{"link": l.ID})
	})
	if err != nil {
		return VisitView{}, err
	}
	return f.Visit(ctx, a, visitID)
}

// atPlace gives an instant as on the wall at the customer’s place: what customers read
// names days and no zone.
func atPlace(t time.Time, v visit.Visit) time.Time {
	loc, err := slot.LoadZone(v.Zone)
	if err != nil {
		return t
	}
	return t.In(loc)
}

// confirmLink makes a link for one of the customer's people, and gives its secret; one of
// before for the same address ends. Of one that was made a moment ago there is no second:
// then the secret is "".
func (f *Flow) confirmLink(tx Tx, a access.Actor, v visit.Visit, to roster.Contact) (visit.Link, string, error) {
	links, err := tx.Briefs.Links(v.ID)
	if err != nil {
		return visit.Link{}, "", err
	}
	now := f.Now().UTC()
	if sentJustNow(links, to.Email, now) {
		return visit.Link{}, "", nil
	}
	for _, l := range links {
		if l.Email == to.Email && l.State(now) == visit.LinkOpen {
			if err := tx.Briefs.WithdrawLinks(v.ID, l.ID, now); err != nil {
				return visit.Link{}, "", err
			}
		}
	}
	token := f.Token()
	l := visit.Link{ID: f.NewID(), Hash: hash(token), VisitID: v.ID, Email: to.Email, Name: to.Name, MadeAt: now, MadeBy: a.PersonID, Expires: now.Add(customerLinkLife)}
	if v.Start.Before(l.Expires) {
		l.Expires = v.Start
	}
	return l, token, tx.Briefs.AddLink(l)
}

// hasHost refuses what is sent to a customer in the name of a host where there is none,
// or one who has left.
func (f *Flow) hasHost(tx Tx, v visit.Visit) error {
	if v.HostID == "" {
		return fault.Conflictf("The visit has no host in whose name the customer could be asked.")
	}
	host, err := tx.People.Get(v.HostID)
	if err != nil {
		return err
	}
	if f.hasLeft(host) {
		return fault.Conflictf("%s has left. Give the visit another host first: the customer would answer somebody who is no longer here.", host.Name)
	}
	return nil
}

// throttleLinks lets whoever may ask the customer of a visit do so a few times in a
// while. Who may not is refused first: nobody uses up what the visit's host may send.
func (f *Flow) throttleLinks(ctx context.Context, a access.Actor, may access.Action, visitID string) error {
	_, err := read(ctx, f, func(tx Tx) (visit.Visit, error) {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return v, err
		}
		return v, access.Require(a, may, about(v))
	})
	if err != nil {
		return err
	}
	return f.throttle(ctx, "customer-links/"+visitID, mostLinks)
}

// sentJustNow says whether one of the links went to an address a moment ago and works:
// somebody has clicked twice, and a second mail would end the link in the first.
func sentJustNow(links []visit.Link, email string, now time.Time) bool {
	return slices.ContainsFunc(links, func(l visit.Link) bool {
		return l.Email == email && l.State(now) == visit.LinkOpen && now.Sub(l.MadeAt) < sameClick
	})
}

// WithdrawLink ends a customer's link. One that is over already stays so.
func (f *Flow) WithdrawLink(ctx context.Context, a access.Actor, visitID, linkID string) (VisitView, error) {
	err := f.Store.Write(ctx, func(tx Tx) error {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return err
		}
		if err := access.Require(a, access.AgreeVisit, about(v)); err != nil {
			return err
		}
		links, err := tx.Briefs.Links(visitID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(links, func(l visit.Link) bool { return l.ID == linkID }) {
			return fault.NotFoundf("There is no such link.")
		}
		if err := tx.Briefs.WithdrawLinks(visitID, linkID, f.Now().UTC()); err != nil {
			return err
		}
		return f.audit(tx, a, "withdraw customer link", "visit/"+v.ID, map[string]any{"link": linkID})
	})
	if err != nil {
		return VisitView{}, err
	}
	return f.Visit(ctx, a, visitID)
}

// LinkView is a customer's link, and what it is good for now.
type LinkView struct {
	visit.Link
	Good visit.LinkState
	// MayEnd says that it still shows something and can be withdrawn: one of after a
	// visit does so when it was used, too.
	MayEnd bool
}

func (f *Flow) linkViews(tx Tx, v visit.Visit) ([]LinkView, error) {
	links, err := tx.Briefs.Links(v.ID)
	out := make([]LinkView, len(links))
	for i, l := range links {
		out[i] = LinkView{Link: l, Good: l.State(f.Now())}
		if out[i].Good == visit.LinkUsed && !l.WithdrawnAt.IsZero() && !l.MadeAt.Before(v.Start) {
			out[i].Good = visit.LinkWithdrawn
		}
		out[i].MayEnd = out[i].Good == visit.LinkOpen || readable(l, v, f.Now())
	}
	return out, err
}

// deliverOutside stores a message to somebody who is not one of us, on behalf of one
// of us, and enqueues its sending.
func (f *Flow) deliverOutside(tx Tx, about, kind string, from roster.Person, m notify.Message) error {
	d := f.delivery(about, kind, notify.Mail, from.ID, m)
	d.ToAddress, d.ToName, d.MessageID, d.Path = m.To, m.ToName, notify.MessageID(about, kind, m.To, f.BaseURL), ""
	return f.store(tx, d)
}

// carriesSecret says whether a message holds a secret that nobody needs any more
// once it is sent.
func carriesSecret(kind string) bool {
	return kind == "sign-in" || strings.HasPrefix(kind, confirmKind) || strings.HasPrefix(kind, afterKind)
}

// CustomerPage is what a customer sees under a link: this visit, and of it only what
// is meant for the customer.
type CustomerPage struct {
	Name      string // of whom the link was sent to
	Customer  roster.Customer
	Executive roster.Person
	Host      roster.Person
	Visit     visit.Visit // only its place, times, objective of the customer, agenda and link are for the page
	Expires   time.Time
	Print     string // of what the customer sees; an answer names it
}

// errLink is what every link that does not work says, whatever the reason: one that was
// guessed tells nothing.
func errLink() error { return fault.NotFoundf("This link no longer works.") }

// CustomerVisit gives the page behind a customer's link. remote is the reader's network
// address. Errors: NotFound, the same for every link that does not work; TooMany.
func (f *Flow) CustomerVisit(ctx context.Context, token, remote string) (CustomerPage, error) {
	if err := f.throttle(ctx, "customer/"+remote, mostCustomerHits); err != nil {
		return CustomerPage{}, err
	}
	return read(ctx, f, func(tx Tx) (CustomerPage, error) {
		l, v, err := f.behind(tx, token)
		if err != nil {
			return CustomerPage{}, err
		}
		return f.customerPage(tx, l, v)
	})
}

// behind gives the link with a secret and its visit, where the link works and the visit
// waits to be confirmed.
func (f *Flow) behind(tx Tx, token string) (visit.Link, visit.Visit, error) {
	l, err := tx.Briefs.ByHash(hash(token))
	if fault.Is(err, fault.NotFound) {
		return l, visit.Visit{}, errLink()
	}
	if err != nil {
		return l, visit.Visit{}, err
	}
	v, err := tx.Visits.Get(l.VisitID)
	if err != nil {
		return l, v, err
	}
	if l.State(f.Now()) != visit.LinkOpen || v.State != visit.Agreed || !v.Start.After(f.Now()) {
		return l, v, errLink()
	}
	return l, v, nil
}

func (f *Flow) customerPage(tx Tx, l visit.Link, v visit.Visit) (CustomerPage, error) {
	people, err := everybody(tx)
	if err != nil {
		return CustomerPage{}, err
	}
	customers, err := customersOf(tx, []visit.Visit{v})
	if err != nil {
		return CustomerPage{}, err
	}
	return CustomerPage{Name: l.Name, Customer: customers[v.CustomerID], Executive: people[v.ExecutiveID], Host: people[v.HostID], Visit: v, Expires: l.Expires, Print: printOf(v)}, nil
}

// printOf gives a print of what a customer confirms: where and when, with whom, what
// for, and the agenda.
func printOf(v visit.Visit) string {
	b, err := json.Marshal([]any{v.Spot(), v.Kind, v.JoinURL, v.Theirs.Words, v.Agenda})
	if err != nil { // nothing of it can fail
		panic(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// CustomerAnswer is what the customer makes of objective and agenda.
type CustomerAnswer struct {
	Theirs string
	Agenda []visit.AgendaItem
}

// ConfirmAsCustomer takes what the customer says and makes the visit ready: the only way
// in which a visit becomes so. print is that of the page that was looked at. The link is
// used up, and all others of the visit end. Errors: NotFound as CustomerVisit; Stale
// where we have changed something meanwhile; Invalid; TooMany.
func (f *Flow) ConfirmAsCustomer(ctx context.Context, token, remote, print string, in CustomerAnswer) (CustomerPage, error) {
	if err := f.throttle(ctx, "customer/"+remote, mostCustomerHits); err != nil {
		return CustomerPage{}, err
	}
	var page CustomerPage
	err := f.Store.Write(ctx, func(tx Tx) error {
		l, v, err := f.behind(tx, token)
		if err != nil {
			return err
		}
		if printOf(v) != print {
			return fault.Stalef("We have changed something since you opened this page. Please look at it once more.")
		}
		theirs, err := text("theirs", in.Theirs, mostObjective)
		if err != nil {
			return err
		}
		if theirs == "" {
			return fault.Invalidf("Please say what you want from this visit.").With(fault.Detail{Where: "theirs", Expected: "your objective, in a few words"})
		}
		agenda, err := checkAgenda(in.Agenda)
		if err != nil {
			return err
		}
		now := f.Now().UTC()
		if err := tx.Briefs.UseLink(l.ID, now); err != nil {
			return err
		}
		if err := tx.Briefs.WithdrawLinks(v.ID, "", now); err != nil {
			return err
		}
		by := l.Name
		if by == "" {
			by = l.Email
		}
		changed := theirs != v.Theirs.Words || !slices.Equal(agenda, v.Agenda)
		words := by + " confirmed it."
		if changed {
			words = by + " changed the objective or the agenda, and confirmed it."
		}
		v.Theirs, v.Agenda = visit.Said{Words: theirs, By: by, On: f.today(v.Zone)}, agenda
		if err := v.Become(visit.Confirmed, words); err != nil {
			return err
		}
		v.Reason = ""
		// Half of what the host's form shows stands in the visit: a form that was opened
		// before must not put back what the customer has just said.
		b, err := tx.Briefs.Get(v.ID)
		if err != nil {
			return err
		}
		b.AgendaBy, b.AgendaOn, b.Confirmed = "", 0, f.today(v.Zone)
		if len(agenda) > 0 {
			b.AgendaBy, b.AgendaOn = by, b.Confirmed
		}
		if err := tx.Briefs.Save(&b); err != nil {
			return err
		}
		if err := f.saveVisit(tx, customerActor, &v); err != nil {
			return err
		}
		if page, err = f.customerPage(tx, l, v); err != nil {
			return err
		}
		to, err := f.inTheirPlace(tx, page.Host)
		if err != nil {
			return err
		}
		for _, p := range to {
			m := notify.Confirmed(p, page.Customer.Name, by, v.ID, changed, v.Slot.Date, f.todayOf(p), f.BaseURL)
			if err := f.deliver(tx, "confirmed/"+l.ID, "confirmed", p, m); err != nil {
				return err
			}
		}
		return f.audit(tx, customerActor, "confirm visit", "visit/"+v.ID, map[string]any{"link": l.ID, "changed": changed})
	})
	return page, err
}
