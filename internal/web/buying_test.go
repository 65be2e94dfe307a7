package web_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

func (s *story) Buying(_ context.Context, a access.Actor) (flow.BuyingView, error) {
	return flow.BuyingView{Buying: visit.UsualBuying(), Standing: map[string]int{"fear": 3}, Fiscal: visit.UsualFiscal(), MayChange: access.Decide(a, access.SetBuying, access.Subject{}).Allowed}, s.failing("buying")
}

func (s *story) SetBuying(_ context.Context, a access.Actor, b visit.Buying, moved map[string]string, _ string) error {
	if err := access.Require(a, access.SetBuying, access.Subject{}); err != nil {
		return err
	}
	if err := s.failing("set buying"); err != nil {
		return err
	}
	if err := b.Check(); err != nil {
		return err
	}
	if _, stays := b.Stage("fear"); !stays && moved["fear"] == "" {
		return fault.Conflictf("Customers stand on a stage that this list no longer has.").With(fault.Detail{Where: "moved.fear", Value: "Fear", Expected: "the stage at which its customers stand from now on: Novartis"})
	}
	return nil
}

func (s *story) SetFiscal(_ context.Context, a access.Actor, x visit.Fiscal, _ string) error {
	if err := access.Require(a, access.SetBuying, access.Subject{}); err != nil {
		return err
	}
	if err := s.failing("set fiscal"); err != nil {
		return err
	}
	return x.Check()
}

func (s *story) MoveCustomer(_ context.Context, _ access.Actor, _ flow.Key, id string, in flow.MoveInput) (flow.CustomerView, error) {
	_, err := visit.UsualBuying().Turn(id, in.Action, slot.MustDate("2027-03-01"), "")
	return flow.CustomerView{}, err
}

// The list is typed, not clicked: a line that cannot be read is named, and so is a stage on
// which customers stand.
func TestBuyingStages(t *testing.T) {
	s := makeStory(sampleSize)
	vp := open(t, s, actors(s)["vp"])
	page := vp.get("/admin/buying").Body.String()
	require.Contains(t, page, "research | Research | early")
	require.Contains(t, page, "named_deciders | named who decides, and how | research")
	require.Contains(t, page, `href="/customers?stage=fear"`)
	stages, actions := "change | Change | early\nlate | Late | late\n", "a | told us | change\nb | said yes | late\n"
	ask := func(stages, actions, moved string) (int, string) {
		w := vp.post("/admin/buying", formOf("stages", stages, "actions", actions, "moved", moved))
		return w.Code, w.Body.String()
	}
	code, body := ask(stages+"no bars here\n", actions, "")
	require.Equal(t, 422, code)
	require.Contains(t, body, "Look at line 3.")
	require.Contains(t, body, "no bars here", "what was typed stays")
	code, body = ask(stages, "a | told us | nowhere\n", "")
	require.Equal(t, 422, code)
	require.Contains(t, body, "the code of a stage of the list (actions[0].stage)")
	code, body = ask(stages, actions, "")
	require.Equal(t, 409, code)
	require.Contains(t, body, "Novartis")
	code, _ = ask(stages, actions, "fear = late\n")
	require.Equal(t, 303, code)
	require.Equal(t, 303, vp.post("/admin/buying/fiscal", formOf("fiscal_start", "2", "quarter_end_days", "10")).Code)
	for _, bad := range [][2]string{{"13", "10"}, {"0", "10"}, {"x", "10"}, {"2", "46"}, {"2", "-1"}, {"2", ""}} {
		require.Equal(t, 422, vp.post("/admin/buying/fiscal", formOf("fiscal_start", bad[0], "quarter_end_days", bad[1])).Code, "%v", bad)
	}
	host := open(t, s, actors(s)["host"])
	require.NotContains(t, host.get("/admin/buying").Body.String(), "<textarea")
	require.Equal(t, 403, host.post("/admin/buying", formOf("stages", stages, "actions", actions)).Code)
}

// What we did ourselves moves no customer.
func TestNoteWhatACustomerDid(t *testing.T) {
	s := makeStory(sampleSize)
	host, id := open(t, s, actors(s)["host"]), s.customers[0].ID
	w := host.post("/customers/"+id+"/actions", formOf("action", "sent_offer", "key", "k"))
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "an action of the customer from the list")
	require.Equal(t, 422, host.post("/customers/"+id+"/actions", formOf("action", "said_yes", "on", "yesterday", "key", "k")).Code)
	require.Equal(t, "/customers/"+id+"?done=moved", host.post("/customers/"+id+"/actions", formOf("action", "said_yes", "on", "2027-03-01", "key", "k")).Header().Get("Location"))
}

// formOf makes a form of names and values in turn.
func formOf(pairs ...string) url.Values {
	out := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}
