package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/insight"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// afterLinkLife is how long a customer may answer after a visit.
const afterLinkLife = 28 * 24 * time.Hour

// afterKind begins the kind of the messages that carry a customer's link of after a
// visit.
const afterKind = "after/"

// MemoView is a memo of understanding with what is around it.
type MemoView struct {
	VisitView
	Memo    KeptMemo         // drafted from the debrief where Version is 0
	To      []roster.Contact // of the customer, to whom it can go
	Copy    roster.Person    // the host's manager, who gets a copy; zero where nobody is known
	MayEdit bool
}

// Memo gives the memo of a visit: the kept one, or a first version from the debrief.
// For its host and the VP. Errors: Conflict where no debrief was filed.
func (f *Flow) Memo(ctx context.Context, a access.Actor, visitID string) (MemoView, error) {
	return read(ctx, f, func(tx Tx) (MemoView, error) {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return MemoView{}, err
		}
		if err := access.Require(a, access.WriteMemo, about(v)); err != nil {
			return MemoView{}, err
		}
		if !v.State.Happened() {
			return MemoView{}, errNotHeld(v)
		}
		return f.memoView(tx, a, v)
	})
}

// errNotHeld says that there is nothing to be understood of a visit: it was not held, or
// somebody has corrected since that it was.
func errNotHeld(v visit.Visit) error {
	return fault.Conflictf("The visit is %s. A memo is of a visit that took place.", v.State)
}

func (f *Flow) memoView(tx Tx, a access.Actor, v visit.Visit) (MemoView, error) {
	views, err := f.views(tx, a, []visit.Visit{v})
	if err != nil {
		return MemoView{}, err
	}
	w := MemoView{VisitView: views[0], To: writable(views[0])}
	if w.Memo, err = memoOf(tx, v); err != nil {
		return w, err
	}
	w.MayEdit = w.Memo.Sent.IsZero()
	if id := w.Host.ManagerID; id != "" {
		if w.Copy, err = tx.People.Get(id); f.hasLeft(w.Copy) {
			w.Copy = roster.Person{}
		}
	}
	return w, err
}

// writable gives the people of the customer who have an address.
func writable(v VisitView) []roster.Contact {
	var out []roster.Contact
	for _, c := range append(slices.Clone(v.Visit.Contacts), v.Customer.Contact) {
		if notify.ValidAddress(c.Email) && !slices.ContainsFunc(out, func(x roster.Contact) bool { return x.Email == c.Email }) {
			out = append(out, c)
		}
	}
	return out
}

// memoOf gives the memo of a visit, drafted from its debrief where nobody has kept one.
func memoOf(tx Tx, v visit.Visit) (KeptMemo, error) {
	m, err := tx.Memos.Get(v.ID)
	if !fault.Is(err, fault.NotFound) {
		return m, err
	}
	d, err := tx.Debriefs.Get(v.ID)
	if fault.Is(err, fault.NotFound) || err == nil && !(d.Filed && d.Held) {
		return KeptMemo{}, fault.Conflictf("The memo is drafted from the debrief, and nobody has filed one of a visit that took place.")
	}
	return KeptMemo{Memo: insight.DraftMemo(d.Debrief)}, err
}

// SaveMemo keeps the host's version of a memo. version is that of the memo which was
// seen, 0 for a first draft. What a line was drafted from stays with it as long as its
// words stay. Errors: Stale; Conflict once it was sent; Invalid.
func (f *Flow) SaveMemo(ctx context.Context, a access.Actor, visitID string, version int, lines []insight.Line) (MemoView, error) {
	return f.writeMemo(ctx, a, visitID, version, func(tx Tx, v visit.Visit, m *KeptMemo) error {
		m.Lines = cleanLines(m.Lines, lines)
		return m.Check()
	})
}

func cleanLines(before, lines []insight.Line) []insight.Line {
	var out []insight.Line
	used := map[string]bool{} // two lines with the same words: a statement has one answer
	for _, l := range lines {
		l.Text = strings.Join(strings.Fields(l.Text), " ")
		if l.Text == "" {
			continue
		}
		l = insight.Line{About: l.About, Text: l.Text, Reply: insight.Silent}
		if i := slices.IndexFunc(before, func(b insight.Line) bool { return b.Text == l.Text && !used[b.StatementID] }); i >= 0 {
			l.StatementID = before[i].StatementID
			used[l.StatementID] = l.StatementID != ""
		}
		out = append(out, l)
	}
	return out
}

func (f *Flow) writeMemo(ctx context.Context, a access.Actor, visitID string, version int, do func(Tx, visit.Visit, *KeptMemo) error) (MemoView, error) {
	var out MemoView
	err := f.Store.Write(ctx, func(tx Tx) error {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return err
		}
		if err := access.Require(a, access.WriteMemo, about(v)); err != nil {
			return err
		}
		if !v.State.Happened() {
			return errNotHeld(v)
		}
		m, err := memoOf(tx, v)
		if err != nil {
			return err
		}
		if !m.Sent.IsZero() {
			return fault.Conflictf("The memo was sent on %s. What the customer got stays as it is.", m.Sent)
		}
		if m.Version != version {
			return fault.Stalef("Somebody has changed the memo meanwhile. Look at it again.")
		}
		if err := do(tx, v, &m); err != nil {
			return err
		}
		m.SavedBy, m.SavedAt = a.PersonID, f.Now().UTC()
		if err := tx.Memos.Save(&m); err != nil {
			return err
		}
		out, err = f.memoView(tx, a, v)
		return err
	})
	return out, err
}

// SendMemo mails the memo to one of the customer's people, with a link under which each
// line is confirmed, corrected or left, and a copy without the link to the host's
// manager. From then on its words are fixed. Errors: Stale; Conflict once it was sent,
// or where the visit has no host; Invalid where the address is nobody's of the visit.
func (f *Flow) SendMemo(ctx context.Context, a access.Actor, visitID string, version int, lines []insight.Line, email string) (MemoView, error) {
	email = roster.NormalizeEmail(email)
	return f.writeMemo(ctx, a, visitID, version, func(tx Tx, v visit.Visit, m *KeptMemo) error {
		m.Lines = cleanLines(m.Lines, lines)
		return f.sendMemo(tx, a, v, m, email, nil)
	})
}

// sendMemo sends a memo as it is, in the words of the house, or in those of the host:
// then out is filled with the link and the lines, and mailed unless the host does so.
func (f *Flow) sendMemo(tx Tx, a access.Actor, v visit.Visit, m *KeptMemo, email string, out *MailOut) error {
	if err := m.Check(); err != nil {
		return err
	}
	w, err := f.memoView(tx, a, v)
	if err != nil {
		return err
	}
	if err := f.hasHost(tx, v); err != nil {
		return err
	}
	to, err := f.recipient(w.VisitView, email)
	if err != nil {
		return err
	}
	m.Sent, m.SentBy, m.ToName, m.ToEmail = f.today(v.Zone), a.PersonID, to.Name, to.Email
	if err := f.sendAfter(tx, a, w.VisitView, to, m.Lines, out); err != nil {
		return err
	}
	if w.Copy.ID != "" {
		c := notify.MemoCopy(w.Copy, w.Host, w.Customer.Name, outsideLines(m.Lines))
		if err := f.deliver(tx, "visit/"+v.ID, "memo", w.Copy, c); err != nil {
			return err
		}
	}
	return f.audit(tx, a, "send memo", "visit/"+v.ID, map[string]any{"lines": len(m.Lines), "copy": w.Copy.ID})
}

// AskObjective mails one of the customer's people a link under which they say whether
// their objective was met. Errors: Conflict where the visit was not held or has no
// host; Invalid where the address is nobody's of the visit; TooMany.
func (f *Flow) AskObjective(ctx context.Context, a access.Actor, visitID, email string) error {
	email = roster.NormalizeEmail(email)
	if err := f.throttleLinks(ctx, a, access.WriteMemo, visitID); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		v, err := visible(tx, a, visitID)
		if err != nil {
			return err
		}
		if err := access.Require(a, access.WriteMemo, about(v)); err != nil {
			return err
		}
		if !v.State.Happened() {
			return fault.Conflictf("The visit is %s. A customer is asked after a visit that was held.", v.State)
		}
		views, err := f.views(tx, a, []visit.Visit{v})
		if err != nil {
			return err
		}
		to, err := f.recipient(views[0], email)
		if err != nil {
			return err
		}
		links, err := tx.Briefs.Links(v.ID)
		if err != nil {
			return err
		}
		links = slices.DeleteFunc(links, func(l visit.Link) bool { return l.MadeAt.Before(v.Start) })
		if sentJustNow(links, to.Email, f.Now().UTC()) {
			return nil
		}
		if err := f.sendAfter(tx, a, views[0], to, nil, nil); err != nil {
			return err
		}
		return f.audit(tx, a, "ask for objective", "visit/"+v.ID, nil)
	})
}

func (f *Flow) recipient(v VisitView, email string) (roster.Contact, error) {
	if v.Host.ID == "" {
		return roster.Contact{}, fault.Conflictf("The visit has no host in whose name the customer could be asked.")
	}
	for _, c := range writable(v) {
		if c.Email == email {
			return c, nil
		}
	}
	return roster.Contact{}, fault.Invalidf("This is nobody of the customer.").With(fault.Detail{Where: "email", Value: fault.Short(email), Expected: "the address of one of the customer's people of this visit"})
}

// sendAfter makes a link of after a visit and mails it; one of before for the same
// address ends. lines are those of the memo, nil where only the question is asked. out
// are the host's own words, nil for those of the house.
func (f *Flow) sendAfter(tx Tx, a access.Actor, v VisitView, to roster.Contact, lines []insight.Line, out *MailOut) error {
	now := f.Now().UTC()
	links, err := tx.Briefs.Links(v.Visit.ID)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Email == to.Email && (l.State(now) == visit.LinkOpen || readable(l, v.Visit, now)) {
			if err := tx.Briefs.WithdrawLinks(v.Visit.ID, l.ID, now); err != nil {
				return err
			}
		}
	}
	token := f.Token()
	l := visit.Link{ID: f.NewID(), Hash: hash(token), VisitID: v.Visit.ID, Email: to.Email, Name: to.Name, MadeAt: now, MadeBy: a.PersonID, Expires: now.Add(afterLinkLife)}
	if err := tx.Briefs.AddLink(l); err != nil {
		return err
	}
	url := f.BaseURL + "/c/" + token + "/after"
	m := notify.AfterVisit(to, v.Host, v.Customer.Name, v.Visit.Slot.Date, outsideLines(lines), url, atPlace(l.Expires, v.Visit))
	if out != nil {
		m.Subject, m.Text = out.Subject, notify.Fill(out.Text, url, outsideLines(lines))
	}
	return f.deliverOutside(tx, "visit/"+v.Visit.ID, afterKind+l.ID, v.Host, m)
}

// partTitles name the parts of a memo to the customer.
var partTitles = map[insight.About]string{insight.Situation: "Your situation", insight.Goals: "Your goals", insight.Obstacles: "What stands in the way", insight.NextSteps: "Next steps"}

func outsideLines(lines []insight.Line) []notify.MemoLine {
	out := make([]notify.MemoLine, len(lines))
	for i, l := range lines {
		out[i] = notify.MemoLine{Part: partTitles[l.About], Text: l.Text}
	}
	return out
}

// AfterPage is what a customer sees under a link after a visit: nothing but what is
// meant for the customer.
type AfterPage struct {
	Name      string // of whom the link was sent to
	Customer  string
	Executive string
	Host      roster.Person
	On        slot.Date
	Objective string         // the customer's, in the customer's words
	Met       insight.Met    // what the customer has answered; "" where nothing yet
	Own       bool           // under this link, not under one of a colleague
	Lines     []insight.Line // of the memo; nil where none was sent
	Expires   time.Time      // on the wall at the customer’s place
}

// AfterReply is what the customer answers to a line of the memo, from 0.
type AfterReply struct {
	Line       int
	Reply      insight.Reply
	Correction string
}

// AfterVisit gives the page behind a customer's link of after a visit. remote is the
// reader's network address. Errors: NotFound, the same for every link that does not
// work; TooMany.
func (f *Flow) AfterVisit(ctx context.Context, token, remote string) (AfterPage, error) {
	if err := f.throttle(ctx, "customer/"+remote, mostCustomerHits); err != nil {
		return AfterPage{}, err
	}
	return read(ctx, f, func(tx Tx) (AfterPage, error) {
		l, v, err := f.behindAfter(tx, token)
		if err != nil {
			return AfterPage{}, err
		}
		return f.afterPage(tx, l, v)
	})
}

// behindAfter gives the link with a secret and its visit, where the link works and the
// visit was held. A link that was used to say whether the objective was met still shows
// the memo: the customer may think again.
func (f *Flow) behindAfter(tx Tx, token string) (visit.Link, visit.Visit, error) {
	l, err := tx.Briefs.ByHash(hash(token))
	if fault.Is(err, fault.NotFound) {
		return l, visit.Visit{}, errLink()
	}
	if err != nil {
		return l, visit.Visit{}, err
	}
	v, err := tx.Visits.Get(l.VisitID)
	if err != nil {
		return l, v, err
	}
	if !readable(l, v, f.Now()) {
		return l, v, errLink()
	}
	return l, v, nil
}

// readable says whether a link shows what is for the customer after a visit that was held.
func readable(l visit.Link, v visit.Visit, now time.Time) bool {
	return l.WithdrawnAt.IsZero() && now.Before(l.Expires) && v.State.Happened() && !l.MadeAt.Before(v.Start)
}

func (f *Flow) afterPage(tx Tx, l visit.Link, v visit.Visit) (AfterPage, error) {
	people, err := everybody(tx)
	if err != nil {
		return AfterPage{}, err
	}
	customers, err := customersOf(tx, []visit.Visit{v})
	if err != nil {
		return AfterPage{}, err
	}
	d, err := debriefOf(tx, v)
	if err != nil {
		return AfterPage{}, err
	}
	p := AfterPage{Name: l.Name, Customer: customers[v.CustomerID].Name, Executive: people[v.ExecutiveID].Name, Host: people[v.HostID], On: v.Slot.Date,
		Objective: v.Theirs.Words, Met: d.TheirsSaid, Own: !l.UsedAt.IsZero(), Expires: atPlace(l.Expires, v)}
	m, err := tx.Memos.Get(v.ID)
	switch {
	case fault.Is(err, fault.NotFound):
		return p, nil
	case err == nil && !m.Sent.IsZero() && m.ToEmail == l.Email:
		p.Lines = m.Lines
	}
	return p, err
}

// AnswerAfter takes what the customer answers after a visit: once whether the objective
// was met ("" leaves it), and to each line of the memo, as often as they think again.
// Errors: NotFound as AfterVisit; Conflict where they have said already whether the
// objective was met; Invalid; TooMany.
func (f *Flow) AnswerAfter(ctx context.Context, token, remote string, met insight.Met, replies []AfterReply) (AfterPage, error) {
	if err := f.throttle(ctx, "customer/"+remote, mostCustomerHits); err != nil {
		return AfterPage{}, err
	}
	var page AfterPage
	err := f.Store.Write(ctx, func(tx Tx) error {
		l, v, err := f.behindAfter(tx, token)
		if err != nil {
			return err
		}
		if met != "" {
			if err := f.takeMet(tx, l, v, met); err != nil {
				return err
			}
			l.UsedAt = f.Now().UTC()
		}
		if len(replies) > 0 {
			if err := f.takeReplies(tx, l, v, replies); err != nil {
				return err
			}
		}
		page, err = f.afterPage(tx, l, v)
		return err
	})
	return page, err
}

// takeMet writes down whether the customer's objective was met, beside what we think.
func (f *Flow) takeMet(tx Tx, l visit.Link, v visit.Visit, met insight.Met) error {
	if met != insight.Yes && met != insight.Partly && met != insight.No {
		return fault.Invalidf("This is not an answer.").With(fault.Detail{Where: "met", Value: fault.Short(string(met)), Expected: "yes, partly or no"})
	}
	if l.State(f.Now()) != visit.LinkOpen {
		return fault.Conflictf("You have answered this question already. Thank you.")
	}
	if err := tx.Briefs.UseLink(l.ID, f.Now().UTC()); err != nil {
		return err
	}
	d, err := debriefOf(tx, v)
	if err != nil {
		return err
	}
	d.TheirsSaid, d.SaidBy, d.SaidOn = met, cmp.Or(l.Name, l.Email), f.today(v.Zone)
	if err := tx.Debriefs.SetAnswer(v.ID, CustomerMet{Met: met, By: d.SaidBy, On: d.SaidOn}); err != nil {
		return err
	}
	steps, known := d.Gap()
	return f.audit(tx, customerActor, "say whether objective was met", "visit/"+v.ID, map[string]any{"met": met, "gap": steps, "known": known})
}

func (f *Flow) takeReplies(tx Tx, l visit.Link, v visit.Visit, replies []AfterReply) error {
	m, err := tx.Memos.Get(v.ID)
	if fault.Is(err, fault.NotFound) || err == nil && m.ToEmail != l.Email {
		return errLink()
	}
	if err != nil {
		return err
	}
	on, before, changed := max(f.today(v.Zone), m.Sent), slices.Clone(m.Lines), false
	for _, r := range replies {
		if r.Line >= 0 && r.Line < len(m.Lines) && m.Lines[r.Line].Reply == r.Reply && m.Lines[r.Line].Correction == strings.TrimSpace(r.Correction) {
			continue // nothing new: the day stays
		}
		if err := m.Answer(r.Line, r.Reply, r.Correction, on); err != nil {
			return err
		}
		changed = true
	}
	if !changed {
		return nil // silence is no news for the host
	}
	m.RepliedAt = f.Now().UTC()
	if err := tx.Memos.Save(&m); err != nil {
		return err
	}
	d, err := debriefOf(tx, v)
	if err != nil {
		return err
	}
	if err := thinkAgain(tx, v, before, m.Lines); err != nil {
		return err
	}
	if err := f.keepStatements(tx, customerActor, v, FromMemo, learned(d, m)); err != nil {
		return err
	}
	confirmed, corrected, silent := m.Replies()
	host, err := tx.People.Get(v.HostID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	to, err := f.inTheirPlace(tx, host)
	if err != nil {
		return err
	}
	customers, err := customersOf(tx, []visit.Visit{v})
	if err != nil {
		return err
	}
	for _, p := range to {
		note := notify.MemoAnswered(p, customers[v.CustomerID].Name, confirmed, corrected, silent, f.BaseURL+"/visits/"+v.ID+"/memo")
		if err := f.deliver(tx, "visit/"+v.ID, fmt.Sprintf("memo answered/%d", m.Version), p, note); err != nil {
			return err
		}
	}
	return f.audit(tx, customerActor, "answer memo", "visit/"+v.ID, map[string]any{"confirmed": confirmed, "corrected": corrected, "silent": silent})
}

// learned gives what the customer's replies to a memo teach: the statements of the
// debrief that they confirmed, checked anew, or put right, which then hold no more as
// they were written down; and what they confirmed or put right of the host's own
// lines. What met silence is no more than what it was.
func learned(d KeptDebrief, m KeptMemo) []insight.Statement {
	var out []insight.Statement
	for i, l := range m.Lines {
		s, ok := m.Learned(i, cmp.Or(m.ToName, m.ToEmail), m.SentBy)
		if !ok || s.Source != insight.Said {
			continue
		}
		from := slices.IndexFunc(d.Said, func(x insight.Statement) bool { return l.StatementID != "" && x.ID == l.StatementID })
		if from >= 0 {
			x := d.Said[from]
			if l.Reply == insight.Confirms {
				x.Checked = l.RepliedOn
			} else {
				x.Over = l.RepliedOn
			}
			if !slices.ContainsFunc(out, func(o insight.Statement) bool { return o.ID == x.ID }) {
				out = append(out, x)
			}
			if l.Reply == insight.Confirms {
				continue
			}
		}
		s.ID = fmt.Sprintf("%s-m%d", m.VisitID, i+1)
		out = append(out, s)
	}
	return out
}

// thinkAgain takes back what an earlier reply of the customer had made of a statement.
func thinkAgain(tx Tx, v visit.Visit, before, now []insight.Line) error {
	kept, err := tx.Statements.Find(StatementQuery{VisitID: v.ID})
	if err != nil {
		return err
	}
	var save []*KeptStatement
	for i, was := range before {
		for _, k := range kept {
			if was.StatementID == "" || k.ID != was.StatementID || was.Reply == now[i].Reply ||
				slices.ContainsFunc(save, func(x *KeptStatement) bool { return x.ID == k.ID }) {
				continue
			}
			switch {
			case was.Reply == insight.Confirms && k.Checked == was.RepliedOn:
				k.Checked = 0
			case was.Reply == insight.Corrected && k.Over == was.RepliedOn:
				k.Over = 0
			default:
				continue
			}
			save = append(save, &k)
		}
	}
	return tx.Statements.Save(save...)
}
