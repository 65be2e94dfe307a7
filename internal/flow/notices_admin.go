package flow

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/slot"
)

// ChannelsView is how notices leave, for the administrator.
type ChannelsView struct {
	Channels []ChannelView
	Refused  []RefusedView // the newest messages that a channel will never take
	Settings NoticeSettings
	Kinds    []notify.Facts // that may be chosen for the webhook
	AsOf     time.Time
}

// ChannelView is how one channel stands.
type ChannelView struct {
	ChannelStanding
	On bool // it is set up
}

// RefusedView is a message that was refused, without its text.
type RefusedView struct {
	Title   string // of its kind
	To      string // name of the recipient
	Channel notify.Channel
	Error   string
	At      time.Time
}

const (
	standingDays = 30 // for how long back sent and refused messages are counted
	refusedShown = 20 // how many of them a page names
)

// NoticeChannels gives how each channel stands; for the administrator.
func (f *Flow) NoticeChannels(ctx context.Context, a access.Actor) (ChannelsView, error) {
	if err := access.Require(a, access.ManageNotices, access.Subject{}); err != nil {
		return ChannelsView{}, err
	}
	return read(ctx, f, func(tx Tx) (ChannelsView, error) {
		out := ChannelsView{AsOf: f.Now().UTC()}
		var err error
		if out.Settings, err = noticeSettings(tx); err != nil {
			return out, err
		}
		standing, err := tx.Outbox.Standing(f.Now().UTC().AddDate(0, 0, -standingDays))
		if err != nil {
			return out, err
		}
		on := map[notify.Channel]bool{notify.Mail: f.MailSet, notify.Page: true, notify.Slack: f.Hooks.OpenSlack != nil && f.Google.Keys.Ready(),
			notify.CompanySlack: f.Hooks.Slack != nil, notify.Webhook: f.Hooks.Webhook != nil}
		for _, s := range standing {
			out.Channels = append(out.Channels, ChannelView{s, on[s.Channel]})
		}
		refused, err := tx.Outbox.Refused(refusedShown)
		if err != nil {
			return out, err
		}
		people, err := everybody(tx)
		if err != nil {
			return out, err
		}
		for _, d := range refused {
			k, _ := notify.KindOf(d.Kind)
			facts, _ := notify.FactsOf(k)
			to := people[d.PersonID].Name
			if d.ToAddress != "" {
				to = d.ToName + " (a customer)"
			}
			out.Refused = append(out.Refused, RefusedView{Title: facts.Title, To: to, Channel: d.Channel, Error: d.Error, At: d.CreatedAt})
		}
		for _, k := range notify.Kinds() {
			if !k.Secret && k.Kind != notify.Test {
				out.Kinds = append(out.Kinds, k)
			}
		}
		return out, nil
	})
}

// SetNoticeSettings changes the company's choices; for the administrator. seen is
// PrintOf what was looked at, "" where nobody has looked. Errors: Stale.
func (f *Flow) SetNoticeSettings(ctx context.Context, a access.Actor, s NoticeSettings, seen string) error {
	if err := access.Require(a, access.ManageNotices, access.Subject{}); err != nil {
		return err
	}
	var bad []fault.Detail
	if _, err := slot.LoadZone(s.Zone); err != nil || s.Zone == "" {
		bad = append(bad, fault.Detail{Where: "zone", Value: fault.Short(s.Zone), Expected: "a zone such as Europe/Zurich"})
	}
	for where, all := range map[string][]notify.Kind{"webhook": s.Webhook, "slack": s.Slack} {
		for _, k := range all {
			if facts, ok := notify.FactsOf(k); !ok || facts.Secret {
				bad = append(bad, fault.Detail{Where: where, Value: fault.Short(string(k)), Expected: "a kind of notice that lets nobody in"})
			}
		}
	}
	if len(bad) > 0 {
		slices.SortFunc(bad, func(x, y fault.Detail) int {
			return slices.Compare([]string{x.Where, x.Value}, []string{y.Where, y.Value})
		})
		return fault.Invalidf("These settings cannot be kept.").With(bad...)
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		now, err := noticeSettings(tx)
		if err != nil {
			return err
		}
		if err := asSeen(seen, now, s); err != nil {
			return err
		}
		b, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if err := tx.Ledger.SetSetting(noticesSetting, string(b)); err != nil {
			return err
		}
		return f.audit(tx, a, "change how notices leave", "settings/"+noticesSetting, s)
	})
}

// RetryNotices tries at once what waits for its next try, by whatever channel. It
// gives how many tries that makes.
func (f *Flow) RetryNotices(ctx context.Context, a access.Actor) (int, error) {
	if err := access.Require(a, access.ManageNotices, access.Subject{}); err != nil {
		return 0, err
	}
	if f.Hurry == nil {
		return 0, nil
	}
	n, err := f.Hurry(ctx, JobDeliver)
	if err != nil {
		return n, err
	}
	return n, f.Store.Write(ctx, func(tx Tx) error {
		return f.audit(tx, a, "retry notices", "notices", map[string]int{"messages": n})
	})
}

// TestNotice sends the actor a test by a channel of the company's, or by mail.
func (f *Flow) TestNotice(ctx context.Context, a access.Actor, channel notify.Channel) error {
	if err := access.Require(a, access.ManageNotices, access.Subject{}); err != nil {
		return err
	}
	if channel != notify.Mail && channel != notify.CompanySlack && channel != notify.Webhook {
		return fault.Invalidf("This channel cannot be tested.").With(fault.Detail{Where: "channel", Value: fault.Short(string(channel)), Expected: "mail, company_slack or webhook"})
	}
	if channel == notify.CompanySlack && f.Hooks.Slack == nil || channel == notify.Webhook && f.Hooks.Webhook == nil {
		return fault.Conflictf("This channel is not set up.").With(fault.Detail{Where: "channel", Value: string(channel), Mend: "Set its address in the configuration first."})
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		p, err := f.stillHere(tx, a.PersonID)
		if err != nil {
			return err
		}
		d := f.delivery("test/"+f.NewID(), "test", channel, p.ID, notify.Trial(p, f.BaseURL))
		if err := f.store(tx, d); err != nil {
			return err
		}
		return f.audit(tx, a, "test notices", "notices", map[string]any{"channel": channel})
	})
}
