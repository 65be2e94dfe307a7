package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/locale"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

const (
	digestAhead = 14 // days that a digest looks ahead
	digestPast  = 14 // days for which what was held and not debriefed is brought up
)

// dueDigest is somebody whose digest of a day is to be written.
type dueDigest struct {
	to     roster.Person
	rhythm notify.Rhythm
	day    slot.Date
	today  slot.Date
}

// near writes a day as its reader does.
func (d dueDigest) near(x slot.Date) string { return locale.Of(d.to.Locale).Near(x, d.today) }

// again writes a sentence that was kept for everybody as its reader does.
func (d dueDigest) again(kept string) string { return locale.Of(d.to.Locale).Again(kept) }

// letter is a digest that is written.
type letter struct {
	dueDigest
	message notify.Message
	empty   bool
	takes   []string // ids of the messages that waited for it
}

// writeDigests writes what is due, once per person and day. What waited for somebody's
// digest goes into it in the same transaction; what waits for one that no longer comes
// goes by itself.
func (f *Flow) writeDigests(ctx context.Context) error {
	letters, stray, err := f.digestsDue(ctx)
	if err != nil {
		return err
	}
	for _, l := range letters {
		if err := f.Store.Write(ctx, func(tx Tx) error { return f.keepDigest(tx, l) }); err != nil {
			return err
		}
	}
	if len(stray) == 0 {
		return nil
	}
	return f.Store.Write(ctx, func(tx Tx) error { return f.sendHeld(tx, stray) })
}

// digestsDue writes in one view of the database what each digest would say.
func (f *Flow) digestsDue(ctx context.Context) (letters []letter, stray []Delivery, err error) {
	err = f.Store.Read(ctx, func(tx Tx) error {
		letters, stray = nil, nil
		due, gathered, err := f.whoseDigests(tx)
		if err != nil {
			return err
		}
		stray = gathered.stray
		if len(due) == 0 {
			return nil
		}
		stock, err := f.digestStock(tx, due)
		if err != nil {
			return err
		}
		for _, d := range due {
			l := letter{dueDigest: d}
			sections := f.sectionsFor(stock, d)
			var waited notify.Section
			for _, h := range gathered.by[d.to.ID] {
				if h.Digest <= d.day {
					waited.Lines = append(waited.Lines, notify.Line{Text: h.Subject, Path: h.Path})
					l.takes = append(l.takes, h.ID)
				}
			}
			waited.Title = "What came up"
			m, ok := notify.Digest(d.to, d.rhythm, d.day, append([]notify.Section{waited}, sections...), f.BaseURL)
			l.message, l.empty = m, !ok
			letters = append(letters, l)
		}
		return nil
	})
	return letters, stray, err
}

// gathered is what waits for digests.
type gathered struct {
	by    map[string][]Delivery // by person
	stray []Delivery            // of who gets no digest any more
}

// whoseDigests gives whose digest is to be written now, and what waits for digests.
func (f *Flow) whoseDigests(tx Tx) ([]dueDigest, gathered, error) {
	g := gathered{by: map[string][]Delivery{}}
	held, err := tx.Outbox.Gathering()
	if err != nil {
		return nil, g, err
	}
	settings, err := noticeSettings(tx)
	if err != nil {
		return nil, g, err
	}
	chosen, err := tx.Notices.Preferences()
	if err != nil {
		return nil, g, err
	}
	prefs := map[string]notify.Preference{}
	for _, k := range chosen {
		prefs[k.PersonID] = k.Preference
	}
	people, err := tx.People.All()
	if err != nil {
		return nil, g, err
	}
	waits := map[string]bool{}
	for _, d := range held {
		waits[d.PersonID] = true
	}
	var due []dueDigest
	var subjects []string
	none := map[string]bool{}
	calendars := map[string]notify.Reader{} // a working calendar is slow to make
	for _, p := range people {
		pref, ok := prefs[p.ID]
		if !ok {
			pref = notify.UsualPreference()
		}
		if rhythm := notify.RhythmOf(pref, p.Roles); rhythm == notify.None || f.hasLeft(p) {
			none[p.ID] = waits[p.ID]
			continue
		}
		place := strings.Join([]string{p.Zone, p.Terms.Calendar, p.Office.Country}, "/")
		r, ok := calendars[place]
		if !ok {
			r = f.reader(p, settings)
			calendars[place] = r
		}
		r.Roles, r.Style = p.Roles, locale.Of(p.Locale)
		day, ok := notify.DigestDue(pref, r, f.Now())
		if !ok {
			continue
		}
		due = append(due, dueDigest{to: p, rhythm: notify.RhythmOf(pref, p.Roles), day: day, today: slot.DateOf(f.Now(), r.Zone)})
		subjects = append(subjects, digestSubject(day, p.ID))
	}
	for _, d := range held {
		if none[d.PersonID] {
			g.stray = append(g.stray, d)
			continue
		}
		g.by[d.PersonID] = append(g.by[d.PersonID], d)
	}
	slices.Sort(subjects)
	made, err := tx.Outbox.Made(slices.Compact(subjects)...)
	if err != nil {
		return nil, g, err
	}
	written := map[Told]bool{}
	for _, m := range made {
		written[m] = true
	}
	due = slices.DeleteFunc(due, func(d dueDigest) bool { return written[Told{digestSubject(d.day, d.to.ID), d.to.ID, "digest"}] })
	return due, g, nil
}

// keepDigest stores a digest; an empty one as a message that does not go, so that
// nobody looks for it again.
func (f *Flow) keepDigest(tx Tx, l letter) error {
	subject := digestSubject(l.day, l.to.ID)
	if l.empty {
		d := f.delivery(subject, "digest", notify.Mail, l.to.ID, notify.Message{Subject: "Nothing is due", Text: "Nothing is due.\n"})
		d.State, d.Why = Skipped, "Nothing was due: an empty digest is not sent."
		return f.store(tx, d)
	}
	made, err := tx.Outbox.Made(subject)
	if err != nil || slices.Contains(made, Told{subject, l.to.ID, "digest"}) {
		return err // another look was quicker
	}
	if _, err := tx.Outbox.Move(Sent, "It went in your digest of "+locale.Of(l.to.Locale).Day(l.day, "Monday 2 January")+".", l.takes...); err != nil {
		return err
	}
	return f.deliver(tx, subject, "digest", l.to, l.message)
}

// digestStock is what digests are written from, read once for all of them.
type digestStock struct {
	now       time.Time
	people    map[string]roster.Person
	customers map[string]roster.Customer
	visits    []visit.Visit             // that stand or were held and wait for their debrief, near today
	loops     map[string][]KeptLoop     // by owner
	status    map[string]alert.Status   // by person
	behind    map[slot.Date][]alert.Lag // by the day of who reads it
}

func (s digestStock) over(v visit.Visit) bool { return !v.End.After(s.now) }

func (f *Flow) digestStock(tx Tx, due []dueDigest) (digestStock, error) {
	s := digestStock{now: f.Now(), loops: map[string][]KeptLoop{}}
	today := f.today("UTC")
	var err error
	if s.people, err = f.whoIsHere(tx, true); err != nil {
		return s, err
	}
	if s.visits, _, err = tx.Visits.Find(VisitQuery{Scope: access.Scope{All: true}, States: append(visit.LiveStates(), visit.Held), From: today.Add(-digestPast), To: today.Add(digestAhead + 1)}); err != nil {
		return s, err
	}
	ids := make([]string, 0, len(s.visits))
	for _, v := range s.visits {
		ids = append(ids, v.CustomerID)
	}
	open, err := tx.Loops.Find(LoopQuery{Open: true})
	if err != nil {
		return s, err
	}
	for _, l := range open {
		s.loops[l.OwnerID] = append(s.loops[l.OwnerID], l)
		ids = append(ids, l.CustomerID)
	}
	slices.Sort(ids)
	if s.customers, err = customersByID(tx, slices.Compact(ids)); err != nil {
		return s, err
	}
	v, err := f.judgeClocks(tx)
	if err != nil {
		return s, err
	}
	s.status = v.status
	s.behind = map[slot.Date][]alert.Lag{}
	for _, d := range due {
		if _, known := s.behind[d.today]; !known && d.to.Has(roster.CEO) {
			if s.behind[d.today], err = lagging(tx, d.today); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

// sectionsFor gives what a digest holds, by what its reader is.
func (f *Flow) sectionsFor(s digestStock, d dueDigest) []notify.Section {
	var out []notify.Section
	weekly := d.rhythm == notify.Weekly || d.day == d.today && d.today == firstOfWeek(d)
	if d.to.Has(roster.CEO) && len(s.behind[d.today]) > 0 {
		sec := notify.Section{Title: "Groups that fall behind"}
		for _, g := range s.behind[d.today] {
			sec.Lines = append(sec.Lines, notify.Line{Text: g.Reason, Path: "/coverage"})
		}
		out = append(out, sec)
	}
	if d.to.Has(roster.Host) {
		out = append(out, s.hostSections(d)...)
	}
	if d.to.Has(roster.Assistant) {
		for _, id := range d.to.Serves {
			if p, here := s.people[id]; here {
				out = append(out, s.servedSection(d, p))
			}
		}
	}
	if d.to.Has(roster.Executive) && weekly {
		out = append(out, s.executiveSection(d))
	}
	return out
}

// firstOfWeek gives the Monday of a digest's week: who gets a digest every day finds
// the own visits in that of the Monday.
func firstOfWeek(d dueDigest) slot.Date { return d.today.Monday() }

// nextStep says what a host does next about a visit, and where; ok is false where
// nothing is left to do. The order is that of the five steps.
func nextStep(v visit.Visit, over bool) (what, page string, ok bool) {
	switch {
	case over && v.State != visit.Debriefed:
		return "say what came of it", "/debrief", true
	case over:
		return "", "", false
	case v.Objective == "":
		return "write down what it is for", "/brief", true
	case v.Theirs.Words == "":
		return "write down what the customer wants, in the customer’s words", "/brief", true
	case len(v.Agenda) == 0:
		return "write an agenda", "/brief", true
	case v.State == visit.Published:
		return "agree the date with the customer", "", true
	case v.State == visit.Agreed:
		return "ask the customer to confirm", "", true
	}
	return "", "", false
}

// hostSections are what is due at a host's visits, what the calendars say otherwise,
// and what is overdue with customers.
func (s digestStock) hostSections(d dueDigest) []notify.Section {
	do := notify.Section{Title: "Next steps of your visits"}
	for _, v := range s.visits {
		if v.HostID != d.to.ID {
			continue
		}
		if what, page, ok := nextStep(v, s.over(v)); ok {
			do.Lines = append(do.Lines, notify.Line{Text: fmt.Sprintf("%s, %s: %s", d.near(v.Slot.Date), s.customers[v.CustomerID].Name, what), Path: "/visits/" + v.ID + page})
		}
	}
	decide := notify.Section{Title: "To decide"}
	for _, v := range s.visits {
		if v.HostID == d.to.ID && v.ToDecide() != "" && !s.over(v) {
			decide.Lines = append(decide.Lines, notify.Line{Text: fmt.Sprintf("%s, %s: %s", d.near(v.Slot.Date), s.customers[v.CustomerID].Name, d.again(v.ToDecide())), Path: "/visits/" + v.ID})
		}
	}
	late := notify.Section{Title: "Overdue with customers"}
	for _, l := range s.loops[d.to.ID] {
		if n := l.Overdue(d.today); n > 0 {
			what, _ := l.NextStep()
			late.Lines = append(late.Lines, notify.Line{Text: fmt.Sprintf("%s: %s (%s), %s late", s.customers[l.CustomerID].Name, l.Text, what, days(n)), Path: "/loops"})
		}
	}
	return []notify.Section{do, decide, late}
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// servedSection is what an assistant answers for one executive: each invitation that is
// open, each decision, and the clock where it is near its end.
func (s digestStock) servedSection(d dueDigest, p roster.Person) notify.Section {
	sec := notify.Section{Title: "For " + p.Name}
	for _, v := range s.visits {
		if v.ExecutiveID != p.ID || s.over(v) {
			continue
		}
		what := ""
		switch {
		case v.ToDecide() != "":
			what = d.again(v.ToDecide())
		case cmp.Or(v.Answer, visit.NoAnswer) == visit.NoAnswer:
			what = "the invitation is not answered"
		case v.Answer == visit.Tentative:
			what = "answered “perhaps”"
		default:
			continue
		}
		sec.Lines = append(sec.Lines, notify.Line{Text: fmt.Sprintf("%s, %s: %s", d.near(v.Slot.Date), s.customers[v.CustomerID].Name, what), Path: "/visits/" + v.ID})
	}
	if line, ok := d.clockLine(s.status[p.ID], p.Name); ok {
		sec.Lines = append(sec.Lines, notify.Line{Text: line, Path: "/me?person=" + p.ID})
	}
	return sec
}

// executiveSection is an executive's next visits and the clock.
func (s digestStock) executiveSection(d dueDigest) notify.Section {
	sec := notify.Section{Title: "Your next visits"}
	for _, v := range s.visits {
		if v.ExecutiveID != d.to.ID || s.over(v) {
			continue
		}
		text := fmt.Sprintf("%s, %s", d.near(v.Slot.Date), s.customers[v.CustomerID].Name)
		if cmp.Or(v.Answer, visit.NoAnswer) == visit.NoAnswer {
			text += ": please answer the invitation"
		}
		sec.Lines = append(sec.Lines, notify.Line{Text: text, Path: "/visits/" + v.ID})
	}
	if line, ok := d.clockLine(s.status[d.to.ID], "you"); ok {
		sec.Lines = append(sec.Lines, notify.Line{Text: line, Path: "/me"})
	}
	return sec
}

// clockLine says how somebody's clock stands; ok is false where it is far from its end.
func (d dueDigest) clockLine(st alert.Status, name string) (line string, ok bool) {
	who := name + " has"
	if name == "you" {
		who = "You have"
	}
	switch {
	case !st.Running:
		return "", false
	case st.Overdue:
		return fmt.Sprintf("%s gone %d days without a customer visit.", who, st.Days), true
	case !st.Forecast.IsZero() && st.Forecast.Sub(d.today) <= digestAhead:
		return fmt.Sprintf("%s gone %d days without a customer visit; the limit of %d is passed on %s.", who, st.Days, alert.MaxGapDays, d.near(st.Forecast)), true
	}
	return "", false
}
