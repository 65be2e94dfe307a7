package gcal_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/calsync"
	"windshield/internal/calsync/calsynctest"
	"windshield/internal/gcal/emulator"
)

// walks checks so many walks from a seed that it prints, unless -rapid.checks and
// -rapid.seed say otherwise.
func walks(t rapid.TB, n int) {
	for name, value := range map[string]string{"rapid.checks": fmt.Sprint(n), "rapid.seed": fmt.Sprint(time.Now().UnixNano())} {
		if f := flag.Lookup(name); f.Value.String() == f.DefValue {
			require.NoError(t, f.Value.Set(value))
			defer func() { require.NoError(t, f.Value.Set(f.DefValue)) }()
		}
	}
	began := time.Now()
	rapid.Check(t, walk)
	t.Logf("%s walks from seed %s in %s", flag.Lookup("rapid.checks").Value, flag.Lookup("rapid.seed").Value, time.Since(began).Round(time.Millisecond))
}

// TestWalksOverTheWire plays random histories of several visits against the
// emulator: plan changes, people, faults of every kind, deaths of the process,
// backups, under a random setting of what is not known about Google. After each
// the faults end, the backlog drains, and what must always hold is asserted.
func TestWalksOverTheWire(t *testing.T) { walks(t, 40) }

// BenchmarkAThousandWalks is the long run of the same.
func BenchmarkAThousandWalks(b *testing.B) {
	for b.Loop() {
		walks(b, 1000)
	}
}

// scope ends what is begun under it before the test ends.
type scope struct {
	testing.TB
	ends []func()
}

// Cleanup notes what to do at the end.
func (s *scope) Cleanup(f func()) { s.ends = append(s.ends, f) }

func (s *scope) close() {
	for _, f := range slices.Backward(s.ends) {
		f()
	}
}

// walker plays one history.
type walker struct {
	*book
	r        *rapid.T
	open     map[string][]calsync.Conflict // by visit, as the last attempt left them
	deleted  map[string]bool               // visits whose event a person took away
	moved    map[string]bool               // or moved, or edited
	mailing  map[string]int                // changes of the plan that mail the guests
	restored bool                          // from a backup, which knows less than people were told
	accepts  bool                          // the plan takes over what people do
	decides  bool                          // where it does not, somebody decides for the plan
	foreign  map[string]any
	backup   map[string]calsync.Base
	cursored calsync.Cursor
}

const stranger = "someoneelse1"

func walk(r *rapid.T) {
	coin := func(name string) bool { return rapid.Bool().Draw(r, name) }
	turned := rapid.SliceOfNDistinct(rapid.IntRange(0, len(knobs)-1), 0, len(knobs), rapid.ID).Draw(r, "switches")
	s := &scope{TB: quietTB{r: r}}
	defer s.close()
	w := &walker{r: r, open: map[string][]calsync.Conflict{}, deleted: map[string]bool{}, moved: map[string]bool{}, mailing: map[string]int{}, accepts: coin("accepts"), decides: coin("decides")}
	w.book = newBook(s, setting(func(k int) bool { return slices.Contains(turned, k) }), 4)
	for i := range w.wants {
		w.wants[i].GuestsMayMove = coin("guests may move it")
	}
	_, err := w.cal.Insert(context.Background(), office, calsync.New{ID: stranger, Content: calsynctest.Content("2027-04-01")}, calsync.MailNone)
	require.NoError(r, err)
	w.foreign = raw(s, w.emu, w.url, http.MethodGet, stranger+"?timeZone=UTC", "")
	if coin("quota") {
		w.emu.SetQuota(emulator.Quota{User: 40, Writes: rapid.SampledFrom([]int{0, 10}).Draw(r, "writes"), Patch: rapid.SampledFrom([]int{1, 3}).Draw(r, "price of a patch"),
			Status: rapid.SampledFrom([]int{403, 429}).Draw(r, "refusal"), RetryAfter: rapid.SampledFrom([]int{0, 7}).Draw(r, "retry after")})
	}
	w.save()
	for range rapid.IntRange(5, 40).Draw(r, "steps") {
		w.step()
	}
	w.settle()
	w.check()
}

func (w *walker) save() { w.backup, w.cursored = maps.Clone(w.bases), w.cursor }

var deeds = []string{"fault", "fault", "fault", "plan", "plan", "plan", "apply", "apply", "apply", "apply", "pull", "pull", "wait",
	"answer", "answer", "edit", "move", "allday", "forward", "unguest", "delete", "copy", "away", "carry", "unmark", "zone", "expire", "backup", "restore", "wipe"}

// step is one thing that happens.
func (w *walker) step() {
	r, emu := w.r, w.emu
	i := rapid.IntRange(0, len(w.wants)-1).Draw(r, "visit")
	want := &w.wants[i]
	id := w.bases[want.Visit].EventID
	v, there := emu.Event(office, id)
	there = there && v.Status != "cancelled" && v.Organizer == office
	did := func(err error) { require.NoError(r, err) }
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(r, name) }
	what := rapid.SampledFrom(deeds).Draw(r, "step")
	switch what {
	case "fault":
		w.fault()
		return
	case "plan":
		w.plan(want)
		return
	case "apply":
		w.apply(i, rapid.IntRange(0, 6).Draw(r, "dies"))
		return
	case "pull":
		w.read()
		return
	case "wait":
		w.wait(time.Duration(rapid.IntRange(1, 60).Draw(r, "hours")) * time.Hour)
		return
	case "zone":
		emu.SetZone(office, pick("zone", "Asia/Tokyo", "UTC", "America/St_Johns"))
		return
	case "expire":
		emu.ExpireSyncTokens()
		return
	case "backup":
		w.save()
		return
	case "restore":
		w.bases, w.cursor, w.restored = maps.Clone(w.backup), w.cursored, true
		return
	}
	if !there {
		return
	}
	start, end := v.Start, v.End
	switch what {
	case "answer":
		who := pick("who", ann, buyer)
		if c, has := emu.Event(who, id); v.Guest(who).Email != "" && !(has && c.Status == "cancelled") {
			did(emu.Respond(who, id, pick("answer", "accepted", "declined", "tentative", "needsAction"), pick("comment", "", "Perhaps")))
		}
	case "edit":
		w.moved[want.Visit] = true
		did(emu.Edit(office, id, map[string]any{pick("field", "description", "summary", "location"): pick("text", "Theirs", "Also theirs", "")}))
	case "move":
		if !v.AllDay {
			w.moved[want.Visit] = true
			days := rapid.IntRange(-3, 3).Draw(r, "days")
			did(emu.Move(office, id, start.AddDate(0, 0, days), end.AddDate(0, 0, days)))
		}
	case "allday":
		w.moved[want.Visit] = true
		did(emu.Edit(office, id, map[string]any{"start": map[string]any{"date": "2027-03-01", "dateTime": nil, "timeZone": nil},
			"end": map[string]any{"date": "2027-03-02", "dateTime": nil, "timeZone": nil}}))
	case "forward":
		did(emu.AddGuest(office, id, "deputy@vendor.example"))
	case "unguest":
		did(emu.RemoveGuest(office, id, pick("who", "deputy@vendor.example", buyer)))
	case "delete":
		did(emu.DeleteAs(office, id))
		w.deleted[want.Visit] = true
	case "copy":
		if c, has := emu.Event(ann, id); has && c.Status != "cancelled" {
			did(emu.DeleteAs(ann, id))
		}
	case "away":
		_, err := emu.Block(ann, "outOfOffice", start.Add(-time.Hour), end.Add(time.Hour), pick("mode", "", "declineAllConflictingInvitations"), "Sailing")
		did(err)
	case "carry":
		emu.Share("other@vendor.example", office, "owner")
		did(emu.MoveTo(office, id, "other@vendor.example"))
		w.deleted[want.Visit] = true
	case "unmark":
		did(emu.Edit(office, id, map[string]any{"extendedProperties": nil}))
	case "wipe":
		if len(w.deleted) == 0 && !w.restored {
			for _, other := range w.wants {
				if o, has := emu.Event(office, w.bases[other.Visit].EventID); has && o.Status != "cancelled" {
					did(emu.DeleteAs(office, o.ID))
					w.deleted[other.Visit] = true
				}
			}
		}
	}
}

// fault makes some of the next calls fail.
func (w *walker) fault() {
	f := rapid.SampledFrom(append(outcomes, emulator.Fault{Action: emulator.BumpEtag}, emulator.Fault{Action: emulator.FailBefore, Status: 403, Reason: "rateLimitExceeded"},
		emulator.Fault{Action: emulator.FailBefore, Status: 429, Reason: "rateLimitExceeded", RetryAfter: 5}, emulator.Fault{Action: emulator.FailBefore, Status: 403, Reason: "quotaExceeded"},
		emulator.Fault{Action: emulator.FailBefore, Status: 404, Reason: "notFound"}, emulator.Fault{Action: emulator.FailBefore, Status: 401, Reason: "authError"},
		emulator.Fault{Action: emulator.EmptyList}, emulator.Fault{Action: emulator.EmptyPage}, emulator.Fault{Action: emulator.StaleRead}, emulator.Fault{Action: emulator.Unfiltered},
		emulator.Fault{Action: emulator.Lag, Seconds: 60}, emulator.Fault{Action: emulator.NotYet, Seconds: 60}, emulator.Fault{Action: emulator.Twice},
		emulator.Fault{Action: emulator.FailBefore, Status: 410, Shape: emulator.NoReason})).Draw(w.r, "fault")
	f.Method = rapid.SampledFrom([]string{"events.insert", "events.patch", "events.delete", "events.get", "events.list"}).Draw(w.r, "method")
	f.Nth = rapid.IntRange(1, 3).Draw(w.r, "nth")
	if f.Status == 410 { // to a deletion that would be a lie
		f.Method, f.Param = "events.list", "syncToken"
	}
	w.emu.Inject(f)
}

// plan changes what is wanted.
func (w *walker) plan(want *calsync.Want) {
	want.Version++
	switch rapid.SampledFrom([]string{"time", "text", "place", "guests", "gone"}).Draw(w.r, "change") {
	case "time":
		want.When = calsynctest.Content(rapid.SampledFrom([]string{"2027-05-03", "2027-05-04", "2027-05-05"}).Draw(w.r, "date")).When
		w.mailing[want.Visit]++
	case "text":
		want.Title = rapid.SampledFrom([]string{"A", "B"}).Draw(w.r, "title")
	case "place":
		want.Location = rapid.SampledFrom([]string{"1 Main Street", "2 Side Street", ""}).Draw(w.r, "place")
		w.mailing[want.Visit]++
	case "guests":
		w.mailing[want.Visit]++
		if n := len(want.Guests); n > 2 {
			want.Guests = slices.Clone(want.Guests[:2])
		} else {
			want.Guests = append(slices.Clone(want.Guests), calsync.Guest{Email: host})
		}
	case "gone":
		want.Gone = !want.Gone
	}
}

func (w *walker) wait(d time.Duration) {
	w.now = w.now.Add(d)
	w.emu.Advance(d)
}

// apply brings the event of one visit to what is wanted, as a job of the queue
// would; the process dies at one of its saves, before or after it is durable.
func (w *walker) apply(i, dies int) {
	want := w.wants[i]
	saves := 0
	base, out, err := calsync.Apply(context.Background(), w.cal, func(_ context.Context, base calsync.Base) error {
		if saves++; saves == dies && dies%2 == 0 {
			return errDied
		}
		w.bases[want.Visit] = stored(base)
		if saves == dies {
			return errDied
		}
		return nil
	}, want, w.bases[want.Visit])
	require.LessOrEqual(w.r, out.Calls, 16, "no storm of calls")
	if err != nil {
		w.discreet(err.Error())
		w.wait(2 * time.Second) // the queue's pause
		return
	}
	w.discreet(out.Reason)
	w.open[want.Visit] = out.Conflicts
	if out.Event != nil {
		cs, next := calsync.Observe(base, *out.Event)
		w.bases[want.Visit] = stored(next)
		w.take(cs)
	}
	if w.decides {
		for _, c := range out.Conflicts {
			if c.Field != calsync.FieldEvent {
				w.wants[i].Version++
				w.wants[i].Overrule = map[calsync.Field]string{c.Field: c.Print}
				w.mailing[want.Visit]++
			}
		}
	}
}

// discreet wants that nothing personal or secret is in a text for logs.
func (w *walker) discreet(text string) {
	for _, secret := range []string{"@", "Acme", "Theirs", "http", "Bearer", "visit-"} {
		require.NotContains(w.r, text, secret)
	}
}

// read reads the calendar back; a failed reading is read again later.
func (w *walker) read() (calsync.Pulled, error) {
	w.wait(time.Minute)
	p, cs, err := w.pull()
	if err != nil {
		w.discreet(err.Error())
		return p, err
	}
	w.take(cs)
	for _, stray := range p.Stray { // from before the backup was taken up again: adopted
		require.True(w.r, w.restored, "an event without a visit: %s", stray.ID)
		for i := range w.wants {
			want := &w.wants[i]
			for g := w.bases[want.Visit].Generation + 1; g < 40; g++ {
				if stray.ID == calsync.EventID("prod", want.Visit, g) && !want.Gone {
					want.Version++
					want.Generation = g
				}
			}
		}
	}
	return p, nil
}

// take lets what people did change the plan.
func (w *walker) take(cs []calsync.Change) {
	for _, c := range cs {
		switch c.Kind {
		case calsync.Deleted:
			require.True(w.r, w.deleted[c.Visit] || w.restored, "nobody deleted it")
			w.deleted[c.Visit] = true // a database from a backup does not know that it was us
		case calsync.Moved, calsync.Edited:
			require.True(w.r, w.moved[c.Visit] || w.restored, "our own change is told as a person's")
		case calsync.GuestAdded:
			require.True(w.r, c.Guest == "deputy@vendor.example" || w.restored, "our own guest is told as a person's")
		case calsync.GuestRemoved:
			require.True(w.r, c.Guest == "deputy@vendor.example" || c.Guest == buyer || w.restored, "our own guest is told as a person's")
		}
		for i := range w.wants {
			want := &w.wants[i]
			if want.Visit != c.Visit || want.Gone {
				continue
			}
			switch {
			case c.Kind == calsync.Deleted && w.accepts:
				want.Version++
				want.Gone = true
			case c.Kind == calsync.Moved && w.accepts && !c.When.AllDay:
				want.Version++
				want.When = c.When
				w.mailing[c.Visit]++ // where the event has been moved again meanwhile
			}
		}
	}
}

// settle ends the faults and lets the backlog drain.
func (w *walker) settle() {
	w.emu.ClearFaults()
	w.emu.SetQuota(emulator.Quota{})
	w.wait(2 * time.Hour)
	for range 5 {
		for i := range w.wants {
			for range 4 { // "not found" is believed after three attempts
				w.apply(i, 0)
			}
		}
		p, err := w.read()
		require.NoError(w.r, err)
		if p.Doubt == calsync.MassLoss {
			w.cursor.Believe = true // a person says so
		}
		w.wait(time.Hour)
	}
}

// check asserts what must always hold once everything is quiet.
func (w *walker) check() {
	r := w.r
	require.Empty(r, w.emu.Audit())
	require.Equal(r, w.foreign, raw(w.t, w.emu, w.url, http.MethodGet, stranger+"?timeZone=UTC", ""), "foreign events are untouched")
	byVisit := map[string][]emulator.View{}
	visitOf := map[string]string{}
	for _, want := range w.wants {
		for g := 1; g < 40; g++ {
			visitOf[calsync.EventID("prod", want.Visit, g)] = want.Visit
		}
	}
	for _, v := range w.emu.Live(office) {
		byVisit[visitOf[v.ID]] = append(byVisit[visitOf[v.ID]], v)
	}
	for _, want := range w.wants {
		w.checkVisit(want, byVisit[want.Visit])
	}
	w.checkMails(visitOf)
	w.checkReads()
	w.unchanged(func() { // a second run writes nothing and mails nobody
		for i := range w.wants {
			w.apply(i, 0)
		}
		_, err := w.read()
		require.NoError(r, err)
	})
}

func (w *walker) checkVisit(want calsync.Want, live []emulator.View) {
	r, base := w.r, w.bases[want.Visit]
	if want.Gone {
		require.True(r, len(live) == 0 || w.restored && live[0].ID != base.EventID, "nothing is left of an unwanted visit but what a backup did not know")
		return
	}
	require.LessOrEqual(r, len(live), 1, "never two")
	if len(live) == 0 {
		require.True(r, w.deleted[want.Visit], "none is lost")
		require.True(r, base.Seen.Deleted || len(w.open[want.Visit]) > 0, "the deletion was noticed")
		return
	}
	v := live[0]
	require.Equal(r, base.EventID, v.ID)
	// Look once more, whatever was agreed, to see where people's edits stand.
	fresh := base
	fresh.Hash = ""
	_, out, err := calsync.Apply(context.Background(), w.cal, func(context.Context, calsync.Base) error { return nil }, want, fresh)
	require.NoError(r, err)
	require.Empty(r, out.Did, out.Reason)
	theirs := slices.Clone(out.Kept)
	for _, c := range out.Conflicts {
		theirs = append(theirs, c.Field)
	}
	start, _, err := want.When.Instants()
	require.NoError(r, err)
	for field, same := range map[calsync.Field]bool{
		calsync.FieldTime:        !v.AllDay && start.Equal(v.Start),
		calsync.FieldTitle:       v.Title == want.Title,
		calsync.FieldLocation:    v.Location == want.Location,
		calsync.FieldDescription: v.Description == want.Description,
		calsync.FieldRights:      v.MayMove == want.GuestsMayMove,
	} {
		require.True(r, same || slices.Contains(theirs, field), "%s is neither as planned nor left as people want it", field)
	}
	for _, g := range want.Guests {
		require.True(r, v.Guest(g.Email).Email != "" || slices.Contains(theirs, calsync.FieldGuests), "a guest is missing")
	}
	for _, g := range v.Guests {
		known := calsync.Answer("")
		for _, s := range base.Seen.Guests {
			if s.Email == g.Email {
				known = s.Answer
			}
		}
		require.Equal(r, g.Answer, string(known), "the answer we know is the answer that stands")
	}
}

// checkMails wants at most one invitation and one cancellation per guest and
// event, and no more updates than the plan changed.
func (w *walker) checkMails(visitOf map[string]string) {
	count := map[[3]string]int{}
	for _, m := range w.emu.Ledger().Mails {
		if m.Cause != "people" && (m.To == ann || m.To == buyer) {
			count[[3]string{m.Kind, m.To, m.Event}]++
		}
	}
	for k, n := range count {
		limit := 1
		if k[0] == "update" {
			limit = w.mailing[visitOf[k[2]]]
		}
		require.LessOrEqual(w.r, n, limit, "%v", k)
	}
}

// checkReads wants that after a write whose outcome was unknown the event is read
// before anything about it is mailed again.
func (w *walker) checkReads() {
	unknown := map[string]int{} // event to request
	for _, q := range w.emu.Ledger().Requests {
		switch q.Method {
		case "events.get", "events.list":
			if q.Status == 200 || q.Status == 404 {
				delete(unknown, q.Event)
			}
		case "events.insert", "events.patch", "events.delete":
			if before, is := unknown[q.Event]; is && q.SendUpdates == "all" {
				require.Fail(w.r, "written again without a look", "request %d after %d", q.N, before)
			}
			lostReply := strings.HasPrefix(q.Fault, "drop") || q.Fault == string(emulator.Truncate) || q.Fault == string(emulator.HTML)
			if q.Status >= 500 || lostReply {
				unknown[q.Event] = q.N
			}
		}
	}
}

// quietTB lets helpers of tests run under a walk.
type quietTB struct {
	testing.TB
	r *rapid.T
}

// Helper is of no use in a walk.
func (q quietTB) Helper() {}

// Errorf fails the walk.
func (q quietTB) Errorf(format string, args ...any) { q.r.Errorf(format, args...) }

// FailNow ends the walk.
func (q quietTB) FailNow() { q.r.FailNow() }
