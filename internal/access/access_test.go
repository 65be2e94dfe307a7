package access

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/roster"
)

var (
	admin     = Actor{PersonID: "admin", Roles: []roster.Role{roster.Administrator}}
	vp        = Actor{PersonID: "vp", Roles: []roster.Role{roster.VP, roster.Executive}}
	ceo       = Actor{PersonID: "ceo", Roles: []roster.Role{roster.CEO, roster.Executive}}
	cto       = Actor{PersonID: "cto", Roles: []roster.Role{roster.Executive}}
	assistant = Actor{PersonID: "assistant", Roles: []roster.Role{roster.Assistant}, Serves: []string{"cto"}}
	host      = Actor{PersonID: "host", Roles: []roster.Role{roster.Host}}
	nobody    = Actor{}
)

func TestWhoMay(t *testing.T) {
	ctoVisit := Subject{ExecutiveID: "cto", HostID: "host"}
	otherVisit := Subject{ExecutiveID: "cfo", HostID: "other"}
	for _, c := range []struct {
		action  Action
		subject Subject
		may     []Actor
		mayNot  []Actor
	}{
		{ImportRoster, Subject{}, []Actor{admin, vp}, []Actor{ceo, cto, assistant, host, nobody}},
		{MakeSelection, Subject{}, []Actor{vp}, []Actor{admin, ceo, cto, assistant, host, nobody}},
		{MakePlan, Subject{}, []Actor{vp}, []Actor{admin, ceo, cto, assistant, host, nobody}},
		{PublishPlan, Subject{}, []Actor{vp}, []Actor{admin, ceo, cto, assistant, host, nobody}},
		{SeePlan, Subject{}, []Actor{vp, ceo, admin}, []Actor{cto, assistant, host, nobody}},
		{SeeCoverage, Subject{}, []Actor{vp, ceo}, []Actor{admin, cto, assistant, host, nobody}},
		{SeeCustomers, Subject{}, []Actor{vp, ceo, admin, host}, []Actor{cto, assistant, nobody}},
		{SeeVisit, ctoVisit, []Actor{vp, ceo, admin, cto, assistant, host}, []Actor{nobody}},
		{SeeVisit, otherVisit, []Actor{vp, ceo, admin}, []Actor{cto, assistant, host, nobody}},
		{AnswerVisit, ctoVisit, []Actor{vp, cto, assistant}, []Actor{ceo, admin, host, nobody}},
		{RecordOutcome, ctoVisit, []Actor{vp, cto, assistant, host}, []Actor{ceo, admin, nobody}},
		{SettleVisit, ctoVisit, []Actor{vp, cto, assistant, host}, []Actor{ceo, admin, nobody}},
		{RecordOutcome, otherVisit, []Actor{vp}, []Actor{cto, assistant, host, ceo, admin, nobody}},
		{SeeOwnVisits, Subject{ExecutiveID: "cto"}, []Actor{vp, ceo, cto, assistant}, []Actor{admin, host, nobody}},
		{SeeConnections, Subject{}, []Actor{admin, vp}, []Actor{ceo, cto, assistant, host, nobody}},
		{ManageConnection, Subject{}, []Actor{admin}, []Actor{vp, ceo, cto, assistant, host, nobody}},
		{ManagePeople, Subject{}, []Actor{admin}, []Actor{vp, ceo, cto, assistant, host, nobody}},
		{SeeAlerts, Subject{}, []Actor{vp, ceo}, []Actor{admin, cto, assistant, host, nobody}},
		{SetBuying, Subject{}, []Actor{vp, admin}, []Actor{ceo, cto, assistant, host, nobody}},
		{MoveCustomer, Subject{HostID: "host"}, []Actor{vp, host}, []Actor{admin, ceo, cto, assistant, nobody}},
		{MoveCustomer, Subject{HostID: "other"}, []Actor{vp}, []Actor{host, nobody}},
		{SeeAudit, Subject{}, []Actor{admin}, []Actor{vp, ceo, cto, assistant, host, nobody}},
		{SetBuying, Subject{}, []Actor{vp, admin}, []Actor{ceo, cto, assistant, host, nobody}},
		{MoveCustomer, Subject{HostID: "host"}, []Actor{vp, host}, []Actor{admin, ceo, cto, assistant, nobody}},
		{MoveCustomer, Subject{HostID: "other"}, []Actor{vp}, []Actor{host, nobody}},
		{Action("what no rule names"), Subject{}, nil, []Actor{admin, vp, ceo, cto, assistant, host, nobody}},
	} {
		for _, a := range c.may {
			require.NoError(t, Require(a, c.action, c.subject), "%s: %s", a.PersonID, c.action)
		}
		for _, a := range c.mayNot {
			err := Require(a, c.action, c.subject)
			require.Error(t, err, "%s: %s", a.PersonID, c.action)
			want := fault.Denied
			if a.PersonID == "" {
				want = fault.Unauthenticated
			}
			require.Equal(t, want, fault.KindOf(err))
			require.NotEmpty(t, Decide(a, c.action, c.subject).Reason)
		}
	}
}

func TestDraftsAreForThoseWhoSeePlans(t *testing.T) {
	draft := Subject{ExecutiveID: "cto", HostID: "host", Draft: true}
	for _, a := range []Actor{vp, ceo, admin} {
		require.NoError(t, Require(a, SeeVisit, draft))
	}
	for _, a := range []Actor{cto, assistant, host, nobody} {
		require.Error(t, Require(a, SeeVisit, draft))
	}
}

func TestAnEmptySubjectBelongsToNobody(t *testing.T) {
	odd := Actor{PersonID: "", Roles: []roster.Role{roster.Executive, roster.Host, roster.Assistant}, Serves: []string{""}}
	require.Error(t, Require(odd, SeeVisit, Subject{}))
	signedIn := Actor{PersonID: "x", Roles: odd.Roles, Serves: []string{""}}
	require.Error(t, Require(signedIn, SeeVisit, Subject{}), "a visit without executive and host is nobody's own")
}

func TestScopes(t *testing.T) {
	require.Equal(t, Scope{All: true}, Customers(vp))
	require.Equal(t, Scope{HostID: "host"}, Customers(host))
	require.Equal(t, Scope{}, Customers(cto), "an executive sees no list of customers")
	require.Equal(t, Scope{}, Visits(nobody))
	require.Equal(t, Scope{ExecutiveIDs: []string{"cto"}}, Visits(cto))
	require.Equal(t, Scope{ExecutiveIDs: []string{"cto"}}, Visits(assistant))
	require.True(t, Visits(System("jobs")).All)
}
