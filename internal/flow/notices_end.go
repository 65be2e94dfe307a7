package flow

import (
	"context"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/notify"
)

// EndNoticesPath is the page on which a kind of mail is ended without signing in; the
// secret of a mail follows it.
const EndNoticesPath = "/end/"

// mostTickets is how often one network address may try secrets of mails in a quarter
// of an hour; each has 256 random bits.
const mostTickets = 300

// EndView is a kind of mail that can be ended.
type EndView struct {
	Kind  notify.Kind
	Title string
	Ended bool
}

// NoticeToEnd gives the kind of the mail with a secret, for somebody who need not sign
// in. Errors: NotFound, the same for every secret that is none; TooMany.
func (f *Flow) NoticeToEnd(ctx context.Context, ticket, remote string) (EndView, error) {
	if err := f.throttle(ctx, "ticket/"+remote, mostTickets); err != nil {
		return EndView{}, err
	}
	return read(ctx, f, func(tx Tx) (EndView, error) {
		w, _, err := toEnd(tx, ticket)
		return w, err
	})
}

// EndNotices ends the kind of mail with a secret for the person who got it. Doing it
// twice changes nothing more.
func (f *Flow) EndNotices(ctx context.Context, ticket, remote string) (EndView, error) {
	if err := f.throttle(ctx, "ticket/"+remote, mostTickets); err != nil {
		return EndView{}, err
	}
	var out EndView
	err := f.Store.Write(ctx, func(tx Tx) error {
		w, kept, err := toEnd(tx, ticket)
		if out = w; err != nil || w.Ended {
			return err
		}
		mail := map[notify.Kind]notify.Wish{w.Kind: notify.Off}
		for k, wish := range kept.Mail {
			if k != w.Kind {
				mail[k] = wish
			}
		}
		kept.Mail = mail
		out.Ended = true
		if err := tx.Notices.SavePreference(&kept); err != nil {
			return err
		}
		return f.audit(tx, access.System("one click"), "end mail", "person/"+kept.PersonID, map[string]any{"kind": w.Kind})
	})
	return out, err
}

func toEnd(tx Tx, ticket string) (EndView, KeptPreference, error) {
	none := fault.NotFoundf("This link is none of ours.")
	if len(ticket) < 32 || len(ticket) > 200 {
		return EndView{}, KeptPreference{}, none
	}
	d, err := tx.Notices.ByTicket(hash(ticket))
	if fault.Is(err, fault.NotFound) {
		err = none
	}
	if err != nil {
		return EndView{}, KeptPreference{}, err
	}
	k, _ := notify.KindOf(d.Kind)
	facts, ok := notify.FactsOf(k)
	if !ok || !facts.MayEnd {
		return EndView{}, KeptPreference{}, none
	}
	kept, err := preferenceOf(tx, d.PersonID)
	return EndView{Kind: k, Title: facts.Title, Ended: kept.Mail[k] == notify.Off}, kept, err
}
