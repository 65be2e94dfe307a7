package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/notify"
)

// Noticing are the use cases of who is told what.
type Noticing interface {
	Notices(ctx context.Context, a access.Actor, after string) (flow.NoticesView, error)
	UnreadNotices(ctx context.Context, a access.Actor) (int, error)
	OpenNotice(ctx context.Context, a access.Actor, id string) (flow.Delivery, error)
	ReadNotices(ctx context.Context, a access.Actor) error
	NoticePreferences(ctx context.Context, a access.Actor) (flow.PreferenceView, error)
	SetNoticePreferences(ctx context.Context, a access.Actor, version int, in flow.PreferenceInput) (flow.PreferenceView, error)
	SetLocale(ctx context.Context, a access.Actor, locale string) error
}

// Telling are the use cases of the channels by which people are told, and of ending
// one without signing in.
type Telling interface {
	NoticeChannels(ctx context.Context, a access.Actor) (flow.ChannelsView, error)
	SetNoticeSettings(ctx context.Context, a access.Actor, s flow.NoticeSettings, seen string) error
	RetryNotices(ctx context.Context, a access.Actor) (int, error)
	TestNotice(ctx context.Context, a access.Actor, channel notify.Channel) error
	NoticeToEnd(ctx context.Context, ticket, remote string) (flow.EndView, error)
	EndNotices(ctx context.Context, ticket, remote string) (flow.EndView, error)
}

const (
	noticesPath  = "/me/notices"
	choicesPath  = "/me/notices/preferences"
	localePath   = "/me/locale"
	channelsPath = "/admin/notices"
)

type noticesModel struct {
	flow.NoticesView
	After string
}

func (p *Pages) notices(c echo.Context) error {
	after := c.QueryParam("after")
	v, err := p.Flow.Notices(ctx(c), auth.Actor(c), after)
	if err != nil {
		return err
	}
	f := p.frame(c, "Notices")
	f.Narrow = true
	return p.show(c, http.StatusOK, noticesPage(f, noticesModel{NoticesView: v, After: after}))
}

// openNotice marks a notice as read and goes to what it is about.
func (p *Pages) openNotice(c echo.Context) error {
	d, err := p.Flow.OpenNotice(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	if !safePath(d.Path) { // the text of a notice, in which people's own words stand, may name an address that only looks like ours
		return c.Redirect(http.StatusSeeOther, noticesPath)
	}
	return c.Redirect(http.StatusSeeOther, d.Path)
}

func (p *Pages) readNotices(c echo.Context) error {
	if err := p.Flow.ReadNotices(ctx(c), auth.Actor(c)); err != nil {
		return err
	}
	return back(c, noticesPath, "notices_read")
}

// channelNames name the channels as people call them.
var channelNames = map[notify.Channel]string{notify.Mail: "Mail", notify.Page: "These pages", notify.Slack: "Own Slack", notify.CompanySlack: "Company’s Slack", notify.Webhook: "Webhook"}

// wayLine says what became of a notice on another channel.
func wayLine(ctx context.Context, d flow.Delivery) string {
	by := "mail"
	if d.Channel == notify.Slack {
		by = "Slack"
	}
	switch d.State {
	case flow.Sent:
		if d.Why != "" {
			return d.Why // it went inside of another mail
		}
		return "By " + by + " on " + momentText(ctx, d.SentAt) + "."
	case flow.OnHold:
		return "Not yet by " + by + ". " + d.Why
	case flow.Skipped:
		return "Not by " + by + ". " + d.Why
	case flow.Refused:
		return "Not by " + by + ". " + d.Error
	}
	if d.Error != "" {
		return "Not yet by " + by + "; it is tried again. " + d.Error
	}
	return "On its way by " + by + "."
}

type noticeChoicesModel struct {
	flow.PreferenceView
	Error    shownError
	SlackURL string
}

// choiceFields are the fields that can be wrong.
var choiceFields = []string{"quiet_from", "quiet_to", "digest", "slack_url", "locale"}

func (p *Pages) noticeChoices(c echo.Context) error { return p.showChoices(c, http.StatusOK, nil, nil) }

func (p *Pages) showChoices(c echo.Context, status int, typed *flow.PreferenceInput, refused error) error {
	v, err := p.Flow.NoticePreferences(ctx(c), auth.Actor(c))
	if err != nil {
		return err
	}
	m := noticeChoicesModel{PreferenceView: v, Error: shown(refused, choiceFields...)}
	if typed != nil {
		slack := m.Slack
		m.Preference, m.SlackURL = typed.Preference, typed.SlackURL
		m.Slack = slack
	}
	f := p.frame(c, "How you are told")
	f.Narrow = true
	return p.show(c, status, noticeChoicesPage(f, m))
}

func (p *Pages) setNoticeChoices(c echo.Context) error {
	v, err := version(c)
	if err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("This form cannot be read.").Because(err)
	}
	in := flow.PreferenceInput{SlackURL: strings.TrimSpace(c.FormValue("slack_url")), EndSlack: c.FormValue("end_slack") == "yes"}
	in.QuietFrom, in.QuietTo = wallOf(c.FormValue("quiet_from")), wallOf(c.FormValue("quiet_to"))
	in.Digest, in.Mail = notify.Rhythm(c.FormValue("digest")), map[notify.Kind]notify.Wish{}
	for _, k := range notify.Kinds() {
		if !k.MayEnd {
			continue
		}
		if w := notify.Wish(c.FormValue("mail." + string(k.Kind))); w != notify.AsUsual {
			in.Mail[k.Kind] = w
		}
		if slices.Contains(form["slack_shown"], string(k.Kind)) && !slices.Contains(form["slack"], string(k.Kind)) {
			in.NoSlack = append(in.NoSlack, k.Kind)
		}
	}
	if _, err = p.Flow.SetNoticePreferences(ctx(c), auth.Actor(c), v, in); err == nil {
		return back(c, choicesPath, "choices")
	}
	if status, yes := formError(err); yes {
		return p.showChoices(c, status, &in, err)
	}
	return err
}

// setLocale keeps how somebody reads dates and numbers.
func (p *Pages) setLocale(c echo.Context) error {
	err := p.Flow.SetLocale(ctx(c), auth.Actor(c), c.FormValue("locale"))
	if status, yes := formError(err); yes {
		return p.showChoices(c, status, nil, err)
	}
	if err != nil {
		return err
	}
	return back(c, choicesPath, "locale")
}

// wallOf brings a time as people type it to the one form that is kept.
func wallOf(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), ".", ":")
	if len(s) == 4 && s[1] == ':' {
		s = "0" + s
	}
	return s
}

// upper begins a title with a capital.
func upper(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return s
	}
	return strings.ToUpper(string(r[0])) + string(r[1:])
}

// wishes are what may be chosen of a kind, in the order of the list.
func wishes(k notify.Facts, rhythm notify.Rhythm) [][2]string {
	usual := "at once"
	if k.Gathers && rhythm != notify.None {
		usual = "in the digest"
	}
	if k.Kind == notify.DailyDigest {
		return [][2]string{{"", "yes"}, {string(notify.Off), "no mail"}}
	}
	return [][2]string{{"", "as usual: " + usual}, {string(notify.AtOnce), "at once"}, {string(notify.Gathered), "in the digest"}, {string(notify.Off), "no mail"}}
}

var rhythmNames = map[notify.Rhythm]string{notify.Daily: "each working morning", notify.Weekly: "once a week", notify.None: "never"}

type endModel struct {
	flow.EndView
	Ticket string
}

// noticeToEnd asks whether a kind of mail is to end; nobody needs to sign in.
func (p *Pages) noticeToEnd(c echo.Context) error {
	v, err := p.Flow.NoticeToEnd(ctx(c), c.Param("ticket"), c.RealIP())
	if err != nil {
		return p.noLink(c, err)
	}
	return p.show(c, http.StatusOK, endPage(p.outsideFrame(c, "No more mail about this?"), endModel{v, c.Param("ticket")}))
}

// endNotices ends it: by the button of the page, or by the one click of a mail program
// (RFC 8058), which brings neither cookies nor an origin.
func (p *Pages) endNotices(c echo.Context) error {
	v, err := p.Flow.EndNotices(ctx(c), c.Param("ticket"), c.RealIP())
	if err != nil {
		return p.noLink(c, err)
	}
	return p.show(c, http.StatusOK, endPage(p.outsideFrame(c, "No more mail about this"), endModel{v, c.Param("ticket")}))
}

type noticeChannelsModel struct {
	flow.ChannelsView
	Seen  string // print of the settings that stand
	Clash *clash
	Error shownError
}

func (p *Pages) noticeChannels(c echo.Context) error {
	return p.showChannels(c, http.StatusOK, nil, nil)
}

func (p *Pages) showChannels(c echo.Context, status int, typed *flow.NoticeSettings, refused error) error {
	v, err := p.Flow.NoticeChannels(ctx(c), auth.Actor(c))
	if err != nil {
		return err
	}
	m := noticeChannelsModel{ChannelsView: v, Seen: flow.PrintOf(v.Settings), Error: onlyMend(refused, "zone", "webhook", "slack")}
	if typed != nil {
		m.Clash, m.Settings = clashOf(refused, saidNotices(*typed), saidNotices(v.Settings)), *typed
	}
	return p.show(c, status, noticeChannelsPage(p.frame(c, "How notices leave"), m))
}

func (p *Pages) setChannels(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("This form cannot be read.").Because(err)
	}
	s := flow.NoticeSettings{Zone: strings.TrimSpace(c.FormValue("zone")), Webhook: kindsIn(form, "webhook"), Slack: kindsIn(form, "slack")}
	if err = p.Flow.SetNoticeSettings(ctx(c), auth.Actor(c), s, c.FormValue("seen")); err == nil {
		return back(c, channelsPath, "channels")
	}
	if status, yes := formErrorOrStale(err); yes {
		return p.showChannels(c, status, &s, err)
	}
	return err
}

func kindsIn(form url.Values, field string) []notify.Kind {
	out := []notify.Kind{}
	for _, k := range form[field] {
		out = append(out, notify.Kind(k))
	}
	return out
}

func (p *Pages) retryNotices(c echo.Context) error {
	if _, err := p.Flow.RetryNotices(ctx(c), auth.Actor(c)); err != nil {
		return err
	}
	return back(c, channelsPath, "notices_retried")
}

func (p *Pages) testNotice(c echo.Context) error {
	err := p.Flow.TestNotice(ctx(c), auth.Actor(c), notify.Channel(c.FormValue("channel")))
	if status, yes := formError(err); yes {
		return p.showChannels(c, status, nil, err)
	}
	if err != nil {
		return err
	}
	return back(c, channelsPath, "notice_tested")
}

// channelState says how a channel stands, in a tag and a sentence.
func channelState(ctx context.Context, v flow.ChannelView) (text, class, why string) {
	switch {
	case !v.On && v.Waiting == 0:
		return "not set up", "tag dash", ""
	case v.Dead():
		return "✗ does not work", "tag warn", count(ctx, v.Failing, "message has", "messages have") + " been tried in vain, the oldest since " + momentText(ctx, v.Oldest) + ". " + v.Error
	case v.Waiting > 0:
		return "sending", "tag dash", ""
	case v.LastSent.IsZero():
		return "nothing sent yet", "tag dash", ""
	}
	return "✓ works", "tag ok", ""
}

func mayTest(v flow.ChannelView) bool {
	return v.On && (v.Channel == notify.Mail || v.Channel == notify.CompanySlack || v.Channel == notify.Webhook)
}
