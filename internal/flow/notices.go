package flow

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/locale"
	"windshield/internal/notify"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

// noticesSetting is the name under which the company's choices are stored.
const noticesSetting = "notices"

// standardNoticeSettings send every kind that lets nobody in to the webhook, and what
// concerns the whole company to its Slack.
func standardNoticeSettings() NoticeSettings {
	s := NoticeSettings{Zone: "UTC"}
	for _, k := range notify.Kinds() {
		if !k.Secret {
			s.Webhook = append(s.Webhook, k.Kind)
		}
		if k.Company {
			s.Slack = append(s.Slack, k.Kind)
		}
	}
	return s
}

func noticeSettings(tx Tx) (NoticeSettings, error) {
	raw, err := tx.Ledger.Setting(noticesSetting)
	if err != nil || raw == "" {
		return standardNoticeSettings(), err
	}
	var s NoticeSettings
	return s, json.Unmarshal([]byte(raw), &s)
}

func (s NoticeSettings) sends(channel notify.Channel, k notify.Kind) bool {
	switch {
	case k == notify.Test:
		return true
	case channel == notify.Webhook:
		return slices.Contains(s.Webhook, k)
	}
	return slices.Contains(s.Slack, k)
}

// preferenceOf gives what somebody has chosen, or what everybody begins with.
func preferenceOf(tx Tx, personID string) (KeptPreference, error) {
	rows, err := tx.Notices.Preferences(personID)
	if err != nil || len(rows) == 0 {
		return KeptPreference{PersonID: personID, Preference: notify.UsualPreference()}, err
	}
	return rows[0], nil
}

// readerOf gives what somebody has chosen, and how the clock and the calendar stand
// where they live.
func (f *Flow) readerOf(tx Tx, p roster.Person, s NoticeSettings) (KeptPreference, notify.Reader, error) {
	kept, err := preferenceOf(tx, p.ID)
	return kept, f.reader(p, s), err
}

func (f *Flow) reader(p roster.Person, s NoticeSettings) notify.Reader {
	zone, err := slot.LoadZone(cmp.Or(alert.ZoneOf(p, f.Now()), s.Zone))
	if err != nil {
		zone = time.UTC
	}
	r := notify.Reader{Roles: p.Roles, Zone: zone, Style: locale.Of(p.Locale)}
	if c := cmp.Or(p.Terms.Calendar, p.Office.Country); c != "" {
		year := f.Now().Year()
		if cal, err := slot.CountryCalendar(c, year, year+1); err == nil {
			r.Works = cal.Works
		}
	}
	return r
}

// NoticeView is one notice of a person's own page, with what became of it elsewhere.
type NoticeView struct {
	Delivery
	Title string     // of its kind
	Ways  []Delivery // the same on other channels
}

// NoticesView is one page of notices.
type NoticesView struct {
	Rows   []NoticeView
	Next   string
	Unread int
}

// noticesShown is how many notices a page holds.
const noticesShown = 30

// Notices gives the actor's own notices, newest first.
func (f *Flow) Notices(ctx context.Context, a access.Actor, after string) (NoticesView, error) {
	if err := signedIn(a); err != nil {
		return NoticesView{}, err
	}
	return read(ctx, f, func(tx Tx) (NoticesView, error) {
		rows, next, err := tx.Notices.Page(a.PersonID, after, noticesShown)
		if err != nil {
			return NoticesView{}, err
		}
		out := NoticesView{Next: next, Rows: make([]NoticeView, len(rows))}
		subjects := make([]string, len(rows))
		for i, d := range rows {
			subjects[i] = d.About
		}
		all, err := tx.Alerts.Deliveries(subjects...)
		if err != nil {
			return out, err
		}
		for i, d := range rows {
			k, _ := notify.KindOf(d.Kind)
			facts, _ := notify.FactsOf(k)
			out.Rows[i] = NoticeView{Delivery: d, Title: facts.Title}
			for _, o := range all {
				if o.About == d.About && o.Kind == d.Kind && o.PersonID == a.PersonID && (o.Channel == notify.Mail || o.Channel == notify.Slack) {
					o.Ticket, o.TicketHash = "", ""
					out.Rows[i].Ways = append(out.Rows[i].Ways, o)
				}
			}
		}
		out.Unread, err = tx.Notices.Unread(a.PersonID)
		return out, err
	})
}

// UnreadNotices counts what the actor has not opened; one question by an index.
func (f *Flow) UnreadNotices(ctx context.Context, a access.Actor) (int, error) {
	if a.PersonID == "" {
		return 0, nil
	}
	return read(ctx, f, func(tx Tx) (int, error) { return tx.Notices.Unread(a.PersonID) })
}

// OpenNotice marks one of the actor's notices as read and gives it. NotFound where it
// is somebody else's.
func (f *Flow) OpenNotice(ctx context.Context, a access.Actor, id string) (Delivery, error) {
	if err := signedIn(a); err != nil {
		return Delivery{}, err
	}
	var d Delivery
	err := f.Store.Write(ctx, func(tx Tx) error {
		var err error
		if d, err = tx.Notices.Notice(a.PersonID, id); err != nil || !d.Unread {
			return err
		}
		return tx.Notices.Read(a.PersonID, id)
	})
	return d, err
}

// ReadNotices marks all of the actor's notices as read.
func (f *Flow) ReadNotices(ctx context.Context, a access.Actor) error {
	if err := signedIn(a); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error { return tx.Notices.Read(a.PersonID) })
}

// PreferenceView is what somebody has chosen, with what follows from it.
type PreferenceView struct {
	notify.Preference
	Kinds    []notify.Facts // that may be chosen about and can reach the actor
	Rhythm   notify.Rhythm  // how often the digest comes
	Zone     string         // by which the hours count
	Locale   string         // how the actor reads dates and numbers; "" as the browser says
	Email    string
	MaySlack bool // an own address can be kept
	Version  int
}

// NoticePreferences gives what the actor has chosen.
func (f *Flow) NoticePreferences(ctx context.Context, a access.Actor) (PreferenceView, error) {
	if err := signedIn(a); err != nil {
		return PreferenceView{}, err
	}
	return read(ctx, f, func(tx Tx) (PreferenceView, error) { return f.preferenceView(tx, a) })
}

func (f *Flow) preferenceView(tx Tx, a access.Actor) (PreferenceView, error) {
	p, err := f.stillHere(tx, a.PersonID)
	if err != nil {
		return PreferenceView{}, err
	}
	s, err := noticeSettings(tx)
	if err != nil {
		return PreferenceView{}, err
	}
	kept, r, err := f.readerOf(tx, p, s)
	if err != nil {
		return PreferenceView{}, err
	}
	w := PreferenceView{Preference: kept.Preference, Version: kept.Version, Zone: r.Zone.String(), Locale: p.Locale, Email: p.Email, Rhythm: notify.RhythmOf(kept.Preference, p.Roles),
		MaySlack: f.Hooks.OpenSlack != nil && f.Google.Keys.Ready()}
	for _, k := range notify.Kinds() {
		if k.MayEnd && k.Reaches(p.Roles) {
			w.Kinds = append(w.Kinds, k)
		}
	}
	return w, nil
}

// PreferenceInput is what somebody chooses.
type PreferenceInput struct {
	notify.Preference        // Slack is taken from SlackURL and NoSlackURL
	SlackURL          string // a new address of the own Slack; "" keeps the one there is
	EndSlack          bool   // the address is to be forgotten
}

// SetNoticePreferences keeps what the actor chooses. What waits for a digest that no
// longer comes goes out, and what waits for the end of quiet hours waits for that of the
// new ones. Errors: Stale; Invalid with the fields named.
func (f *Flow) SetNoticePreferences(ctx context.Context, a access.Actor, version int, in PreferenceInput) (PreferenceView, error) {
	if err := signedIn(a); err != nil {
		return PreferenceView{}, err
	}
	if err := in.Check(); err != nil {
		return PreferenceView{}, err
	}
	var out PreferenceView
	sealed := ""
	if in.SlackURL != "" && !in.EndSlack {
		var err error
		if sealed, err = f.sealSlack(a.PersonID, in.SlackURL); err != nil {
			return out, err
		}
	}
	err := f.Store.Write(ctx, func(tx Tx) error {
		kept, err := preferenceOf(tx, a.PersonID)
		if err != nil {
			return err
		}
		if kept.Version != version {
			return fault.Stalef("These choices were changed meanwhile. Look at them again.")
		}
		old := kept.Sealed
		kept.Preference, kept.Sealed = in.Preference, cmp.Or(sealed, old)
		if in.EndSlack {
			kept.Sealed = ""
		}
		kept.Slack = kept.Sealed != ""
		if err := tx.Notices.SavePreference(&kept); err != nil {
			return err
		}
		held, err := tx.Outbox.Due(f.Now().UTC().Add(longestQuiet), a.PersonID, releasedAtOnce)
		if err != nil {
			return err
		}
		if err := f.decideAgain(tx, held); err != nil {
			return err
		}
		if err := f.audit(tx, a, "choose notices", "person/"+a.PersonID, map[string]any{"digest": in.Digest, "slack": kept.Slack}); err != nil {
			return err
		}
		out, err = f.preferenceView(tx, a)
		return err
	})
	return out, err
}

// slackSeal binds the sealed address of somebody's Slack to them.
func slackSeal(personID string) string { return "slack/" + personID }

func (f *Flow) sealSlack(personID, url string) (string, error) {
	where := fault.Detail{Where: "slack_url", Expected: "the address of an incoming webhook of Slack, https://hooks.slack.com/…"}
	if f.Hooks.OpenSlack == nil || !f.Google.Keys.Ready() {
		where.Expected, where.Mend = "no address: this installation cannot keep one", "Ask an administrator to set WINDSHIELD_SECRET_KEYS."
		return "", fault.Invalidf("The address cannot be kept.").With(where)
	}
	if _, err := f.Hooks.OpenSlack(url); err != nil {
		return "", fault.Invalidf("This address cannot be used.").With(where).Because(err)
	}
	return f.Google.Keys.Seal(url, slackSeal(personID))
}

// ownSlack opens the way to somebody's own Slack.
func (f *Flow) ownSlack(kept KeptPreference) (notify.Notifier, error) {
	if kept.Sealed == "" || f.Hooks.OpenSlack == nil {
		return nil, fault.Invalidf("There is no address of an own Slack any more.")
	}
	url, err := f.Google.Keys.Open(kept.Sealed, slackSeal(kept.PersonID))
	if err != nil {
		return nil, fault.Invalidf("The address of the own Slack cannot be read: its key is gone. Enter it again.").Because(err)
	}
	return f.Hooks.OpenSlack(url)
}

// resealSlacks seals anew what an older key has sealed.
func (f *Flow) resealSlacks(tx Tx) error {
	rows, err := tx.Notices.Preferences()
	if err != nil {
		return err
	}
	for _, k := range rows {
		if k.Sealed == "" || !f.Google.Keys.Ready() || f.Google.Keys.Fresh(k.Sealed) {
			continue
		}
		url, err := f.Google.Keys.Open(k.Sealed, slackSeal(k.PersonID))
		if err != nil {
			continue // it stays as it is: its key may come back
		}
		if k.Sealed, err = f.Google.Keys.Seal(url, slackSeal(k.PersonID)); err != nil {
			return err
		}
		if err := tx.Notices.SavePreference(&k); err != nil {
			return err
		}
	}
	return nil
}
