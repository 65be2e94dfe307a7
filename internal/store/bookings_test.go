package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

func isConflict(err error) bool { return fault.Is(err, fault.Conflict) }
func isNil(err error) bool      { return err == nil }

var year = slot.Interval{Start: slot.MustDate("2027-01-01"), End: slot.MustDate("2027-12-31")}

// Two visits of one person in one half-day: exactly one is booked, whoever comes
// at once (invariant I4).
func TestRacersForOneHalfDay(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		for round := range 5 {
			date := fmt.Sprintf("2027-03-%02d", 10+round)
			var all [8]*visit.Visit
			write(t, st, func(tx flow.Tx) {
				for i := range all {
					all[i] = aVisit(t, round*10+i, id("customer", 1), id("person", 1), "", date, slot.AM)
					require.NoError(t, tx.Visits.Save(all[i]))
				}
			})
			errs := race(len(all), func(i int) error {
				return st.Write(context.Background(), func(tx flow.Tx) error { return tx.Bookings.Book(booking(all[i])) })
			})
			require.Equal(t, 1, count(errs, isNil))
			require.Equal(t, len(all)-1, count(errs, isConflict), "%v", errs)
			for _, err := range errs {
				if err != nil {
					text, details := fault.Shown(err)
					require.Equal(t, "Person 0001 is taken on "+date+" am already.", text)
					require.Equal(t, "Person 0001, "+date+" am", details[0].Where)
				}
			}
		}
	})
}

// After a refusal nothing of the request stands, and the transaction can go on.
func TestBookIsWholeOrNothing(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		a := aVisit(t, 1, id("customer", 1), id("person", 1), "", "2027-03-10", slot.AM)
		b := aVisit(t, 2, id("customer", 2), id("person", 1), "", "2027-03-10", slot.AM)
		c := aVisit(t, 3, id("customer", 3), id("person", 1), "", "2027-03-10", slot.PM)
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Visits.Save(a, b, c))
			require.NoError(t, tx.Bookings.Book(booking(a)))
			require.NoError(t, tx.Bookings.Book(booking(a)), "the same again is no conflict")
			require.True(t, isConflict(tx.Bookings.Book(booking(c), booking(b))))
			require.True(t, isConflict(tx.Bookings.Book(booking(b), booking(b))))
			require.NoError(t, tx.Ledger.SetSetting("after", "the refusal"))
		})
		read(t, st, func(tx flow.Tx) {
			got, err := tx.Bookings.Between(year)
			require.NoError(t, err)
			require.Equal(t, []visit.Booking{booking(a)}, got)
		})
		// Two within one request are refused as well.
		err := st.Write(t.Context(), func(tx flow.Tx) error {
			x, y := booking(b), booking(c)
			x.Slot, y.Slot = slot.Slot{Date: year.Start, Half: slot.AM}, slot.Slot{Date: year.Start, Half: slot.AM}
			return tx.Bookings.Book(x, y)
		})
		require.True(t, isConflict(err))
		// Moving is a release and a booking; two visits may swap.
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Bookings.Book(booking(c)))
			require.NoError(t, tx.Bookings.Release(a.ID, c.ID))
			x, y := booking(a), booking(c)
			x.Slot, y.Slot = y.Slot, x.Slot
			require.NoError(t, tx.Bookings.Book(x, y))
			got, err := tx.Bookings.Between(slot.Interval{Start: a.Slot.Date, End: a.Slot.Date}, id("person", 1), "nobody")
			require.NoError(t, err)
			require.Equal(t, []visit.Booking{y, x}, got, "by half-day")
			none, err := tx.Bookings.Between(year, "nobody")
			require.NoError(t, err)
			require.Nil(t, none)
		})
	})
}

func TestLeaveAndVisits(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		v := aVisit(t, 1, id("customer", 1), id("person", 1), "", "2027-03-10", slot.AM)
		w := aVisit(t, 2, id("customer", 1), id("person", 1), "", "2027-03-11", slot.AM)
		leave := func(date string, half slot.Half) visit.Booking {
			return visit.Booking{PersonID: id("person", 1), Slot: slot.Slot{Date: slot.MustDate(date), Half: half}, Kind: visit.BookedLeave}
		}
		days := slot.Interval{Start: slot.MustDate("2027-03-10"), End: slot.MustDate("2027-03-11")}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Visits.Save(v, w))
			require.NoError(t, tx.Bookings.Book(booking(v)))
			require.NoError(t, tx.People.SetAbsences(id("person", 1), []roster.Absence{{Interval: days}}))
			require.NoError(t, tx.Bookings.Book(leave("2027-03-10", slot.AM), leave("2027-03-10", slot.PM), leave("2027-03-11", slot.AM)))
			got, err := tx.Bookings.Between(year)
			require.NoError(t, err)
			require.Equal(t, []visit.Booking{booking(v), leave("2027-03-10", slot.PM), leave("2027-03-11", slot.AM)}, got, "leave does not stop a visit")
			err = tx.Bookings.Book(booking(w))
			require.True(t, isConflict(err), "but a visit does not break leave")
			_, details := fault.Shown(err)
			require.Equal(t, "leave", details[0].Value)
			// Shorter leave frees the days after it.
			days.End = days.Start
			require.NoError(t, tx.People.SetAbsences(id("person", 1), []roster.Absence{{Interval: days}}))
			require.NoError(t, tx.Bookings.Book(booking(w)))
		})
	})
}

// Whatever is booked and released in whatever order, the database holds what a
// map with one place per half-day would hold.
func TestBookingsAgreeWithAMap(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		var all []*visit.Visit
		write(t, st, func(tx flow.Tx) {
			for n := range 12 {
				date := year.Start.Add(n % 2).String()
				half := []slot.Half{slot.AM, slot.PM}[n/2%2]
				all = append(all, aVisit(t, n, id("customer", 1), id("person", 1+n%3%2), "", date, half))
			}
			require.NoError(t, tx.Visits.Save(all...))
		})
		undo := errors.New("undo")
		rapid.Check(t, func(rt *rapid.T) {
			steps := rapid.SliceOfN(rapid.IntRange(0, 2*len(all)-1), 1, 25).Draw(rt, "steps")
			err := st.Write(context.Background(), func(tx flow.Tx) error {
				model := map[string]visit.Booking{}
				for _, n := range steps {
					b := booking(all[n/2])
					key := b.PersonID + b.Slot.String()
					if n%2 == 1 {
						if err := tx.Bookings.Release(b.VisitID); err != nil {
							return err
						}
						if model[key] == b {
							delete(model, key)
						}
						continue
					}
					held, taken := model[key]
					err := tx.Bookings.Book(b)
					if taken && held != b {
						if !isConflict(err) {
							return fmt.Errorf("%v over %v: %w", b, held, err)
						}
						continue
					}
					if err != nil {
						return err
					}
					model[key] = b
				}
				got, err := tx.Bookings.Between(year)
				if err != nil {
					return err
				}
				if len(got) != len(model) {
					return fmt.Errorf("%d booked, want %d", len(got), len(model))
				}
				for _, b := range got {
					if model[b.PersonID+b.Slot.String()] != b {
						return fmt.Errorf("%v is not in the model", b)
					}
				}
				return undo
			})
			if !errors.Is(err, undo) {
				rt.Fatal(err)
			}
		})
	})
}

// Who is taken by a visit of another year's plan is found, and by nobody's plan; the year's
// own are not read.
func TestBookingsOfOtherYears(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		of := func(n int, plan, date string) *visit.Visit {
			v := aVisit(t, n, id("customer", n), id("person", 1), "", date, slot.AM)
			v.PlanID = plan
			return v
		}
		own, older, free, early := of(1, "own", "2027-03-10"), of(2, "older", "2027-03-11"), of(3, "", "2027-03-12"), of(4, "older", "2026-12-30")
		write(t, st, func(tx flow.Tx) {
			for name, year := range map[string]int{"own": 2027, "older": 2026} {
				require.NoError(t, tx.Plans.Save(&visit.Plan{ID: name, Year: year, Name: name, State: visit.Live}))
			}
			for _, v := range []*visit.Visit{own, older, free, early} {
				require.NoError(t, tx.Visits.Save(v))
				require.NoError(t, tx.Bookings.Book(booking(v)))
			}
			require.NoError(t, tx.Bookings.Book(visit.Booking{PersonID: id("person", 1), Slot: slot.Slot{Date: slot.MustDate("2027-03-15"), Half: slot.AM}, Kind: visit.BookedLeave}))
		})
		read(t, st, func(tx flow.Tx) {
			got, err := tx.Bookings.OfOtherYears(2027, year)
			require.NoError(t, err)
			require.Equal(t, []visit.Booking{booking(older), booking(free)}, got)
			got, err = tx.Bookings.OfOtherYears(2026, year)
			require.NoError(t, err)
			require.Equal(t, []visit.Booking{booking(own), booking(free)}, got)
		})
	})
}
