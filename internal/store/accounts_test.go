package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/stretchr/testify/require"

	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

var (
	_ scs.Store    = (*store.Sessions)(nil)
	_ scs.CtxStore = (*store.Sessions)(nil)
)

func TestALinkIsUsedOnce(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		link := func(hash string, expires time.Time) {
			write(t, st, func(tx flow.Tx) {
				require.NoError(t, tx.Accounts.SaveLink(flow.Link{Hash: hash, PersonID: id("person", 1), Expires: expires}))
			})
		}
		use := func(hash string) (person string, err error) {
			err = st.Write(context.Background(), func(tx flow.Tx) error {
				person, err = tx.Accounts.UseLink(hash, noon)
				return err
			})
			return person, err
		}
		missing := func(err error) bool { return fault.Is(err, fault.NotFound) }
		link("raced", noon.Add(time.Minute))
		persons := make([]string, 8)
		errs := race(8, func(i int) (err error) { persons[i], err = use("raced"); return err })
		require.Equal(t, 1, count(errs, isNil))
		require.Equal(t, 7, count(errs, missing), "%v", errs)
		require.Contains(t, persons, id("person", 1))
		link("old", noon)
		_, err := use("old")
		require.True(t, missing(err), "expired at this instant")
		_, err = use("never")
		require.True(t, missing(err))
	})
}

func TestAttemptsAreCounted(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		attempt := func(subject string, at, since time.Time) (n int) {
			require.NoError(t, st.Write(context.Background(), func(tx flow.Tx) (err error) {
				n, err = tx.Accounts.Attempt(subject, at, since)
				return err
			}))
			return n
		}
		require.Equal(t, 1, attempt("a", noon, noon.Add(-time.Hour)))
		require.Equal(t, 2, attempt("a", noon.Add(time.Minute), noon.Add(-time.Hour)))
		require.Equal(t, 1, attempt("b", noon, noon.Add(-time.Hour)))
		require.Equal(t, 1, attempt("a", noon.Add(2*time.Minute), noon.Add(90*time.Second)))
		seen := make([]int, 8)
		race(8, func(i int) error { seen[i] = attempt("raced", noon, noon); return nil })
		slices.Sort(seen)
		require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8}, seen, "no two see the same number")
	})
}

func TestSweep(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		sessions := st.Sessions()
		require.NoError(t, sessions.Commit("ended", []byte("x"), noon.Add(-2*time.Hour)))
		require.NoError(t, sessions.Commit("lives", []byte("x"), noon.Add(time.Hour)))
		write(t, st, func(tx flow.Tx) {
			for hash, at := range map[string]time.Time{"old": noon.Add(-2 * time.Hour), "new": noon.Add(time.Hour)} {
				require.NoError(t, tx.Accounts.SaveLink(flow.Link{Hash: hash, PersonID: id("person", 1), Expires: at}))
				_, err := tx.Accounts.Attempt("a", at, at)
				require.NoError(t, err)
			}
			k := flow.Key{Key: "k"}
			_, _, err := tx.Ledger.Begin(k)
			require.NoError(t, err)
			require.NoError(t, tx.Ledger.Finish(k, []byte("kept")))
			require.NoError(t, tx.Accounts.Sweep(noon.Add(-time.Hour)))
			n, err := tx.Accounts.Attempt("a", noon, noon.Add(-24*time.Hour))
			require.NoError(t, err)
			require.Equal(t, 2, n, "the new one and this")
			_, err = tx.Accounts.UseLink("new", noon)
			require.NoError(t, err)
			_, done, err := tx.Ledger.Begin(k)
			require.NoError(t, err)
			require.True(t, done, "answers are kept for a week more")
			require.NoError(t, tx.Accounts.Sweep(noon.AddDate(0, 0, 8)))
			_, done, err = tx.Ledger.Begin(k)
			require.NoError(t, err)
			require.False(t, done)
			require.NoError(t, tx.Ledger.Finish(k, nil))
		})
	})
}

func TestSessions(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		s := st.Sessions()
		_, found, err := s.Find("token")
		require.NoError(t, err)
		require.False(t, found)
		require.NoError(t, s.Commit("token", []byte{1, 0, 2}, noon.Add(time.Second)))
		require.NoError(t, s.Commit("token", []byte{3}, noon.Add(time.Second)))
		data, found, err := s.Find("token")
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, []byte{3}, data)
		require.NoError(t, s.Commit("over", []byte{4}, noon))
		_, found, err = s.FindCtx(t.Context(), "over")
		require.NoError(t, err)
		require.False(t, found)
		require.NoError(t, s.Delete("token"))
		require.NoError(t, s.Delete("token"))
		_, found, err = s.Find("token")
		require.NoError(t, err)
		require.False(t, found)
		require.NoError(t, s.Commit("secret token", nil, noon.Add(time.Hour)))
		execute(t, st, "DELETE FROM sessions WHERE token_hash LIKE '%token%'")
		_, found, err = s.Find("secret token")
		require.NoError(t, err)
		require.True(t, found, "the token itself is not in the table")
	})
}

func TestAlertsAndDeliveries(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		breach := slot.MustDate("2027-02-03")
		a := flow.Alert{PersonID: id("person", 1), Breach: breach, LastVisit: slot.MustDate("2027-01-03"), Open: true, RaisedAt: noon}
		raised := make([]bool, 8)
		errs := race(8, func(i int) error {
			return st.Write(context.Background(), func(tx flow.Tx) (err error) { raised[i], err = tx.Alerts.Raise(a); return err })
		})
		require.Equal(t, 8, count(errs, isNil), "%v", errs)
		slices.SortFunc(raised, func(x, y bool) int {
			if x == y {
				return 0
			}
			if y {
				return -1
			}
			return 1
		})
		require.Equal(t, []bool{false, false, false, false, false, false, false, true}, raised, "one alert per person and breach")
		b := a
		b.PersonID, b.Breach = id("person", 2), breach.Add(5)
		ids := make([][]string, 8)
		errs = race(8, func(i int) error {
			return st.Write(context.Background(), func(tx flow.Tx) (err error) {
				d := flow.Delivery{ID: id("delivery", i), About: "alert/1", Kind: "breach", Channel: "mail", PersonID: id("person", 2), State: flow.ToSend}
				ids[i], err = tx.Alerts.Deliver(d)
				return err
			})
		})
		require.Equal(t, 8, count(errs, isNil), "%v", errs)
		require.Len(t, slices.Concat(ids...), 1, "one message per subject, recipient, channel and kind")
		write(t, st, func(tx flow.Tx) {
			_, err := tx.Alerts.Raise(b)
			require.NoError(t, err)
			all, err := tx.Alerts.List(false)
			require.NoError(t, err)
			require.Equal(t, []flow.Alert{b, a}, all, "newest breach first")
			require.NoError(t, tx.Alerts.Settle(a.PersonID, breach, alert.Ended, "visited", noon.Add(time.Hour)))
			require.True(t, fault.Is(tx.Alerts.Settle(a.PersonID, breach, alert.Ended, "visited", noon), fault.NotFound), "it is settled")
			openOnes, err := tx.Alerts.List(true)
			require.NoError(t, err)
			require.Equal(t, []flow.Alert{b}, openOnes)
			isNew, err := tx.Alerts.Raise(a)
			require.NoError(t, err)
			require.False(t, isNew, "opened again, which is not new")
			all, err = tx.Alerts.List(true)
			require.NoError(t, err)
			require.Equal(t, []flow.Alert{b, a}, all)
			d, err := tx.Alerts.Delivery(slices.Concat(ids...)[0])
			require.NoError(t, err)
			d.State = flow.Sent
			require.NoError(t, tx.Alerts.SaveDelivery(&d))
			more, err := tx.Alerts.Deliver(
				flow.Delivery{ID: "z", About: "alert/1", Kind: "breach", Channel: "mail", PersonID: id("person", 3), State: flow.ToSend, CreatedAt: noon},
				flow.Delivery{ID: "y", About: "alert/1", Kind: "breach", Channel: "mail", PersonID: id("person", 2), State: flow.ToSend, CreatedAt: noon},
				flow.Delivery{ID: "x", About: "alert/2", Kind: "breach", Channel: "mail", PersonID: id("person", 2), State: flow.ToSend, CreatedAt: noon.Add(1e9)})
			require.NoError(t, err)
			require.Equal(t, []string{"z", "x"}, more)
			sent, err := tx.Alerts.Deliveries("alert/1", "alert/2", "alert/3")
			require.NoError(t, err)
			require.Len(t, sent, 3)
			require.Equal(t, []string{d.ID, "z", "x"}, []string{sent[0].ID, sent[1].ID, sent[2].ID}, "oldest first")
			require.Equal(t, flow.Sent, sent[0].State)
		})
	})
}

func TestCalendars(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		var events []*flow.CalendarEvent
		write(t, st, func(tx flow.Tx) {
			for n := range 5 {
				v := aVisit(t, n, id("customer", 1), id("person", 1), "", "2027-03-10", slot.AM)
				require.NoError(t, tx.Visits.Save(v))
				e := &flow.CalendarEvent{VisitID: v.ID, Calendar: []string{"a", "b"}[n%2], EventID: id("event", n), Desired: 3, Applied: 2, State: flow.EventWaiting}
				e.Base.Confirmed, e.Base.Over = n != 2, n == 4
				events = append(events, e)
			}
			events[1].State, events[3].Tries = flow.EventParked, 1
			require.NoError(t, tx.Calendars.Save(events...))
		})
		visits := func(all []flow.CalendarEvent, err error) (out []string) {
			require.NoError(t, err)
			for _, e := range all {
				out = append(out, e.VisitID)
			}
			return out
		}
		read(t, st, func(tx flow.Tx) {
			require.Equal(t, []string{id("visit", 0), id("visit", 3)}, visits(tx.Calendars.Events(id("visit", 3), id("visit", 0), "none")))
			require.Nil(t, visits(tx.Calendars.Events()))
			require.Equal(t, []string{id("visit", 0)}, visits(tx.Calendars.OnCalendar("a", nil)), "confirmed and not over")
			require.Equal(t, []string{id("visit", 2), id("visit", 4)}, visits(tx.Calendars.OnCalendar("a", []string{id("event", 4), id("event", 2), id("event", 1)})))
			require.Nil(t, visits(tx.Calendars.OnCalendar("a", []string{})))
			require.Equal(t, []string{id("visit", 1), id("visit", 3)}, visits(tx.Calendars.Problems()))
			tally, err := tx.Calendars.Tally()
			require.NoError(t, err)
			require.Equal(t, map[string]map[flow.EventState]int{"a": {flow.EventWaiting: 3}, "b": {flow.EventWaiting: 1, flow.EventParked: 1}}, tally)
		})
		err := st.Write(t.Context(), func(tx flow.Tx) error {
			e := *events[0]
			e.Applied--
			return tx.Calendars.Save(&e)
		})
		require.True(t, fault.Is(err, fault.Stale), "Applied never falls: %v", err)
		errs := race(8, func(int) error {
			return st.Write(context.Background(), func(tx flow.Tx) error {
				return tx.Calendars.SaveCursor(&flow.CalendarCursor{Calendar: "new"})
			})
		})
		require.Equal(t, 1, count(errs, isNil))
		require.Equal(t, 7, count(errs, isConflict), "%v", errs)
	})
}

// Who reads an event and writes it in one unit never hears that another was quicker:
// the unit runs again. One that was read before stays stale.
func TestEventsAreWrittenAfterEachOther(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		v := aVisit(t, 1, id("customer", 1), id("person", 1), "", "2027-03-10", slot.AM)
		first := flow.CalendarEvent{VisitID: v.ID, Calendar: "a", EventID: "e", State: flow.EventWaiting}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Visits.Save(v))
			require.NoError(t, tx.Calendars.Save(&first))
		})
		const racers, rounds = 4, 5
		errs := race(racers, func(int) error {
			for range rounds {
				err := st.Write(context.Background(), func(tx flow.Tx) error {
					all, err := tx.Calendars.Events(v.ID)
					if err != nil {
						return err
					}
					all[0].Tries++
					if err := tx.Calendars.Save(&all[0]); err != nil {
						return err
					}
					all[0].Tries++
					return tx.Calendars.Save(&all[0])
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		require.Equal(t, racers, count(errs, isNil), "%v", errs)
		read(t, st, func(tx flow.Tx) {
			all, err := tx.Calendars.Events(v.ID)
			require.NoError(t, err)
			require.Equal(t, 2*racers*rounds, all[0].Tries)
		})
		err := st.Write(t.Context(), func(tx flow.Tx) error {
			_, err := tx.Calendars.Events(v.ID)
			require.NoError(t, err)
			return tx.Calendars.Save(&first)
		})
		require.True(t, fault.Is(err, fault.Stale), "%v", err)
	})
}

func TestNotesAboutCalendarEntries(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		v := aVisit(t, 1, id("customer", 1), id("person", 1), "", "2027-03-10", slot.AM)
		at := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
		moved := flow.CalendarNote{VisitID: v.ID, At: at, Kind: flow.NoteMoved, Words: "to Friday"}
		said := flow.CalendarNote{VisitID: v.ID, At: at.Add(time.Hour), Kind: flow.NoteAnswered, Guest: "ann@vendor.example", Field: "time", Words: "accepted"}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Visits.Save(v))
			require.NoError(t, tx.Notes.Add(moved, said))
			require.NoError(t, tx.Notes.Add(moved))
		})
		read(t, st, func(tx flow.Tx) {
			got, err := tx.Notes.Of(v.ID)
			require.NoError(t, err)
			require.Equal(t, []flow.CalendarNote{moved, said, moved}, got)
			got, err = tx.Notes.Of("nobody's")
			require.NoError(t, err)
			require.Empty(t, got)
		})
		write(t, st, func(tx flow.Tx) {
			for range flow.MostNotes {
				require.NoError(t, tx.Notes.Add(said))
			}
			require.NoError(t, tx.Notes.Add(moved))
			got, err := tx.Notes.Of(v.ID)
			require.NoError(t, err)
			require.Len(t, got, flow.MostNotes, "the newest ones")
			require.Equal(t, []flow.CalendarNote{said, moved}, got[flow.MostNotes-2:])
		})
	})
}

// The plan that takes over is saved after the one that it replaces.
func TestOnePublishedPlanPerYear(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		old, next := &visit.Plan{ID: "old", Year: 2027, State: visit.Live}, &visit.Plan{ID: "next", Year: 2027, State: visit.Draft}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Plans.Save(old))
			require.NoError(t, tx.Plans.Save(next))
			next.State = visit.Live
			require.True(t, isConflict(tx.Plans.Save(next)))
			require.Equal(t, 1, next.Version)
			old.State = visit.Superseded
			require.NoError(t, tx.Plans.Save(old))
			require.NoError(t, tx.Plans.Save(next))
		})
	})
}
