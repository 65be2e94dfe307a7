package httpapi

import (
	"context"

	"windshield/internal/flow"
	"windshield/internal/notify"
)

// ListNotices gives what the caller was told.
func (a *API) ListNotices(ctx context.Context, r ListNoticesRequestObject) (ListNoticesResponseObject, error) {
	after := ""
	if r.Params.After != nil {
		after = *r.Params.After
	}
	v, err := a.flow.Notices(ctx, callOf(ctx).actor, after)
	if err != nil {
		return nil, err
	}
	return ListNotices200JSONResponse{Next: some(v.Next), Unread: v.Unread, Items: list(v.Rows, func(n flow.NoticeView) Notice {
		k, _ := notify.KindOf(n.Kind)
		return Notice{Id: n.ID, Kind: NoticeKind(k), Subject: n.Subject, Text: n.Body, Path: n.Path, Unread: n.Unread, At: n.CreatedAt.UTC(),
			Ways: list(n.Ways, func(d flow.Delivery) NoticeWay {
				return NoticeWay{Channel: NoticeChannel(d.Channel), State: DeliveryState(d.State), Why: d.Why, Error: d.Error, NotBefore: someTime(d.NotBefore), SentAt: someTime(d.SentAt)}
			})}
	})}, nil
}

// ReadNotices marks one notice of the caller as read, or all.
func (a *API) ReadNotices(ctx context.Context, r ReadNoticesRequestObject) (ReadNoticesResponseObject, error) {
	actor := callOf(ctx).actor
	var err error
	if r.Body.Notice != nil {
		_, err = a.flow.OpenNotice(ctx, actor, *r.Body.Notice)
	} else {
		err = a.flow.ReadNotices(ctx, actor)
	}
	if err != nil {
		return nil, err
	}
	n, err := a.flow.UnreadNotices(ctx, actor)
	if err != nil {
		return nil, err
	}
	return ReadNotices200JSONResponse{Unread: n}, nil
}

// GetNoticePreferences gives how the caller is told.
func (a *API) GetNoticePreferences(ctx context.Context, _ GetNoticePreferencesRequestObject) (GetNoticePreferencesResponseObject, error) {
	v, err := a.flow.NoticePreferences(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return GetNoticePreferences200JSONResponse{Body: preferences(v), Headers: GetNoticePreferences200ResponseHeaders{ETag: some(etag(v.Version))}}, nil
}

// SetNoticePreferences chooses it.
func (a *API) SetNoticePreferences(ctx context.Context, r SetNoticePreferencesRequestObject) (SetNoticePreferencesResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	b := r.Body
	in := flow.PreferenceInput{Preference: notify.Preference{QuietFrom: b.QuietFrom, QuietTo: b.QuietTo, Digest: rhythm(string(b.Digest)), Mail: map[notify.Kind]notify.Wish{}}}
	if b.Mail != nil {
		for _, m := range *b.Mail {
			if m.Wish != NoticeWishUsual {
				in.Mail[notify.Kind(m.Kind)] = notify.Wish(m.Wish)
			}
		}
	}
	if b.NoSlack != nil {
		in.NoSlack = kindsOf(*b.NoSlack)
	}
	if b.SlackUrl != nil {
		in.SlackURL = *b.SlackUrl
	}
	in.EndSlack = b.EndSlack != nil && *b.EndSlack
	v, err := a.flow.SetNoticePreferences(ctx, callOf(ctx).actor, n, in)
	if err != nil {
		return nil, err
	}
	return SetNoticePreferences200JSONResponse{Body: preferences(v), Headers: SetNoticePreferences200ResponseHeaders{ETag: some(etag(v.Version))}}, nil
}

// rhythm reads the name of a rhythm; "usual" is that of the roles.
func rhythm(s string) notify.Rhythm {
	if s == "usual" {
		return notify.Usual
	}
	return notify.Rhythm(s)
}

func rhythmName(r notify.Rhythm) string {
	if r == notify.Usual {
		return "usual"
	}
	return string(r)
}

func kindsOf(all []NoticeKind) []notify.Kind {
	return list(all, func(k NoticeKind) notify.Kind { return notify.Kind(k) })
}

func kindNames(all []notify.Kind) []NoticeKind {
	return list(all, func(k notify.Kind) NoticeKind { return NoticeKind(k) })
}

func preferences(v flow.PreferenceView) NoticePreferences {
	out := NoticePreferences{QuietFrom: v.QuietFrom, QuietTo: v.QuietTo, Digest: NoticePreferencesDigest(rhythmName(v.Digest)), DigestComes: NoticePreferencesDigestComes(v.Rhythm),
		Zone: v.Zone, Slack: v.Slack, NoSlack: kindNames(v.NoSlack), Version: v.Version, Mail: []MailWish{}}
	for _, k := range v.Kinds {
		w := NoticeWishUsual
		if x := v.Mail[k.Kind]; x != notify.AsUsual {
			w = NoticeWish(x)
		}
		out.Mail = append(out.Mail, MailWish{Kind: NoticeKind(k.Kind), Wish: w})
	}
	return out
}

// GetNoticeChannels gives how the channels stand.
func (a *API) GetNoticeChannels(ctx context.Context, _ GetNoticeChannelsRequestObject) (GetNoticeChannelsResponseObject, error) {
	v, err := a.flow.NoticeChannels(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return GetNoticeChannels200JSONResponse(channels(v)), nil
}

// SetNoticeChannels says what goes to the company's channels.
func (a *API) SetNoticeChannels(ctx context.Context, r SetNoticeChannelsRequestObject) (SetNoticeChannelsResponseObject, error) {
	actor := callOf(ctx).actor
	if err := a.flow.SetNoticeSettings(ctx, actor, flow.NoticeSettings{Zone: r.Body.Zone, Webhook: kindsOf(r.Body.Webhook), Slack: kindsOf(r.Body.Slack)}, value(r.Body.Version)); err != nil {
		return nil, err
	}
	v, err := a.flow.NoticeChannels(ctx, actor)
	if err != nil {
		return nil, err
	}
	return SetNoticeChannels200JSONResponse(channels(v)), nil
}

// RetryNotices tries at once what waits for its next try.
func (a *API) RetryNotices(ctx context.Context, _ RetryNoticesRequestObject) (RetryNoticesResponseObject, error) {
	n, err := a.flow.RetryNotices(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return RetryNotices200JSONResponse{Messages: n}, nil
}

func channels(v flow.ChannelsView) NoticeChannels {
	return NoticeChannels{Settings: NoticeSettings{Version: some(flow.PrintOf(v.Settings)), Zone: v.Settings.Zone, Webhook: kindNames(v.Settings.Webhook), Slack: kindNames(v.Settings.Slack)},
		Channels: list(v.Channels, func(c flow.ChannelView) ChannelStanding {
			return ChannelStanding{Channel: NoticeChannel(c.Channel), SetUp: c.On, Works: c.On && !c.Dead(), Waiting: c.Waiting, Failing: c.Failing, Held: c.Held, Sent: c.Sent, Refused: c.Refused,
				Error: c.Error, FailingSince: someTime(c.Oldest), LastSent: someTime(c.LastSent)}
		})}
}
