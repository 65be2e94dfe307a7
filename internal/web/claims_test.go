package web_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/roster"
)

// claimOf gives a claim of three customers: one backs it, one denies it, one does both.
// broad gives one that may leave as a finding.
func (s *story) claimOf(id string, broad bool) flow.ClaimView {
	w := flow.ClaimView{MayMake: true, Today: s.today, Customers: map[string]string{}, MadeName: s.nameOf("Vera"), Base: s.nameOf("draw"), Recent: []flow.HeldVisit{{ID: "v1", Customer: s.nameOf("Acme"), On: s.today}}}
	w.KeptClaim = flow.KeptClaim{Claim: insight.Claim{ID: id, Topic: s.nameOf("pricing"), Text: s.nameOf("Prices are hard to compare")}, MadeAt: s.now, Version: 2}
	f := insight.Frame{Customers: map[string]int{"EN": 40, "RT": 60}, Places: map[string]insight.Place{}}
	n := 3
	if broad {
		n = 20
	}
	var plain []insight.Statement
	for i := range n {
		c := s.customers[i%len(s.customers)].ID + itoa(i)
		f.Places[c] = insight.Place{Stratum: []string{"EN", "RT"}[i%2], Weight: 5}
		w.Customers[c] = s.nameOf("Customer")
		x := insight.Statement{ID: "st" + itoa(i), CustomerID: c, VisitID: "v1", ClaimID: id, Source: insight.Said, By: s.nameOf("Ms Li"), On: s.today.Add(-10 - 50*(i%3)), Text: s.nameOf("I never know"), Side: insight.For, Asked: true}
		if i == 1 && !broad {
			x.Side = insight.Against
		}
		plain = append(plain, x)
	}
	against := plain[0]
	against.ID, against.By, against.Side = "contra", s.nameOf("Mr Wu"), insight.Against
	guess := insight.Statement{ID: "guess", CustomerID: plain[1].CustomerID, ClaimID: id, Source: insight.Guessed, On: s.today, Text: s.nameOf("They will not say"), Side: insight.For}
	plain = append(plain, against, guess)
	w.Evidence = insight.Weigh(w.Claim, plain, f, s.today, insight.StaleDays)
	for i, x := range plain {
		v := flow.StatementView{KeptStatement: flow.KeptStatement{Statement: x, Version: 1}, Customer: s.nameOf("Customer"), HeardName: s.nameOf("Ana"), Group: s.nameOf("Energy"), Stale: x.Stale(s.today, insight.StaleDays), MayChange: true, Today: s.today}
		if i == 2 {
			v.Withdrawn, v.Why, v.MayChange = s.today, s.nameOf("wrong customer"), false
		}
		w.Statements = append(w.Statements, v)
		if v.Stale {
			w.Again = append(w.Again, v)
		}
	}
	for _, v := range w.Evidence.Voices {
		w.Voices = append(w.Voices, flow.VoiceView{Voice: v, Customer: s.nameOf("Customer"), Group: s.nameOf("Energy")})
	}
	w.Contradictions = insight.Contradictions(id, plain)
	for _, x := range insight.NextStrata(w.Evidence, f, 5) {
		w.Next = append(w.Next, flow.NeedView{Need: x, Label: s.nameOf("Retail")})
	}
	return w
}

func itoa(n int) string { return string(rune('a' + n)) }

func (s *story) Claims(context.Context, access.Actor) (flow.ClaimsView, error) {
	v := flow.ClaimsView{MayMake: true, Today: s.today}
	if len(s.customers) == 0 {
		return v, s.failing("claims")
	}
	strong, weak := s.claimOf("strong", true), s.claimOf("weak", false)
	shut := weak.ClaimRow
	shut.ID, shut.Closed, shut.Why = "shut", s.today, s.nameOf("settled")
	v.Claims, v.Closed, v.Base = []flow.ClaimRow{strong.ClaimRow, weak.ClaimRow}, []flow.ClaimRow{shut}, s.nameOf("draw")
	loose := weak.Statements[0]
	loose.ClaimID, loose.Side = "", insight.Neither
	v.Loose = []flow.StatementView{loose}
	return v, s.failing("claims")
}

func (s *story) Claim(_ context.Context, _ access.Actor, id string) (flow.ClaimView, error) {
	w := s.claimOf(id, id == "strong")
	switch id {
	case "strong", "weak":
	case "shut":
		w.Closed, w.Why, w.Next = s.today, s.nameOf("settled"), nil
	case "empty":
		w = flow.ClaimView{ClaimRow: flow.ClaimRow{KeptClaim: w.KeptClaim, Evidence: insight.Weigh(w.Claim, nil, insight.Frame{}, s.today, 90)}, MayMake: true, Today: s.today}
	default:
		return w, fault.NotFoundf("There is no such claim.")
	}
	return w, s.failing("claim")
}

func (s *story) MakeClaim(_ context.Context, _ access.Actor, k flow.Key, words, topic string) (flow.ClaimView, error) {
	return s.claimOf("new", false), s.change("make claim", k.Key, words, topic)
}

func (s *story) EditClaim(_ context.Context, _ access.Actor, id string, version int, words, topic string) (flow.ClaimView, error) {
	return flow.ClaimView{}, s.change("edit claim", id, version, words, topic)
}

func (s *story) CloseClaim(_ context.Context, _ access.Actor, id string, version int, closed bool, why string) (flow.ClaimView, error) {
	return flow.ClaimView{}, s.change("close claim", id, version, closed, why)
}

func (s *story) Findings(_ context.Context, _ access.Actor, id string) ([]flow.ClaimRow, error) {
	if id == "weak" {
		return nil, s.claimOf(id, false).Evidence.CheckExport()
	}
	r := s.claimOf("strong", true).ClaimRow
	r.Text = `=HYPERLINK("http://evil.example")`
	return []flow.ClaimRow{r}, s.failing("findings")
}

func (s *story) AddStatement(_ context.Context, _ access.Actor, in flow.StatementInput) (flow.StatementView, error) {
	return flow.StatementView{}, s.change("add statement", in)
}

func (s *story) AttachStatement(_ context.Context, _ access.Actor, id string, version int, claim string, side insight.Side, asked bool) (flow.StatementView, error) {
	return flow.StatementView{}, s.change("attach", id, version, claim, side, asked)
}

func (s *story) StepStatement(_ context.Context, _ access.Actor, id string, version int, step flow.StatementStep, why string) (flow.StatementView, error) {
	return flow.StatementView{}, s.change("step", id, version, step, why)
}

func TestClaimPages(t *testing.T) {
	s := makeStory(size{executives: 3, customers: 9, visits: 20, text: hostile}).live()
	site := open(t, s, access.Actor{PersonID: uuidOf(3, 0), Name: "VP", Roles: []roster.Role{roster.VP}})
	for path, wants := range map[string][]string{
		"/claims":        {"Prices are hard to compare", insight.BelowMinimum, "grade ", "Put to the claim", "Closed", `href="/claims"`, "groups"},
		"/claims/weak":   {insight.BelowMinimum, "Whom to ask next", "To be said again", "What speaks against each other", "our guess", "wrong customer", "At which visit", "backs it", "denies it"},
		"/claims/strong": {"As CSV", "grade "},
		"/claims/shut":   {"Open it again", "settled"},
		"/claims/empty":  {"No customer has said anything", "There is none yet", "No visit was held"},
	} {
		w := site.get(path)
		require.Equal(t, 200, w.Code, path)
		for _, want := range wants {
			require.Contains(t, w.Body.String(), want, path)
		}
		sound(t, w.Body.Bytes())
	}
	require.NotContains(t, site.get("/claims/weak").Body.String(), "As CSV")
	require.Equal(t, 404, site.get("/claims/none").Code)
	empty := open(t, makeStory(size{}), actors(s)["vp"])
	require.Contains(t, empty.get("/claims").Body.String(), "Nobody has claimed anything yet")

	// What does not reach far enough stays here, and a cell runs nothing.
	w := site.get("/claims/weak/finding.csv")
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "cannot be exported as a finding")
	sound(t, w.Body.Bytes())
	w = site.get("/claims/findings.csv")
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "\"'=HYPERLINK(")
	require.Contains(t, w.Header().Get("Content-Disposition"), "findings.csv")

	for _, c := range []struct{ path, form, call, to string }{
		{"/claims", "key=k&text=It+is+slow&topic=speed", "make claim k It is slow speed", "/claims/new?done=claimed"},
		{"/claims/weak", "version=2&words=It+is+slow&topic=", "edit claim weak 2 It is slow", "/claims/weak?done=claim_changed"},
		{"/claims/weak", "version=2&do=close&why=settled", "close claim weak 2 true settled", "/claims/weak?done=claim_changed"},
		{"/claims/shut", "version=2&do=open", "close claim shut 2 false", "/claims/shut?done=claim_changed"},
		{"/claims/weak/statements", "visit=v1&source=said&by=Ms+Li&text=No&side=against&asked=yes", "add statement {said v1  Ms Li No   weak against true}", "/claims/weak?done=statement_added"},
		{"/claims/weak/statements", "visit=v1&source=guessed&by=Ms+Li&text=No&side=against&asked=yes", "add statement {guessed v1   No   weak against false}", "/claims/weak?done=statement_added"},
		{"/statements/sta", "version=1&claim=weak&side=for&asked=yes&from=/claims", "attach sta 1 weak for true", "/claims?done=statement_changed"},
		{"/statements/sta", "version=1&step=withdraw&why=wrong&from=/claims/weak", "step sta 1 withdraw wrong", "/claims/weak?done=statement_changed"},
	} {
		form, err := url.ParseQuery(c.form)
		require.NoError(t, err)
		s.calls = nil
		w := site.post(c.path, form)
		require.Equal(t, c.to, w.Header().Get("Location"), c.form)
		require.Equal(t, []string{c.call}, s.calls)
	}
	// What is wrong is named beside its field, and nothing that was typed is lost.
	s.fail["make claim"] = fault.Invalidf("The claim cannot be kept.").With(fault.Detail{Where: "text", Expected: "a sentence"})
	s.fail["edit claim"] = fault.Invalidf("The claim cannot be kept.").With(fault.Detail{Where: "text", Expected: "a sentence"})
	s.fail["add statement"] = fault.Invalidf("It cannot be kept.").With(fault.Detail{Where: "by", Expected: "a name"})
	s.fail["step"] = fault.Stalef("Somebody has changed this statement meanwhile.")
	for _, c := range []struct {
		path, form, want, kept string
		code                   int
	}{
		{"/claims", "text=%3Cb%3E&topic=speed", "#f-text", "&lt;b&gt;", 422},
		{"/claims/weak", "version=2&words=%3Cb%3E&topic=speed", "#f-words", "&lt;b&gt;", 422},
		{"/claims/weak/statements", "visit=v1&source=said&text=typed+by+hand", "#f-by", "typed by hand", 422},
		{"/claims/weak/statements", "source=said&text=typed+by+hand", "#f-visit", "typed by hand", 422},
		{"/statements/sta", "version=1&step=over&from=/claims/weak", "meanwhile", "Prices", 409},
		{"/statements/sta", "version=1&step=over&from=//evil.example", "meanwhile", "Prices", 409},
		{"/statements/sta", "version=x", "There is a problem", "Prices", 422},
	} {
		form, err := url.ParseQuery(c.form)
		require.NoError(t, err)
		w := site.post(c.path, form)
		require.Equal(t, c.code, w.Code, c.form)
		require.Contains(t, w.Body.String(), c.want, c.form)
		require.Contains(t, w.Body.String(), c.kept, c.form)
		sound(t, w.Body.Bytes())
	}
	for _, name := range []string{"claims", "claim", "findings"} {
		s.fail[name] = fault.Deniedf("no")
	}
	for _, path := range []string{"/claims", "/claims/weak", "/claims/findings.csv"} {
		require.Equal(t, 403, site.get(path).Code)
	}
}
