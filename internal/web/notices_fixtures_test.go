package web_test

import (
	"context"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/notify"
)

// goodTicket is the secret of a mail in the made-up company.
var goodTicket = strings.Repeat("c", 64)

func (s *story) Notices(_ context.Context, _ access.Actor, after string) (flow.NoticesView, error) {
	if len(s.customers) == 0 || after != "" {
		return flow.NoticesView{}, s.failing("notices")
	}
	d := func(n int, subject string, unread bool, ways ...flow.Delivery) flow.NoticeView {
		return flow.NoticeView{Delivery: flow.Delivery{ID: uuidOf(40, n), Subject: s.nameOf(subject), Unread: unread, CreatedAt: s.now.Add(-time.Duration(n) * time.Hour)}, Ways: ways}
	}
	mail := func(state flow.DeliveryState, why, wrong string) flow.Delivery {
		return flow.Delivery{Channel: notify.Mail, State: state, Why: s.nameOf(why), Error: s.nameOf(wrong), SentAt: s.now}
	}
	return flow.NoticesView{Unread: 2, Next: "more", Rows: []flow.NoticeView{
		d(1, "You pass 30 days without a customer visit in 7 days", true, mail(flow.OnHold, "It is quiet at your place from 20:00 to 07:00; it goes after that.", "")),
		d(2, "Acme has confirmed the visit", true, flow.Delivery{Channel: notify.Mail, State: flow.Sent, SentAt: s.now}, flow.Delivery{Channel: notify.Slack, State: flow.Refused, Error: "Slack does not know this address."}),
		d(3, "What is the visit to Acme for?", false, mail(flow.Skipped, "You have switched off mail about visits without an objective.", "")),
		d(4, "A calendar needs reconnecting", false, mail(flow.ToSend, "", "The mail server is away.")),
	}}, s.failing("notices")
}

func (s *story) UnreadNotices(context.Context, access.Actor) (int, error) { return 2, nil }

func (s *story) OpenNotice(_ context.Context, _ access.Actor, id string) (flow.Delivery, error) {
	d := flow.Delivery{ID: id}
	if id == uuidOf(40, 1) {
		d.Path = "/me"
	}
	return d, s.change("open notice", id)
}

func (s *story) ReadNotices(context.Context, access.Actor) error { return s.change("read notices") }

func (s *story) NoticePreferences(context.Context, access.Actor) (flow.PreferenceView, error) {
	v := flow.PreferenceView{Preference: notify.UsualPreference(), Rhythm: notify.Daily, Zone: "Europe/Zurich", Email: s.nameOf("ana@example.com"), MaySlack: true, Version: 3}
	v.Slack, v.NoSlack = true, []notify.Kind{notify.Warned}
	for _, k := range notify.Kinds() {
		if k.MayEnd {
			v.Kinds = append(v.Kinds, k)
		}
	}
	return v, s.failing("preferences")
}

func (s *story) SetNoticePreferences(_ context.Context, _ access.Actor, version int, in flow.PreferenceInput) (flow.PreferenceView, error) {
	if err := in.Check(); err != nil {
		return flow.PreferenceView{}, err
	}
	return flow.PreferenceView{}, s.change("choose notices", version, in.QuietFrom, in.QuietTo, in.Digest, in.Mail, in.NoSlack, in.SlackURL, in.EndSlack)
}

func (s *story) NoticeChannels(context.Context, access.Actor) (flow.ChannelsView, error) {
	v := flow.ChannelsView{AsOf: s.now, Kinds: notify.Kinds(), Settings: flow.NoticeSettings{Zone: "Europe/Zurich", Webhook: []notify.Kind{notify.Warned}}}
	for i, c := range notify.Channels {
		v.Channels = append(v.Channels, flow.ChannelView{On: i != 3, ChannelStanding: flow.ChannelStanding{Channel: c, Sent: 12 * i, Held: i, LastSent: s.now}})
	}
	v.Channels[0].Waiting, v.Channels[0].Failing, v.Channels[0].Oldest, v.Channels[0].Error = 4, 3, s.now.Add(-48*time.Hour), s.nameOf("The mail server is away.")
	v.Refused = []flow.RefusedView{{Title: "30 days that will soon be over", To: s.nameOf("Ana Castro"), Channel: notify.Mail, Error: s.nameOf("The address does not exist."), At: s.now}}
	return v, s.failing("channels")
}

func (s *story) SetNoticeSettings(_ context.Context, _ access.Actor, in flow.NoticeSettings, _ string) error {
	if in.Zone == "nowhere" {
		return fault.Invalidf("These settings cannot be kept.").With(fault.Detail{Where: "zone", Value: in.Zone, Expected: "a zone such as Europe/Zurich"})
	}
	return s.change("notice settings", in.Zone, in.Webhook, in.Slack)
}

func (s *story) RetryNotices(context.Context, access.Actor) (int, error) {
	return 4, s.change("retry notices")
}

func (s *story) TestNotice(_ context.Context, _ access.Actor, c notify.Channel) error {
	return s.change("test notice", c)
}

func (s *story) NoticeToEnd(_ context.Context, ticket, _ string) (flow.EndView, error) {
	if ticket != goodTicket {
		return flow.EndView{}, fault.NotFoundf("This link is none of ours.")
	}
	return flow.EndView{Kind: notify.Warned, Title: "30 days that will soon be over"}, nil
}

func (s *story) EndNotices(ctx context.Context, ticket, remote string) (flow.EndView, error) {
	v, err := s.NoticeToEnd(ctx, ticket, remote)
	v.Ended = err == nil
	return v, err
}

func (s *story) SetLocale(_ context.Context, _ access.Actor, locale string) error {
	if locale == "de" {
		return fault.Invalidf("Dates cannot be written like this.").With(fault.Detail{Where: "locale", Value: locale, Expected: "de-DE"})
	}
	return s.change("locale", locale)
}
