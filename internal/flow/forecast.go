package flow

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// Forecast says what publishing a draft would do to calendars and who would be
// written to, before anybody is.
type Forecast struct {
	Plan        visit.Plan
	Fingerprint string // of all this; Publish refuses where it is no longer true
	Totals      Totals
	People      []PersonForecast // who gets most mails first
	Warnings    []ForecastWarning
	Reasons     []NeedsReason // visits for which Publish asks a reason, by day
	Budget      Budget
	Days        int // at least so many days pass until all mails are out
}

// PersonForecast is what happens in one person's calendar.
type PersonForecast struct {
	Name, Email                         string
	Creates, Moves, Changes, Cancels    int // events
	Invitations, Updates, Cancellations int // mails
}

// Mails counts the person's mails.
func (p PersonForecast) Mails() int { return p.Invitations + p.Updates + p.Cancellations }

// ForecastWarning is something about one visit that will not go by itself.
type ForecastWarning struct {
	VisitID  string
	Customer string
	Day      slot.Date
	Text     string
}

// anyVersion is of a plan that nobody has looked at before.
const anyVersion = -1

// Forecast says what publishing a draft would do. It decides by what Publish
// decides by, on the same rows, and writes nothing. Errors: those of Publish,
// but for double bookings, which only the booking itself can find.
func (f *Flow) Forecast(ctx context.Context, a access.Actor, planID string) (Forecast, error) {
	if err := access.Require(a, access.PublishPlan, access.Subject{}); err != nil {
		return Forecast{}, err
	}
	return read(ctx, f, func(tx Tx) (Forecast, error) {
		p, visits, err := f.toPublish(tx, planID, anyVersion)
		if err != nil {
			return Forecast{}, err
		}
		out := Forecast{Plan: p, Budget: f.Budget.orDefault()}
		if p.State == visit.Live {
			return out, nil
		}
		broken, err := f.foreseeBroken(tx, p, visits)
		if err != nil {
			return out, err
		}
		tx = dry(tx)
		changed, err := f.takeOver(tx, &p, visits, &Published{})
		if err != nil {
			return out, err
		}
		events, err := f.wishes(tx, changed...)
		if err != nil {
			return out, err
		}
		out.see(out.Plan, foreseen(events))
		names, err := f.forecastNames(tx, changed, out.Warnings)
		if err != nil {
			return out, err
		}
		out.name(names)
		out.Warnings = append(broken, out.Warnings...)
		if out.Reasons, err = f.foreseeReasons(tx, changed); err != nil {
			return out, err
		}
		return out, nil
	})
}

// foreseeBroken warns of the promises that Publish asks about first: who looks at
// a forecast without them would be refused by surprise.
func (f *Flow) foreseeBroken(tx Tx, p visit.Plan, drafted []visit.Visit) ([]ForecastWarning, error) {
	people, err := everybody(tx)
	if err != nil {
		return nil, err
	}
	all, err := f.broken(tx, p, drafted, people)
	if err != nil {
		return nil, err
	}
	var out []ForecastWarning
	for _, b := range all {
		out = append(out, ForecastWarning{VisitID: b.VisitID, Customer: b.Customer, Day: b.Slot.Date,
			Text: "This visit would be cancelled although it is " + b.Why + ". Publishing asks you to confirm that."})
	}
	return out, nil
}

// dry gives the ports with those that a publication writes to cut off. What it
// decides about events is remembered, since the rest of a publication stands on it.
func dry(tx Tx) Tx {
	tx.Plans, tx.Visits, tx.Bookings, tx.Notes = dryPlans{tx.Plans}, dryVisits{tx.Visits}, dryBookings{tx.Bookings}, dryNotes{tx.Notes}
	tx.Calendars = dryCalendars{tx.Calendars, map[string]CalendarEvent{}}
	return tx
}

type dryNotes struct{ Notes }

// Add keeps nothing.
func (dryNotes) Add(...CalendarNote) error { return nil }

type dryCalendars struct {
	Calendars
	saved map[string]CalendarEvent // by visit
}

// Save remembers changed events until the transaction ends.
func (d dryCalendars) Save(events ...*CalendarEvent) error {
	for _, e := range events {
		d.saved[e.VisitID] = *e
	}
	return nil
}

// Events gives events as they were remembered last.
func (d dryCalendars) Events(visitIDs ...string) ([]CalendarEvent, error) {
	out, err := d.Calendars.Events(visitIDs...)
	for i, e := range out {
		if changed, ok := d.saved[e.VisitID]; ok {
			out[i] = changed
		}
	}
	return out, err
}

type dryPlans struct{ Plans }

// Save keeps nothing.
func (dryPlans) Save(*visit.Plan) error { return nil }

type dryVisits struct{ Visits }

// Save keeps nothing.
func (dryVisits) Save(...*visit.Visit) error { return nil }

// Discard discards nothing.
func (dryVisits) Discard(...string) error { return nil }

type dryBookings struct{ Bookings }

// Book books nothing.
func (dryBookings) Book(...visit.Booking) error { return nil }

// Release frees nothing.
func (dryBookings) Release(...string) error { return nil }

// foresight is an event with what will happen to it.
type foresight struct {
	event *CalendarEvent
	calsync.Foresight
	refused error // why no calendar will take it as it is
}

// foreseen says what will happen to events, by visit id.
func foreseen(events []*CalendarEvent) []foresight {
	out := make([]foresight, len(events))
	for i, e := range events {
		out[i] = foresight{event: e, Foresight: calsync.Foresee(e.Want, e.Base), refused: e.Want.Check()}
	}
	slices.SortFunc(out, func(a, b foresight) int { return strings.Compare(a.event.VisitID, b.event.VisitID) })
	return out
}

// see fills the forecast.
func (o *Forecast) see(p visit.Plan, all []foresight) {
	o.Totals, o.Fingerprint = total(all), fingerprint(p, all)
	people := map[string]*PersonForecast{}
	person := func(email, name string) *PersonForecast {
		x := people[email]
		if x == nil {
			x = &PersonForecast{Email: email}
			people[email] = x
		}
		x.Name = cmp.Or(x.Name, name)
		return x
	}
	sent := map[string]int{} // by organiser
	for _, s := range all {
		if s.refused != nil {
			o.Warnings = append(o.Warnings, ForecastWarning{VisitID: s.event.VisitID, Text: fault.Sentence(s.refused)})
			continue
		}
		if s.Effect == calsync.EffectAsk {
			o.Warnings = append(o.Warnings, ForecastWarning{VisitID: s.event.VisitID, Text: "A person has to decide first: " + s.Decision.Reason + "."})
		}
		told := s.Told
		if !slices.ContainsFunc(told, func(t calsync.Told) bool { return t.Email == s.event.Calendar }) {
			told = append(told, calsync.Told{Email: s.event.Calendar, Effect: s.Effect}) // the organiser's own calendar
		}
		for _, t := range told {
			x, mail := person(t.Email, t.Name), 0
			if t.Mailed {
				mail = 1
			}
			switch t.Effect {
			case calsync.EffectNew:
				x.Creates++
				x.Invitations += mail
			case calsync.EffectMoved:
				x.Moves++
				x.Updates += mail
			case calsync.EffectChanged:
				x.Changes++
				x.Updates += mail
			case calsync.EffectGone:
				x.Cancels++
				x.Cancellations += mail
			}
			sent[s.event.Calendar] += mail
		}
	}
	for _, x := range people {
		if x.Creates+x.Moves+x.Changes+x.Cancels > 0 {
			o.People = append(o.People, *x)
		}
	}
	slices.SortFunc(o.People, func(a, b PersonForecast) int {
		return cmp.Or(b.Mails()-a.Mails(), strings.Compare(a.Email, b.Email))
	})
	for _, n := range sent {
		o.Days = max(o.Days, (n+o.Budget.PerDay-1)/o.Budget.PerDay)
	}
}

// total counts.
func total(all []foresight) (t Totals) {
	for _, s := range all {
		if s.refused != nil {
			t.Parked++
			continue
		}
		switch s.Effect {
		case calsync.EffectNew:
			t.Creates++
		case calsync.EffectMoved:
			t.Moves++
		case calsync.EffectChanged:
			t.Changes++
		case calsync.EffectGone:
			t.Cancels++
		case calsync.EffectAsk:
			t.Asks++
		case calsync.EffectNone:
			t.Unchanged++
		}
		for _, x := range s.Told {
			switch {
			case !x.Mailed:
			case x.Effect == calsync.EffectNew:
				t.Invitations++
			case x.Effect == calsync.EffectGone:
				t.Cancellations++
			default:
				t.Updates++
			}
		}
	}
	return t
}

// fingerprint sums up all that a forecast stands on: where anything of it
// changes, it changes too.
func fingerprint(p visit.Plan, all []foresight) string {
	h := sha256.New()
	e := json.NewEncoder(h)
	_ = e.Encode([]any{p.ID, p.Version})
	for _, s := range all {
		_ = e.Encode([]any{s.event.VisitID, s.event.Calendar, s.event.Want.Gone, s.event.Want.Content.Hash(), s.event.Base.ETag, s.Decision.Action, s.Told})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// forecastNames gives what people, and the visits that need a word, are called.
type forecastNames struct {
	people map[string]string // by address
	visits map[string]ForecastWarning
}

func (f *Flow) forecastNames(tx Tx, changed []*visit.Visit, warnings []ForecastWarning) (forecastNames, error) {
	n := forecastNames{people: map[string]string{}, visits: map[string]ForecastWarning{}}
	all, err := tx.People.All()
	if err != nil {
		return n, err
	}
	for _, p := range all {
		n.people[strings.ToLower(p.Email)] = p.Name
	}
	warned := map[string]bool{}
	for _, w := range warnings {
		warned[w.VisitID] = true
	}
	var plain []visit.Visit
	for _, v := range changed {
		if warned[v.ID] {
			plain = append(plain, *v)
		}
	}
	customers, err := customersOf(tx, plain)
	if err != nil {
		return n, err
	}
	for _, v := range plain {
		n.visits[v.ID] = ForecastWarning{Customer: customers[v.CustomerID].Name, Day: v.Slot.Date}
	}
	return n, nil
}

func (o *Forecast) name(n forecastNames) {
	for i := range o.People {
		o.People[i].Name = cmp.Or(n.people[o.People[i].Email], o.People[i].Name, o.People[i].Email)
	}
	for i := range o.Warnings {
		w := n.visits[o.Warnings[i].VisitID]
		o.Warnings[i].Customer, o.Warnings[i].Day = w.Customer, w.Day
	}
}
