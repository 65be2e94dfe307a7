package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/store"
)

func TestWherePeopleLivedWhen(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		a, b := aPerson(1), aPerson(2)
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.People.Save(a, b)) })
		a.MoveTo("Asia/Tokyo", slot.MustDate("2027-03-01"))
		a.MoveTo("UTC", slot.MustDate("2027-04-01"))
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.People.Save(a)) })
		read(t, st, func(tx flow.Tx) {
			got, err := tx.People.Get(a.ID)
			require.NoError(t, err)
			require.Equal(t, a.Moves, got.Moves)
			require.Len(t, got.Moves, 3)
			got, err = tx.People.ByEmail(a.Email)
			require.NoError(t, err)
			require.Equal(t, a.Moves, got.Moves)
			all, err := tx.People.All()
			require.NoError(t, err)
			for _, p := range all {
				require.Len(t, p.Moves, map[string]int{a.ID: 3}[p.ID])
			}
		})
		a.MoveTo("Asia/Tokyo", slot.MustDate("2027-02-01"))
		write(t, st, func(tx flow.Tx) { require.NoError(t, tx.People.Save(a)) })
		read(t, st, func(tx flow.Tx) {
			got, err := tx.People.Get(a.ID)
			require.NoError(t, err)
			require.Equal(t, a.Moves, got.Moves)
		})
	})
}

// Two administrators take the role from each other at once: one stays.
func TestOneAdministratorStays(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		for round := range 5 {
			people := []*roster.Person{aPerson(10 + 2*round), aPerson(11 + 2*round)}
			for _, p := range people {
				p.Roles = []roster.Role{roster.Administrator}
			}
			write(t, st, func(tx flow.Tx) {
				before, err := tx.People.Administrators()
				require.NoError(t, err)
				for i := range before {
					before[i].Roles = []roster.Role{roster.Host}
					require.NoError(t, tx.People.Save(&before[i]))
				}
				require.NoError(t, tx.People.Save(people...))
			})
			errs := race(2, func(i int) error {
				return st.Write(context.Background(), func(tx flow.Tx) error {
					if _, err := tx.People.Administrators(); err != nil {
						return err
					}
					p, err := tx.People.Get(people[1-i].ID)
					if err != nil {
						return err
					}
					p.Roles = nil
					if err := tx.People.Save(&p); err != nil {
						return err
					}
					if left, err := tx.People.Administrators(); err != nil || len(left) == 0 {
						return fault.Conflictf("nobody stays")
					}
					return nil
				})
			})
			require.Equal(t, 1, count(errs, isNil), "%v", errs)
			write(t, st, func(tx flow.Tx) {
				left, err := tx.People.Administrators()
				require.NoError(t, err)
				require.Len(t, left, 1)
			})
		}
	})
}

// A name goes from the rows of its customer, an address from everywhere, in JSON and in
// plain text, whole words only; and the trail still holds.
func TestBlanking(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		const name, email = `Eva "Bo" Läng`, "eva@acme.example"
		mine, other := aCustomer(1, ""), aCustomer(2, "")
		mine.Contact = roster.Contact{Name: name, Email: email}
		other.Contact = roster.Contact{Name: name, Email: "else@acme.example"}
		mine.Values = map[string]string{"asked": "by " + strings.ToUpper(name) + ", not " + name + "ston; " + email + ".", "of": "no-" + email + " jo." + email + " " + email + ".au", "also": "ЁЛКА  ИВАНОВА 李小龙"}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.People.Save(aPerson(1), aPerson(2)))
			require.NoError(t, tx.Customers.Save(mine, other))
			for i := range 4 {
				require.NoError(t, tx.Ledger.Audit(flow.Entry{ActorID: "x", Action: "do", Subject: fmt.Sprint("connection/", i, email), Detail: "{}"}))
				require.NoError(t, tx.Ledger.Audit(flow.Entry{ActorID: "x", Action: "do", Subject: "customer/" + mine.ID, Detail: `{"who":"Eva \"Bo\" Läng"}`}))
				require.NoError(t, tx.Ledger.Audit(flow.Entry{ActorID: "x", Action: "connect", Subject: "connection/" + email, Detail: "{}"}))
			}
		})
		d := flow.DataOf{CustomerID: mine.ID, Words: []flow.Word{{From: name, To: "a contact"}, {From: email, To: "x@erased.invalid", Anywhere: true}, {From: "Ёлка Иванова", To: "she"}, {From: "李小龙", To: "he"}}}
		read(t, st, func(tx flow.Tx) {
			held, err := tx.Personal.Held(d)
			require.NoError(t, err)
			tables := map[string]int{}
			for _, h := range held {
				tables[h.Table]++
				require.NotContains(t, h.Fields, "hash")
			}
			require.Equal(t, map[string]int{"customers": 1, "audit": 8}, tables)
			_, broken, err := tx.Ledger.Verify()
			require.NoError(t, err)
			require.Zero(t, broken)
		})
		write(t, st, func(tx flow.Tx) {
			rows, blanked, err := tx.Personal.Blank(d)
			require.NoError(t, err)
			require.Equal(t, map[string]int{"customers": 1, "audit": 8}, rows)
			require.Len(t, blanked, 8)
		})
		read(t, st, func(tx flow.Tx) {
			c, err := tx.Customers.Get(mine.ID)
			require.NoError(t, err)
			require.Equal(t, roster.Contact{Name: "a contact", Email: "x@erased.invalid"}, c.Contact)
			require.Equal(t, map[string]string{"asked": "by a contact, not " + name + "ston; x@erased.invalid.", "of": "no-" + email + " jo." + email + " " + email + ".au", "also": "she he"}, c.Values)
			require.Equal(t, mine.Version+1, c.Version, "who edits it looks again")
			c, err = tx.Customers.Get(other.ID)
			require.NoError(t, err)
			require.Equal(t, name, c.Contact.Name, "somebody else")
			_, broken, err := tx.Ledger.Verify()
			require.NoError(t, err)
			require.EqualValues(t, 2, broken, "nobody has said why entries were blanked")
		})
	})
}

// A blanked entry holds where a later erasure names it just so, and nowhere else.
func TestBlankedEntriesAreExplained(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		person := aPerson(1)
		d := flow.DataOf{PersonID: person.ID, Words: []flow.Word{{From: "eva@acme.example", To: "gone@erased.invalid", Anywhere: true}}}
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.People.Save(person))
			for i := range 3 {
				require.NoError(t, tx.Ledger.Audit(flow.Entry{ActorID: "x", Action: fmt.Sprint(i), Subject: "connection/eva@acme.example", Detail: "{}"}))
			}
		})
		verify := func() (broken int64) {
			read(t, st, func(tx flow.Tx) {
				var err error
				_, broken, err = tx.Ledger.Verify()
				require.NoError(t, err)
			})
			return broken
		}
		write(t, st, func(tx flow.Tx) {
			_, blanked, err := tx.Personal.Blank(d)
			require.NoError(t, err)
			detail := fmt.Sprintf(`{"blanked":{"1":%q,"2":%q,"3":%q}}`, blanked["1"], blanked["2"], blanked["3"])
			require.NoError(t, tx.Ledger.Audit(flow.Entry{ActorID: "x", Action: flow.EraseAction, Detail: detail}))
		})
		require.Zero(t, verify())
		execute(t, st, "UPDATE audit SET subject = 'connection/other' WHERE seq = 2")
		require.EqualValues(t, 2, verify(), "blanked to something else than was said")
		execute(t, st, "UPDATE audit SET subject = 'connection/gone@erased.invalid' WHERE seq = 2")
		require.Zero(t, verify())
		execute(t, st, "UPDATE audit SET action = 'other' WHERE seq = 4")
		require.EqualValues(t, 1, verify(), "the erasure itself was touched")
	})
}
