package demo

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/flow"
	"windshield/internal/insight"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// What customers of the sample company back. Of the last, one has heard once: it is one
// data point, not a finding.
var demoClaims = []struct{ text, topic, said, denied string }{
	{"A firm delivery date matters more than a low price", "delivery", "We would rather wait two weeks and know the day than be promised tomorrow.", "Price comes first here; we can wait."},
	{"One invoice per site would save customers work", "invoicing", "We take your invoice apart by hand, every month, at nine sites.", "Our system does that for us."},
	{"The new portal confuses buyers", "portal", "I called your people because I could not find my own order.", ""},
}

const (
	debriefsTold = 40 // at most, of the visits that the sample company has behind it
	visitsTold   = 12 // that are prepared, more or less
	memosTold    = 5
)

// hear lets hosts debrief what is behind them and prepare what comes, so that no page
// is empty: some visits are ready, some wait for the customer, some for the host.
func (s story) hear(ctx context.Context) error {
	claims, err := s.app.Flow.Claims(ctx, teller)
	if err != nil || len(claims.Claims)+len(claims.Closed) > 0 {
		return err // an earlier run has done so
	}
	ids := make([]string, len(demoClaims))
	for i, c := range demoClaims {
		v, err := s.app.Flow.MakeClaim(ctx, teller, flow.Key{}, c.text, c.topic)
		if err != nil {
			return err
		}
		ids[i] = v.ID
	}
	held, err := s.behind(ctx)
	if err != nil {
		return err
	}
	for i, v := range held {
		if err := s.debrief(ctx, i, v, ids); err != nil {
			return err
		}
	}
	for i, v := range held[max(0, len(held)-memosTold):] {
		if err := s.memo(ctx, i, v); err != nil {
			return err
		}
	}
	if err := s.closeLoops(ctx); err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Debriefed %d visits of last autumn.\n", len(held))
	return nil
}

// behind gives the visits that were held with their host, by date.
func (s story) behind(ctx context.Context) ([]flow.VisitView, error) {
	all, _, err := s.app.Flow.Visits(ctx, teller, flow.VisitQuery{States: []visit.State{visit.Held}, To: slot.DateOf(time.Now(), time.UTC), Limit: 200})
	all = slices.DeleteFunc(all, func(v flow.VisitView) bool { return v.Host.ID == "" || !v.Visit.Start.Before(time.Now()) })
	return all[max(0, len(all)-debriefsTold):], err
}

// debrief files what came of a visit, as its host.
func (s story) debrief(ctx context.Context, i int, v flow.VisitView, claims []string) error {
	d := insight.Debrief{Held: true, Kind: v.Visit.Kind, WithHost: v.Visit.WithHost, Ours: insight.Yes, Theirs: insight.Yes,
		Present: []insight.Attendee{{Party: insight.Us, PersonID: v.Executive.ID, Name: v.Executive.Name}, {Party: insight.Us, PersonID: v.Host.ID, Name: v.Host.Name}}}
	by := v.Customer.Contact.Name
	if by == "" {
		by = "Head of Purchasing"
	}
	d.Present = append(d.Present, insight.Attendee{Party: insight.Them, Name: by})
	say := func(claim int, text string, side insight.Side, asked bool, about insight.About) {
		d.Said = append(d.Said, insight.Statement{Source: insight.Said, By: by, Text: text, About: about, ClaimID: claims[claim], Side: side, Asked: asked})
	}
	switch {
	case i%8 == 5:
		say(0, demoClaims[0].denied, insight.Against, true, insight.Goals)
	default:
		say(0, demoClaims[0].said, insight.For, true, insight.Goals)
	}
	if i%3 != 0 {
		say(1, demoClaims[1].said, insight.For, i%6 != 1, insight.Obstacles)
	} else {
		say(1, demoClaims[1].denied, insight.Against, true, insight.Situation)
	}
	if i == 1 {
		say(2, demoClaims[2].said, insight.For, false, insight.Obstacles)
	}
	if i%4 == 2 {
		d.Ours, d.Theirs = insight.Partly, insight.NotKnown
	}
	day := v.Visit.Slot.Date
	switch i % 5 {
	case 0:
		d.Questions = []string{"Does the portal show orders by site?"}
	case 1:
		d.Commitments = []insight.Commitment{{Party: insight.Us, Who: v.Host.Name, What: "A visit of our logistics engineer", By: day.Add(21)}}
	case 2:
		d.Information = []string{"The list of references in your industry"}
	case 3:
		d.Commitments = []insight.Commitment{{Party: insight.Them, Who: by, What: "The numbers of last year by site", By: day.Add(14)}}
	}
	d.NextAction, d.NextBy = "You name who decides about delivery terms", day.Add(30)
	if i%2 == 0 {
		d.Action = "named_problem"
	}
	if i%6 == 4 {
		d.More = "We could have asked for the budget."
	}
	_, err := s.app.Flow.FileDebrief(ctx, access.ActorFor(v.Host), v.Visit.ID, 0, "demo", flow.DebriefInput{Debrief: d})
	return err
}

var linkToken = regexp.MustCompile(`/c/([0-9a-f]+)`)

// memo sends the memo of a visit, and lets the customer answer some of its lines: some are
// right, one is not quite, one meets silence.
func (s story) memo(ctx context.Context, i int, v flow.VisitView) error {
	if v.Customer.Contact.Email == "" {
		return nil
	}
	host := access.ActorFor(v.Host)
	draft, err := s.app.Flow.CustomerMail(ctx, host, v.Visit.ID, flow.ThanksMail)
	if err != nil {
		return err
	}
	before := len(s.mails.To(v.Customer.Contact.Email))
	_, err = s.app.Flow.SendCustomerMail(ctx, host, v.Visit.ID, draft.SendVersion(), flow.ThanksMail, flow.MailInput{To: v.Customer.Contact.Email, Subject: draft.Subject, Text: draft.Text})
	if err != nil || i%3 == 2 {
		return err // the third customer says nothing
	}
	token, err := s.mailed(ctx, v.Customer.Contact.Email, before)
	if err != nil {
		return err
	}
	replies := []flow.AfterReply{{Line: 0, Reply: insight.Confirms}}
	if i%2 == 1 && len(draft.Memo.Lines) > 1 {
		replies = append(replies, flow.AfterReply{Line: 1, Reply: insight.Corrected, Correction: "At eleven sites, and it takes us three days a month."})
	}
	_, err = s.app.Flow.AnswerAfter(ctx, token, "demo", []insight.Met{insight.Yes, insight.Partly}[i%2], replies)
	return err
}

// mailed gives the token of the link in the next mail to a customer: only the customer
// holds it, and the customers of the sample company read their mail at once.
func (s story) mailed(ctx context.Context, address string, before int) (string, error) {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for range 1000 {
		all := s.mails.To(address)
		for _, m := range all[min(before, len(all)):] {
			if token := linkToken.FindStringSubmatch(m.Text); token != nil {
				return token[1], nil
			}
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-look.C:
		}
	}
	return "", fmt.Errorf("the mail to %s did not come", address)
}

// closeLoops takes some of what is open a step on, and lets customers close a few.
func (s story) closeLoops(ctx context.Context) error {
	v, err := s.app.Flow.OpenLoops(ctx, teller, "")
	if err != nil {
		return err
	}
	for i, l := range v.Open {
		for n, step := range []flow.LoopStep{flow.AcknowledgeLoop, flow.AnswerLoop, flow.ConfirmLoop}[:i%4] {
			by := ""
			if step == flow.ConfirmLoop {
				by = "Head of Purchasing"
			}
			if l, err = s.app.Flow.StepLoop(ctx, teller, l.ID, l.Version, step, by); err != nil {
				return fmt.Errorf("step %d of %s: %w", n, l.ID, err)
			}
		}
	}
	return nil
}

// prepare brings the first visits ahead to where a host's list shows every step.
func (s story) prepare(ctx context.Context) error {
	all, _, err := s.app.Flow.Visits(ctx, teller, flow.VisitQuery{States: visit.LiveStates(), From: slot.DateOf(time.Now(), time.UTC).Add(1), Limit: 200})
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(v flow.VisitView) bool { return v.Host.ID == "" || v.Customer.Contact.Email == "" })
	// One host has a visit in every state: the list that a host comes home to shows them all.
	loops, err := s.app.Flow.OpenLoops(ctx, teller, "")
	if err != nil {
		return err
	}
	by, first := map[string]int{}, ""
	for _, v := range all {
		owes := slices.ContainsFunc(loops.Open, func(l flow.LoopView) bool { return l.OwnerID == v.Host.ID })
		if by[v.Host.ID]++; owes && by[v.Host.ID] > by[first] {
			first = v.Host.ID
		}
	}
	theirs := slices.DeleteFunc(slices.Clone(all), func(v flow.VisitView) bool { return v.Host.ID != first })
	others := slices.DeleteFunc(all, func(v flow.VisitView) bool { return v.Host.ID == first })
	all = slices.Concat(theirs, others)
	for i, v := range all[:min(visitsTold, len(all))] {
		if err := s.prepareOne(ctx, i, v); err != nil {
			return err
		}
	}
	return nil
}

func (s story) prepareOne(ctx context.Context, i int, v flow.VisitView) error {
	i = (i * 5) % visitsTold // neighbours on the list differ
	host, exec, id := access.ActorFor(v.Host), access.ActorFor(v.Executive), v.Visit.ID
	contact := v.Customer.Contact
	if i%4 != 3 {
		if _, err := s.app.Flow.Answer(ctx, exec, id, v.Visit.Version, visit.Accepted, ""); err != nil {
			return err
		}
	}
	if i >= 10 {
		return nil // nobody has begun
	}
	in := flow.BriefInput{Objective: "Learn why three sites still order by mail, and agree on one pilot site"}
	if i < 8 {
		in.Theirs, in.TheirsBy = "Know by which day we get what we ordered, at every site", contact.Name
	}
	if i < 6 {
		in.Agenda = []visit.AgendaItem{{At: v.Visit.Begins, What: "How you order today, at the site"}, {What: "What a late delivery costs you"}, {What: "One pilot site: which, and who decides"}}
	}
	if i < 5 {
		in.Asks = []string{"How do you see this? " + demoClaims[0].text + ".", "What would make this visit a failure for you?"}
		in.Elephants = []string{"The late delivery in May"}
		in.People = []visit.Attendee{{Name: contact.Name, Role: "Operations", Theirs: true}}
		in.Travel = "Ask for " + contact.Name + " at the gate."
	}
	b, err := s.app.Flow.SaveBrief(ctx, host, id, 0, in)
	if err != nil || i >= 5 {
		return err
	}
	if _, err = s.app.Flow.SaveAgenda(ctx, host, id, b.Brief.Version, flow.AgendaInput{Objective: in.Objective, Theirs: in.Theirs, TheirsBy: in.TheirsBy, Agenda: in.Agenda, Agree: true, AgreedBy: contact.Name}); err != nil {
		return err
	}
	now, err := s.app.Flow.Visit(ctx, host, id)
	if err != nil {
		return err
	}
	now, err = s.app.Flow.Agree(ctx, host, id, now.Visit.Version, flow.Agreed{With: contact.Name, Contacts: []roster.Contact{contact}, Kind: visit.AtCustomer})
	if err != nil || i >= 4 {
		return err
	}
	return s.confirm(ctx, host, now, i < 3)
}

// confirm sends the customer the link, and lets them use it where they do.
func (s story) confirm(ctx context.Context, host access.Actor, v flow.VisitView, answers bool) error {
	draft, err := s.app.Flow.CustomerMail(ctx, host, v.Visit.ID, flow.ConfirmMail)
	if err != nil {
		return err
	}
	before := len(s.mails.To(v.Customer.Contact.Email))
	_, err = s.app.Flow.SendCustomerMail(ctx, host, v.Visit.ID, draft.SendVersion(), flow.ConfirmMail, flow.MailInput{To: v.Customer.Contact.Email, Subject: draft.Subject, Text: draft.Text})
	if err != nil || !answers {
		return err
	}
	token, err := s.mailed(ctx, v.Customer.Contact.Email, before)
	if err != nil {
		return err
	}
	page, err := s.app.Flow.CustomerVisit(ctx, token, "demo")
	if err != nil {
		return err
	}
	_, err = s.app.Flow.ConfirmAsCustomer(ctx, token, "demo", page.Print, flow.CustomerAnswer{Theirs: page.Visit.Theirs.Words, Agenda: page.Visit.Agenda})
	return err
}
