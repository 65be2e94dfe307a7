package flow

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// MailKind is a mail of the host to the customer, for which there is a draft.
type MailKind string

const (
	ObjectiveMail MailKind = "objective"    // what do you want from our visit?
	AgendaMail    MailKind = "agenda"       // does this agenda suit you?
	ConfirmMail   MailKind = "confirmation" // please confirm, under a link
	ThanksMail    MailKind = "thanks"       // with the memo, and a link to answer it
)

// MailKinds lists them in the order in which they come.
func MailKinds() []MailKind { return []MailKind{ObjectiveMail, AgendaMail, ConfirmMail, ThanksMail} }

const (
	mostMailText = 10_000 // characters
	mostSubject  = notify.MaxSubject
	mailKind     = "mail/" // begins the kind of the messages that a host has written
)

// MailView is a mail to the customer before it is sent.
type MailView struct {
	VisitView
	Kind    MailKind
	To      []roster.Contact
	Subject string
	Text    string // with notify.LinkHere and notify.MemoHere where those will stand
	Memo    KeptMemo
	Again   bool       // the customer had confirmed, and we have changed something since
	Sent    []SentMail // of this kind, newest first
	Own     bool       // it needs no link, so it can go from the host's own mail program as it is
}

// SendVersion is the version that SendCustomerMail wants: that of the visit, for a mail of
// thanks that of the memo.
func (m MailView) SendVersion() int {
	if m.Kind == ThanksMail {
		return m.Memo.Version
	}
	return m.Visit.Version
}

// MailInput is a mail as the host has written it.
type MailInput struct {
	To, Subject, Text string
	Own               bool // the host sends it from the own mail program
}

// SentMail is a mail of a kind that went to the customer, or is on its way.
type SentMail struct {
	Delivery
	Who string // in whose name
}

// MailOut is a mail that was written: on its way, or for the host's own mail program.
type MailOut struct {
	To, Subject, Text string
	Own               bool // it was not sent: it is for the host to send
}

// CustomerMail drafts a mail to the customer, from nothing but what the customer may
// see. For the host and the VP. Errors: Invalid for an unknown kind; Conflict where the
// mail does not fit the state of the visit, or its host has left.
func (f *Flow) CustomerMail(ctx context.Context, a access.Actor, visitID string, kind MailKind) (MailView, error) {
	return read(ctx, f, func(tx Tx) (MailView, error) {
		v, err := f.mailable(tx, a, visitID, kind)
		if err != nil {
			return MailView{}, err
		}
		return f.mailView(tx, a, v, kind)
	})
}

// mailable gives the visit where a mail of this kind may be written now.
func (f *Flow) mailable(tx Tx, a access.Actor, visitID string, kind MailKind) (visit.Visit, error) {
	v, err := visible(tx, a, visitID)
	if err != nil {
		return v, err
	}
	may := access.AgreeVisit
	if kind == ThanksMail {
		may = access.WriteMemo
	}
	if err := access.Require(a, may, about(v)); err != nil {
		return v, err
	}
	switch {
	case !slices.Contains(MailKinds(), kind):
		return v, fault.Invalidf("There is no such mail.").With(fault.Detail{Where: "kind", Value: fault.Short(string(kind)), Expected: "objective, agenda, confirmation or thanks"})
	case kind == ThanksMail && !v.State.Happened():
		return v, errNotHeld(v)
	case kind == ConfirmMail && (v.State != visit.Agreed || !v.Start.After(f.Now())):
		return v, fault.Conflictf("The visit is %s. A customer confirms what was agreed before and lies ahead.", v.State)
	case kind != ThanksMail && !f.preparable(v):
		return v, fault.Conflictf("The visit is %s; there is nothing left to prepare.", v.State)
	case kind == AgendaMail && len(v.Agenda) == 0:
		return v, fault.Conflictf("There is no agenda yet that you could propose.")
	}
	return v, f.hasHost(tx, v)
}

func (f *Flow) mailView(tx Tx, a access.Actor, v visit.Visit, kind MailKind) (MailView, error) {
	views, err := f.views(tx, a, []visit.Visit{v})
	if err != nil {
		return MailView{}, err
	}
	w := MailView{VisitView: views[0], Kind: kind, To: writable(views[0]), Own: kind == ObjectiveMail || kind == AgendaMail}
	if kind == ConfirmMail { // the link goes to those who come
		w.To = slices.DeleteFunc(slices.Clone(v.Contacts), func(c roster.Contact) bool { return !notify.ValidAddress(c.Email) })
		if w.Again, err = f.confirmedBefore(tx, v); err != nil {
			return w, err
		}
	}
	o := notify.Outward{Host: w.Host, Executive: w.Executive.Name, Customer: w.Customer.Name, When: f.words(v.Slot), On: v.Slot.Date, Theirs: v.Theirs.Words}
	if len(w.To) > 0 {
		o.To = w.To[0]
	}
	for _, it := range v.Agenda {
		o.Agenda = append(o.Agenda, notify.MemoLine{Part: it.At, Text: it.What})
	}
	var m notify.Message
	switch kind {
	case ObjectiveMail:
		m = notify.DraftObjective(o)
	case AgendaMail:
		m = notify.DraftAgenda(o)
	case ConfirmMail:
		m = notify.DraftConfirm(o, w.Again)
	case ThanksMail:
		if w.Memo, err = memoOf(tx, v); err != nil {
			return w, err
		}
		m = notify.DraftThanks(o)
	}
	w.Subject, w.Text = m.Subject, m.Text
	w.Sent, err = mailsOf(tx, v.ID, kind)
	return w, err
}

// confirmedBefore says whether the customer had confirmed a visit that now waits for it
// again.
func (f *Flow) confirmedBefore(tx Tx, v visit.Visit) (bool, error) {
	steps, err := tx.Visits.History(v.ID)
	return slices.ContainsFunc(steps, func(s visit.Step) bool { return s.From == visit.Confirmed && s.To == visit.Agreed }), err
}

// mailsOf gives what was sent to the customer of a visit, of a kind, newest first.
func mailsOf(tx Tx, visitID string, kind MailKind) ([]SentMail, error) {
	all, err := tx.Alerts.Deliveries("visit/" + visitID)
	if err != nil {
		return nil, err
	}
	people, err := everybody(tx)
	if err != nil {
		return nil, err
	}
	begins := map[MailKind]string{ConfirmMail: confirmKind, ThanksMail: afterKind}
	var out []SentMail
	for _, d := range slices.Backward(all) {
		if strings.HasPrefix(d.Kind, cmp.Or(begins[kind], mailKind+string(kind)+"/")) {
			out = append(out, SentMail{d, people[d.PersonID].Name})
		}
	}
	return out, nil
}

// SendCustomerMail sends a mail to one of the customer's people with the text that the
// host has made of the draft; the link, and the lines of the memo, are put in here.
// With Own it is not sent: it comes back for the host's own mail program, which only
// mails without a link may.
// The memo's words are fixed from then on. version is that of the visit, for a mail of
// thanks that of the memo. Errors: Stale; Conflict as for CustomerMail; Invalid where the
// address is nobody's of the visit; TooMany.
func (f *Flow) SendCustomerMail(ctx context.Context, a access.Actor, visitID string, version int, kind MailKind, in MailInput) (MailOut, error) {
	email, own := roster.NormalizeEmail(in.To), in.Own
	subject, err := text("subject", in.Subject, mostSubject)
	if err != nil {
		return MailOut{}, err
	}
	words, err := paragraphs("text", in.Text, mostMailText)
	if err != nil {
		return MailOut{}, err
	}
	if own && (kind == ConfirmMail || kind == ThanksMail) {
		// Whoever holds the link answers as the customer: nobody of ours may know it.
		return MailOut{}, fault.Invalidf("This mail holds a link that is the customer's alone, so Windshield sends it.").With(fault.Detail{Where: "own", Value: "true", Expected: "a mail without a link", Mend: "Send it from here; the text is yours."})
	}
	if subject == "" || words == "" {
		return MailOut{}, fault.Invalidf("The mail is not complete.").With(fault.Detail{Where: "text", Expected: "a subject and a text"})
	}
	may := access.AgreeVisit
	if kind == ThanksMail {
		may = access.WriteMemo
	}
	if err := f.throttleLinks(ctx, a, may, visitID); err != nil {
		return MailOut{}, err
	}
	out := MailOut{To: email, Subject: subject, Text: words, Own: own}
	if kind == ThanksMail {
		_, err := f.writeMemo(ctx, a, visitID, version, func(tx Tx, v visit.Visit, m *KeptMemo) error {
			out.Text = words
			return f.sendMemo(tx, a, v, m, email, &out)
		})
		return out, err
	}
	err = f.change1(ctx, a, access.AgreeVisit, visitID, version, func(tx Tx, v *visit.Visit) error {
		if _, err := f.mailable(tx, a, visitID, kind); err != nil {
			return err
		}
		w, err := f.mailView(tx, a, *v, kind)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(w.To, func(c roster.Contact) bool { return c.Email == email })
		if i < 0 {
			return fault.Invalidf("This is nobody who comes from the customer.").With(fault.Detail{Where: "email", Value: fault.Short(email), Expected: "the address of one of the people of this visit"})
		}
		filled := words
		msgKind := mailKind + string(kind) + "/" + f.NewID()
		if kind == ConfirmMail {
			l, token, err := f.confirmLink(tx, a, *v, w.To[i])
			if err != nil {
				return err
			}
			if token == "" {
				return nil // clicked twice
			}
			filled, msgKind = notify.Fill(words, f.BaseURL+"/c/"+token, nil), confirmKind+l.ID
		}
		if err := f.audit(tx, a, "write to customer", "visit/"+v.ID, map[string]any{"kind": kind, "own": own}); err != nil || own {
			return err
		}
		return f.deliverOutside(tx, "visit/"+v.ID, msgKind, w.Host, notify.Message{To: email, ToName: w.To[i].Name, Subject: subject, Text: filled})
	})
	return out, err
}

// paragraphs brings what somebody typed in several lines to the form in which it is kept.
func paragraphs(where, s string, most int) (string, error) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	bad := strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f })
	switch {
	case !utf8.ValidString(s) || bad:
		return "", fault.Invalidf("This text cannot be read.").With(fault.Detail{Where: where, Value: fault.Short(s), Expected: "letters, digits and signs"})
	case utf8.RuneCountInString(s) > most:
		return "", fault.Invalidf("This text is too long.").With(fault.Detail{Where: where, Value: fault.Short(s), Expected: "at most 10,000 characters"})
	}
	return s, nil
}
