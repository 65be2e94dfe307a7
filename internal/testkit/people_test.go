package testkit_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	openapi "github.com/oapi-codegen/runtime/types"
	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// Somebody moves to another zone, two administrators take the role from each other, and a
// contact and a colleague are erased: on both engines, since all of it hangs on
// transactions and on what the tables hold.
func TestPeopleComeMoveLeaveAndAreForgotten(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		ctx := context.Background()
		vp := h.Small(16)
		plan := h.Draft(vp, h.Select(vp, PlanYear, 12, "region"), 1, 500)
		require.NoError(t, client.Check(h.Publish(vp, plan, "")))
		h.Settle()

		oneAdministratorStays(t, h)
		contactErased(t, h, plan)
		moved(t, h, plan)

		// One of us leaves. What that means is shown first, and nothing done.
		e2 := h.Person(Exec(2))
		left := slot.MustDate("2027-12-20")
		form := url.Values{"version": {fmt.Sprint(e2.Version)}, "name": {e2.Name}, "email": {e2.Email}, "left": {left.String()}, "role": {"executive"}}
		status, page := h.Post(h.As(Admin), "/admin/people/"+e2.ID, form)
		require.Equal(t, http.StatusOK, status)
		shows(t, page, "leaves on Mon 20 Dec 2027", "their 30-day clock stops")
		require.Zero(t, h.Person(Exec(2)).Left)
		r, err := h.API(Admin).ErasePersonWithResponse(ctx, e2.ID, &client.ErasePersonParams{}, client.Erasure{Confirm: e2.Name})
		refused[*client.ErasePersonResponse](t, http.StatusConflict, "is still with us")(r, err)
		form.Set("leaving", left.String())
		_, page = h.Post(h.As(Admin), "/admin/people/"+e2.ID, form)
		shows(t, page, "It is saved.")
		require.Equal(t, left, h.Person(e2.ID).Left)

		// Long after, the person is erased. What was done stays.
		h.Clock.Set(time.Date(2028, time.February, 1, 9, 0, 0, 0, time.UTC))
		vpRefused, err := h.API(VP).ErasePersonWithResponse(ctx, e2.ID, &client.ErasePersonParams{}, client.Erasure{Confirm: e2.Name})
		refused[*client.ErasePersonResponse](t, http.StatusForbidden, "none of your roles")(vpRefused, err)
		r, err = h.API(Admin).ErasePersonWithResponse(ctx, e2.ID, &client.ErasePersonParams{}, client.Erasure{Confirm: "somebody"})
		refused[*client.ErasePersonResponse](t, http.StatusUnprocessableEntity, "typed again")(r, err)
		data, err := h.API(Admin).GivePersonalDataWithResponse(ctx, e2.ID)
		lookedAt(t, h, "/admin/people/"+e2.ID, url.Values{}, len(ok(t, data, err).JSON200.Rows)+1) // that they were given out is a row too
		require.NotEmpty(t, holding(t, h, e2.Name))
		r, err = h.API(Admin).ErasePersonWithResponse(ctx, e2.ID, &client.ErasePersonParams{}, client.Erasure{Confirm: e2.Name})
		require.NotEmpty(t, ok(t, r, err).JSON200.Rows)
		require.Empty(t, holding(t, h, e2.Name))
		require.Empty(t, holding(t, h, e2.Email))
		require.NotEmpty(t, h.Visits(plan), "the evidence stays")
		trail, err := h.API(Admin).CheckAuditWithResponse(ctx)
		require.Zero(t, ok(t, trail, err).JSON200.BrokenAt, trail.JSON200.Sentence)
		_, page = h.Get(h.As(Admin), "/admin/audit?about=person")
		shows(t, page, "erased the personal data of", "A former colleague")
	})
}

// oneAdministratorStays lets two take the role from each other at the same moment.
func oneAdministratorStays(t *testing.T, h *House) {
	ctx := context.Background()
	a := h.Person(Admin)
	r, err := h.API(Admin).ChangePersonWithResponse(ctx, a.ID, &client.ChangePersonParams{IfMatch: client.Match(a.Version)}, client.PersonChange{Roles: &[]client.Role{client.RoleVp}})
	refused[*client.ChangePersonResponse](t, http.StatusConflict, "stay administrator")(r, err)
	last := "2027-01-31"
	r, err = h.API(Admin).ChangePersonWithResponse(ctx, a.ID, &client.ChangePersonParams{IfMatch: client.Match(a.Version)}, client.PersonChange{Left: &last})
	refused[*client.ChangePersonResponse](t, http.StatusConflict, "stay administrator")(r, err)
	b, err := h.Flow.CreatePerson(ctx, System, flow.Key{}, flow.PersonChange{Name: text("Second Admin"), Email: text("second@northlight.example"), Zone: text("UTC"), Roles: &[]roster.Role{roster.Administrator}})
	require.NoError(t, err)
	people := []roster.Person{a, b.Person}
	errs := make([]error, 2)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range people {
		wg.Go(func() {
			<-start
			_, errs[i] = h.Flow.ChangePerson(ctx, System, people[i].ID, people[i].Version, flow.PersonChange{Roles: &[]roster.Role{roster.VP}})
		})
	}
	close(start)
	wg.Wait()
	require.Equal(t, 1, len(people)-nils(errs), "%v", errs)
	for i, err := range errs {
		if err != nil {
			require.True(t, fault.Is(err, fault.Conflict), "%v", err)
			continue
		}
		p := h.Person(people[i].ID) // as it was, for what follows
		roles := people[i].Roles
		_, err := h.Flow.ChangePerson(ctx, System, p.ID, p.Version, flow.PersonChange{Roles: &roles})
		require.NoError(t, err)
	}
}

func nils(errs []error) (n int) {
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}

func text(s string) *string { return &s }

// moved has somebody with an open alert move to Tokyo: the alert was raised on the day it
// was where they lived then, and climbs from that day.
func moved(t *testing.T, h *House, plan string) {
	ctx := context.Background()
	e1 := h.Person(Exec(1))
	h.SetDay(slot.MustDate("2027-03-28"), "22:30", "Europe/Zurich") // already the 29th in Tokyo
	// Nothing but one visit of long ago.
	for _, v := range pick(h.Visits(plan, visit.Published), func(x visit.Visit) bool { return x.ExecutiveID == e1.ID && x.Start.After(h.Clock.Now()) }) {
		_, err := h.Flow.Cancel(ctx, System, v.ID, v.Version, visit.OtherReason, "for the story")
		require.NoError(t, err)
	}
	require.NoError(t, h.App.Store.Write(ctx, func(tx flow.Tx) error {
		p, err := tx.People.Get(e1.ID)
		if err != nil {
			return err
		}
		p.Terms.LastVisit = slot.MustDate("2027-02-25")
		return tx.People.Save(&p)
	}))
	h.Tick()
	require.Equal(t, slot.MustDate("2027-03-28"), h.Alerts(e1.ID)[0].Breach)
	told := func() (n int) {
		for _, m := range h.Inbox(VP) {
			if strings.Contains(m.Subject, "Executive 1 has gone") {
				n++
			}
		}
		return n
	}
	before := told()
	change := func(in client.PersonChange) *client.PersonDetail {
		p := h.Person(e1.ID)
		r, err := h.API(Admin).ChangePersonWithResponse(ctx, p.ID, &client.ChangePersonParams{IfMatch: client.Match(p.Version)}, in)
		return ok(t, r, err).JSON200
	}
	day := func(s string) *openapi.Date { return &openapi.Date{Time: slot.MustDate(s).Time()} }
	h.SetDay(slot.MustDate("2027-03-30"), "12:00", "Asia/Tokyo")
	late, err := h.API(Admin).ChangePersonWithResponse(ctx, e1.ID, &client.ChangePersonParams{IfMatch: client.Match(h.Person(e1.ID).Version)}, client.PersonChange{Zone: text("Asia/Tokyo"), ZoneSince: day("2027-04-02")})
	refused[*client.ChangePersonResponse](t, http.StatusUnprocessableEntity, "a day until today")(late, err)
	require.Len(t, change(client.PersonChange{Zone: text("Asia/Tokyo"), ZoneSince: day("2027-03-30")}).Zones, 2)
	h.SetDay(slot.MustDate("2027-03-31"), "01:00", "Asia/Tokyo") // in Zürich still the 30th
	h.Tick()
	require.Equal(t, before+1, told(), "three days after the 28th, the day on which it was raised in Zürich")

	// The correction: it was two weeks earlier, so it was raised on the 29th.
	require.Equal(t, "2027-03-14", change(client.PersonChange{Zone: text("Asia/Tokyo"), ZoneSince: day("2027-03-14")}).Zones[1].Since.String())
	mine, err := h.API(Exec(1)).GetMineWithResponse(ctx, &client.GetMineParams{})
	require.Equal(t, "2027-03-31", ok(t, mine, err).JSON200.Today.String())

	// The same moment, to each where they are and as they write it.
	asOf := regexp.MustCompile(`As of <time datetime="(2027-03-30T16:[^"]*)">([^<]*)</time>`)
	shown := func(who string) (at, text string) {
		_, page := h.Get(h.As(who), "/me/notices")
		found := asOf.FindStringSubmatch(page)
		require.NotNil(t, found, page)
		return found[1], found[2]
	}
	at, text1 := shown(Exec(1))
	same, text2 := shown(VP)
	require.Equal(t, at[:16], same[:16])
	require.Regexp(t, `^Wed 31 Mar 2027, 01:\d\d Tokyo$`, text1)
	require.Regexp(t, `^Tue 30 Mar 2027, 18:\d\d Zurich$`, text2)
	locale, err := h.API(Exec(1)).SetLocaleWithResponse(ctx, client.LocaleRequest{Locale: "en-US"})
	require.Equal(t, "Asia/Tokyo", *ok(t, locale, err).JSON200.Zone)
	_, text1 = shown(Exec(1))
	require.Regexp(t, `^Wed, Mar 31, 2027, 1:\d\d AM Tokyo$`, text1)
	_, text2 = shown(VP)
	require.Contains(t, text2, "Tue 30 Mar", "of nobody else")
	locale, err = h.API(Exec(1)).SetLocaleWithResponse(ctx, client.LocaleRequest{Locale: "klingon"})
	refused[*client.SetLocaleResponse](t, http.StatusUnprocessableEntity, "one of en-GB")(locale, err)

	// An import that names an office elsewhere is a move of its day.
	h.Bring(Admin, client.ImportKindExecutives, "key,name,email,city,country\ne1,Executive 1,"+Exec(1)+",Basel,CH\n")
	moves := h.Person(e1.ID).Moves
	require.Equal(t, roster.ZoneChange{Day: slot.MustDate("2027-03-30"), Zone: "Europe/Zurich"}, moves[len(moves)-1], "where it is still the 30th")
	_, page := h.Get(h.As(Admin), "/admin/people/"+e1.ID)
	shows(t, page, "Tokyo time from Sun 14 Mar 2027")
}

// contactErased has a contact named wherever a contact can be, and erased.
func contactErased(t *testing.T, h *House, plan string) {
	ctx := context.Background()
	const name, phone = "Eva Lang", "+41 44 555 66 77"
	v := h.Visits(plan)[2]
	host, c := h.Person(v.HostID), customer(t, h, v.CustomerID)
	h.Bring(Admin, client.ImportKindCustomers, fmt.Sprintf("key,name,city,country,host,region,contact_name,contact_email,contact_phone\n%s,%s,%s,%s,%s,%s,%s,%s,%s\n",
		c.Key, c.Name, c.City, c.Country, host.Key, c.Values["region"], name, eva, phone))
	agree(t, h, v, eva)
	b, err := h.Flow.Brief(ctx, System, v.ID)
	require.NoError(t, err)
	_, err = h.Flow.SaveBrief(ctx, System, v.ID, b.Brief.Version, flow.BriefInput{Objective: "Hear " + name, Theirs: "We want to grow, says " + strings.ToUpper(name), TheirsBy: name})
	require.NoError(t, err)
	_, err = h.Flow.SendLink(ctx, System, v.ID, h.Visit(v.ID).Version, eva)
	require.NoError(t, err)
	h.Settle()
	h.Until(v.End.Add(time.Hour))
	form := debriefed(0, "k1", "file")
	form.Set("next_by", v.Slot.Date.Add(7).String())
	status, page := h.Post(h.As(host.Email), "/visits/"+v.ID+"/debrief", form)
	require.Equal(t, http.StatusOK, status, page)
	h.Settle()
	require.Greater(t, len(holding(t, h, name)), 4)
	require.Greater(t, len(holding(t, h, eva)), 4)

	known, err := h.API(Admin).ListContactsWithResponse(ctx, v.CustomerID)
	require.Contains(t, ok(t, known, err).JSON200.Items, client.ContactRef{Name: name, Email: eva})
	no, err := h.API(host.Email).GiveContactDataWithResponse(ctx, v.CustomerID, client.ContactRef{Name: name, Email: eva})
	refused[*client.GiveContactDataResponse](t, http.StatusForbidden, "none of your roles")(no, err)
	data, err := h.API(Admin).GiveContactDataWithResponse(ctx, v.CustomerID, client.ContactRef{Name: name, Email: eva})
	require.NotEmpty(t, ok(t, data, err).JSON200.Rows)
	stopped(t, h, v.CustomerID)
	lookedAt(t, h, "/customers/"+v.CustomerID+"/contacts", url.Values{"name": {name}, "email": {eva}}, len(data.JSON200.Rows))
	status, page = h.Post(h.As(Admin), "/customers/"+v.CustomerID+"/contacts/erase", url.Values{"name": {name}, "email": {eva}, "confirm": {" eva  LANG"}})
	require.Equal(t, http.StatusOK, status)
	shows(t, page, "It is erased.")
	h.Settle()
	h.Drain()
	for _, word := range []string{name, eva, phone} {
		require.Empty(t, holding(t, h, word), word)
	}
	_, page = h.Get(h.As(host.Email), "/visits/"+v.ID+"/debrief")
	shows(t, page, "a contact of Customer")
	trail, err := h.API(Admin).CheckAuditWithResponse(ctx)
	require.Zero(t, ok(t, trail, err).JSON200.BrokenAt, trail.JSON200.Sentence)
}

// lookedAt opens the page of what is held about somebody, which is looked for meanwhile,
// stops that, and has it done once more: in the end it has found every row.
func lookedAt(t *testing.T, h *House, under string, who url.Values, rows int) {
	t.Helper()
	admin, address := h.As(Admin), under+"/erase?"+who.Encode()
	status, _ := h.Get(admin, address)
	require.Equal(t, http.StatusOK, status)
	h.Settle()
	_, page := h.Get(admin, address)
	shows(t, page, fmt.Sprintf("%d rows", rows), "As of", "Search again")
	_, page = h.Post(admin, under+"/look", who)
	shows(t, page, "What we hold about")
	h.Settle()
	_, page = h.Post(admin, under+"/look/stop", who) // it is over: nothing is stopped
	shows(t, page, fmt.Sprintf("%d rows", rows))
	status, _ = h.Get(h.As(VP), address)
	require.Equal(t, http.StatusForbidden, status)
	status, _ = h.Post(h.As(VP), under+"/look", who)
	require.Equal(t, http.StatusForbidden, status)
}

// stopped stops a look that waits for its turn: when that comes, nothing is searched.
func stopped(t *testing.T, h *House, customerID string) {
	t.Helper()
	who := url.Values{"name": {"Kim Sand"}}
	l := flow.Look{ID: "waits", CustomerID: customerID, Name: "Kim Sand", State: flow.Queued, AskedAt: h.Clock.Now()}
	require.NoError(t, h.App.Store.Write(t.Context(), func(tx flow.Tx) error { return tx.Looks.Save(&l) }))
	_, page := h.Get(h.As(Admin), "/customers/"+customerID+"/contacts/erase?"+who.Encode())
	shows(t, page, "Searching", "It begins in a moment.", "Stop")
	_, page = h.Post(h.As(Admin), "/customers/"+customerID+"/contacts/look/stop", who)
	shows(t, page, "Stopped before it began")
	for _, id := range []string{l.ID, "forgotten"} {
		require.NoError(t, h.Flow.Do(t.Context(), flow.Job{Kind: flow.JobLook, Key: id}))
	}
	_, page = h.Get(h.As(Admin), "/customers/"+customerID+"/contacts/erase?"+who.Encode())
	shows(t, page, "Stopped before it began")
}

func customer(t *testing.T, h *House, id string) (c roster.Customer) {
	t.Helper()
	require.NoError(t, h.App.Store.Read(t.Context(), func(tx flow.Tx) (err error) {
		c, err = tx.Customers.Get(id)
		return err
	}))
	return c
}

// holding gives the columns of the whole database that hold a word, in any case, packed
// files unpacked.
func holding(t *testing.T, h *House, word string) (where []string) {
	t.Helper()
	word = strings.ToLower(word)
	for _, table := range everyRow(t, h, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`, `SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()`) {
		for _, row := range everyRow(t, h, `SELECT * FROM `+table["name"], `SELECT * FROM `+table["name"]) {
			for column, x := range row {
				if strings.Contains(strings.ToLower(x), word) {
					where = append(where, table["name"]+"."+column)
				}
			}
		}
	}
	return where
}

// everyRow asks the engine of the house behind the store's back.
func everyRow(t *testing.T, h *House, sqlite, postgres string) (out []map[string]string) {
	t.Helper()
	if pool := h.App.Store.Engine().Postgres; pool != nil {
		rows, err := pool.Query(t.Context(), postgres)
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			values, err := rows.Values()
			require.NoError(t, err)
			row := map[string]string{}
			for i, f := range rows.FieldDescriptions() {
				row[f.Name] = plain(values[i])
			}
			out = append(out, row)
		}
		require.NoError(t, rows.Err())
		return out
	}
	rows, err := h.App.Store.Engine().SQLite.QueryContext(t.Context(), sqlite)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		raw, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range raw {
			into[i] = &raw[i]
		}
		require.NoError(t, rows.Scan(into...))
		row := map[string]string{}
		for i, name := range columns {
			row[name] = plain(raw[i])
		}
		out = append(out, row)
	}
	require.NoError(t, rows.Err())
	return out
}

func plain(x any) string {
	b, is := x.([]byte)
	if !is {
		return fmt.Sprint(x)
	}
	if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
		if all, err := io.ReadAll(z); err == nil {
			return string(all)
		}
	}
	return string(b)
}
