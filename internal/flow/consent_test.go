package flow_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/seal"
)

// consenting is a consent page at which everybody permits everything; meanwhile is
// what happens while they do.
type consenting struct {
	asked     flow.ConsentAsk
	meanwhile func()
	revoked   []string
}

func (c *consenting) Page(ask flow.ConsentAsk) string {
	c.asked = ask
	return "http://google.example"
}

func (c *consenting) Redeem(context.Context, string, string) (flow.ConsentGrant, error) {
	c.meanwhile()
	return flow.ConsentGrant{Refresh: "lasting", Scopes: c.asked.Scopes, Subject: "1", Address: c.asked.Address}, nil
}

func (c *consenting) Revoke(_ context.Context, token string) error {
	c.revoked = append(c.revoked, token)
	return nil
}

// What was permitted but could not be stored is given back; what was stored is used
// at once.
func TestWhatIsPermittedIsStoredOrGivenBack(t *testing.T) {
	d := newDesk(t)
	d.company(1, 1)
	ring, err := seal.Parse("k:" + strings.Repeat("A", 43))
	require.NoError(t, err)
	page := &consenting{}
	f := flow.New(flow.Deps{Store: d.st, Calendars: d, Notifier: d, Now: d.Now, BaseURL: "http://windshield.example", Env: "test", Google: flow.Google{Consents: page, Keys: ring}})
	who := d.execs[0]
	connect := func() error {
		start, err := f.BeginConnect(t.Context(), access.ActorFor(who), "")
		require.NoError(t, err)
		_, err = f.FinishConnect(t.Context(), access.ActorFor(who), flow.ConsentAnswer{Keep: start.Keep, State: page.asked.State, Code: "code"})
		return err
	}
	become := func(roles ...roster.Role) {
		d.write(func(tx flow.Tx) {
			p, err := tx.People.Get(who.ID)
			require.NoError(t, err)
			p.Roles = roles
			require.NoError(t, tx.People.Save(&p))
		})
	}
	page.meanwhile = func() { become(roster.CEO) }
	require.True(t, fault.Is(connect(), fault.Denied))
	require.Equal(t, []string{"lasting"}, page.revoked)

	become(roster.Executive)
	page.meanwhile, page.revoked = func() {}, nil
	require.NoError(t, connect())
	require.Empty(t, page.revoked)
	require.True(t, slices.ContainsFunc(d.jobs, func(j flow.Job) bool { return j.Kind == flow.JobBusy }), "nobody waits an hour to be planned around")
}
