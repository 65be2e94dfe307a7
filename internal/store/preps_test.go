package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// How far visits are prepared comes out of four tables as what it is.
func TestPreps(t *testing.T) {
	engines(t, func(t *testing.T, st *store.Store) {
		company(t, st)
		now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
		bare := oneVisit(t, st, "a", visit.Published)
		full := *aVisit(t, 2, "customer-0002", "person-0001", "person-0003", "2027-03-05", slot.AM)
		full.ID, full.State, full.Objective, full.Theirs.Words = "b", visit.Agreed, "<b>Agree</b>", "See it"
		full.Agenda, full.Contacts = []visit.AgendaItem{{What: "Tour"}}, []roster.Contact{{Email: "eva@x.example"}}
		held := *aVisit(t, 3, "customer-0002", "person-0001", "person-0003", "2027-02-05", slot.AM)
		held.ID, held.State = "c", visit.Debriefed
		bare.Objective, bare.Contacts, bare.Agenda = "", nil, nil
		gone := *aVisit(t, 4, "customer-0002", "person-0001", "person-0003", "2027-03-07", slot.AM)
		gone.ID, gone.State = "d", visit.Cancelled
		write(t, st, func(tx flow.Tx) {
			require.NoError(t, tx.Visits.Save(&bare, &full, &held, &gone))
			require.NoError(t, tx.Briefs.Save(&visit.Brief{VisitID: "b", Asks: []visit.Ask{{Text: "?"}}, AgendaBy: "Ms Li", AgendaOn: slot.MustDate("2027-02-01"), Confirmed: slot.MustDate("2027-02-02")}))
			require.NoError(t, tx.Briefs.Save(&visit.Brief{VisitID: "a", People: []visit.Attendee{{Name: "Ours"}}}))
			require.NoError(t, tx.Briefs.Save(&visit.Brief{VisitID: "c", People: []visit.Attendee{{Name: "Theirs", Theirs: true}}}))
			require.NoError(t, tx.Briefs.AddLink(visit.Link{ID: "l", Hash: "h", VisitID: "b", MadeAt: now.Add(-time.Hour), Expires: now.Add(time.Hour)}))
			require.NoError(t, tx.Memos.Save(&flow.KeptMemo{Memo: insight.Memo{VisitID: "c", CustomerID: "customer-0002", Sent: slot.MustDate("2027-02-07")}}))
		})
		read(t, st, func(tx flow.Tx) {
			find := func(q flow.PrepQuery) []visit.Ready {
				q.Now = now
				got, err := tx.Preps.Find(q)
				require.NoError(t, err)
				return got
			}
			year := flow.PrepQuery{From: slot.MustDate("2027-01-01"), To: slot.MustDate("2027-12-31")}
			all := find(year)
			require.Len(t, all, 3, "what was called off needs no steps")
			require.Equal(t, visit.Ready{VisitID: "c", CustomerID: "customer-0002", ExecutiveID: "person-0001", HostID: held.HostID, PlanID: held.PlanID, Slot: held.Slot, State: visit.Debriefed, Over: true,
				Ours: held.Objective != "", People: true, MemoSent: true}, all[0])
			require.Equal(t, "a", all[1].VisitID)
			require.False(t, all[1].Asked || all[1].People || all[1].Ours || all[1].Asks || all[1].Over)
			require.Equal(t, visit.Ready{VisitID: "b", CustomerID: "customer-0002", ExecutiveID: "person-0001", HostID: full.HostID, PlanID: full.PlanID, Slot: full.Slot, State: visit.Agreed,
				Ours: true, Theirs: true, Agenda: true, AgendaBy: "Ms Li", Sure: true, Asks: true, People: true, Asked: true}, all[2])
			year.HostID = "person-0002"
			require.Empty(t, find(year))
			year.HostID, year.From = "person-0003", slot.MustDate("2027-03-05")
			require.Len(t, find(year), 1)
			newest, _, err := tx.Visits.Find(flow.VisitQuery{Scope: access.Scope{All: true}, Newest: true, Limit: 2, Bare: true})
			require.NoError(t, err)
			require.Equal(t, []string{"d", "b"}, []string{newest[0].ID, newest[1].ID})
			brief, err := tx.Briefs.Get("b")
			require.NoError(t, err)
			require.Equal(t, slot.MustDate("2027-02-01"), brief.AgendaOn)
		})
	})
}
