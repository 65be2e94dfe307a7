package notify

import (
	"fmt"
	"slices"
	"time"

	"windshield/internal/fault"
	"windshield/internal/locale"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

// Channel is a way by which messages reach people.
type Channel string

const (
	Mail         Channel = "mail"
	Page         Channel = "page"          // the list of notices in Windshield itself
	Slack        Channel = "slack"         // a person's own incoming webhook
	CompanySlack Channel = "company_slack" // the company's
	Webhook      Channel = "webhook"       // the company's signed webhook
)

// Channels lists every channel in the order in which pages show them.
var Channels = []Channel{Mail, Page, Slack, CompanySlack, Webhook}

// Rhythm is how often somebody gets a digest.
type Rhythm string

const (
	Usual  Rhythm = "" // as the person's roles have it
	Daily  Rhythm = "daily"
	Weekly Rhythm = "weekly"
	None   Rhythm = "none"
)

// Wish is what somebody wants of one kind of message by mail.
type Wish string

const (
	AsUsual  Wish = ""
	AtOnce   Wish = "now"
	Gathered Wish = "digest"
	Off      Wish = "off"
)

// Preference is what somebody has chosen. The zero value is what everybody begins
// with, but for the quiet hours: see UsualPreference.
type Preference struct {
	Mail      map[Kind]Wish `json:"mail,omitempty"`
	NoSlack   []Kind        `json:"no_slack,omitempty"` // kinds that do not go to the own Slack
	QuietFrom string        `json:"quiet_from"`         // "21:00" at the person's place; "" with QuietTo: never quiet
	QuietTo   string        `json:"quiet_to"`           // "07:00"; before QuietFrom where the night lies between
	Digest    Rhythm        `json:"digest"`
	Slack     bool          `json:"slack"` // there is an own address
}

// UsualPreference is what everybody begins with.
func UsualPreference() Preference { return Preference{QuietFrom: "20:00", QuietTo: "07:00"} }

// mostQuiet is how many minutes a day may be quiet: what is left reaches beyond the
// hours before morning, so that there is a time for a digest on every day.
const mostQuiet = 16 * 60

// Check refuses what cannot be followed, with the fields named.
func (p Preference) Check() error {
	var bad []fault.Detail
	for _, x := range []struct{ where, value string }{{"quiet_from", p.QuietFrom}, {"quiet_to", p.QuietTo}} {
		if x.value != "" && !wall(x.value).ok {
			bad = append(bad, fault.Detail{Where: x.where, Value: fault.Short(x.value), Expected: "a time such as 21:00"})
		}
	}
	if (p.QuietFrom == "") != (p.QuietTo == "") {
		bad = append(bad, fault.Detail{Where: "quiet_to", Expected: "both times, or neither", Mend: "Leave both empty to be told at any hour."})
	}
	if from, to := wall(p.QuietFrom), wall(p.QuietTo); from.ok && to.ok && (to.n-from.n+24*60)%(24*60) > mostQuiet {
		bad = append(bad, fault.Detail{Where: "quiet_to", Value: p.QuietTo, Expected: "quiet hours of at most 16 hours a day"})
	}
	if p.Digest != Usual && p.Digest != Daily && p.Digest != Weekly && p.Digest != None {
		bad = append(bad, fault.Detail{Where: "digest", Value: fault.Short(string(p.Digest)), Expected: "daily, weekly or none"})
	}
	for k, w := range p.Mail {
		f, ok := FactsOf(k)
		switch {
		case !ok:
			bad = append(bad, fault.Detail{Where: "mail", Value: fault.Short(string(k)), Expected: "a kind of notice"})
		case w != AsUsual && w != AtOnce && w != Gathered && w != Off:
			bad = append(bad, fault.Detail{Where: "mail." + string(k), Value: fault.Short(string(w)), Expected: "now, digest or off"})
		case w == Off && !f.MayEnd:
			bad = append(bad, fault.Detail{Where: "mail." + string(k), Value: string(w), Expected: "that it stays on: without it nobody gets in"})
		}
	}
	for _, k := range p.NoSlack {
		if _, ok := FactsOf(k); !ok {
			bad = append(bad, fault.Detail{Where: "no_slack", Value: fault.Short(string(k)), Expected: "a kind of notice"})
		}
	}
	if len(bad) > 0 {
		slices.SortFunc(bad, func(a, b fault.Detail) int { return cmpText(a.Where+a.Value, b.Where+b.Value) })
		return fault.Invalidf("These choices cannot be kept.").With(bad...)
	}
	return nil
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Reader is who would read a message.
type Reader struct {
	Roles []roster.Role
	Zone  *time.Location       // where the person lives; the company's where nobody knows
	Works func(slot.Date) bool // working days at that place; nil: Monday to Friday
	Style locale.Style         // how the person reads dates
}

func (r Reader) works(d slot.Date) bool {
	if r.Works != nil {
		return r.Works(d)
	}
	return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
}

// Way is what happens to a message on a channel.
type Way string

const (
	GoNow    Way = "now"
	GoLater  Way = "later"  // not before Choice.At
	InDigest Way = "digest" // of the day Choice.Day, or the next one after it
	Never    Way = "never"
)

// Choice is what happens to a message on one channel, with the reason in words.
type Choice struct {
	Channel Channel
	Way     Way
	At      time.Time // for GoLater
	Day     slot.Date // for InDigest, at the reader's place
	Why     string    // a sentence for the reader; "" where it simply goes
}

// Decide says by which channels a message of a kind reaches a person, and when. A
// message that lets somebody in goes by mail at once, whatever was chosen. An unknown
// kind goes by mail at once as well: better once too often than never.
func Decide(k Kind, p Preference, r Reader, now time.Time) []Choice {
	f, known := FactsOf(k)
	if !known || f.Secret {
		return []Choice{{Channel: Mail, Way: GoNow}}
	}
	out := []Choice{{Channel: Page, Way: GoNow}, decideMail(f, p, r, now)}
	if p.Slack {
		c := Choice{Channel: Slack, Way: GoNow}
		switch {
		case f.MayEnd && slices.Contains(p.NoSlack, k):
			c.Way, c.Why = Never, "You have switched off Slack for "+f.Title+"."
		case f.Waits:
			c = waited(c, p, r, now)
		}
		out = append(out, c)
	}
	return out
}

func decideMail(f Facts, p Preference, r Reader, now time.Time) Choice {
	c := Choice{Channel: Mail, Way: GoNow}
	wish := p.Mail[f.Kind]
	if f.MayEnd && wish == Off {
		c.Way, c.Why = Never, "You have switched off mail about "+f.Title+"."
		return c
	}
	if f.Kind != DailyDigest && (wish == Gathered || wish == AsUsual && f.Gathers) {
		if day, ok := NextDigest(p, r, now); ok {
			c.Way, c.Day, c.Why = InDigest, day, "It goes into your digest of "+r.Style.Day(day, "Monday 2 January")+"."
			return c
		}
	}
	if f.Waits {
		return waited(c, p, r, now)
	}
	return c
}

// waited puts a message off to the end of the quiet hours.
func waited(c Choice, p Preference, r Reader, now time.Time) Choice {
	if at := QuietUntil(p, r.Zone, now); at.After(now) {
		c.Way, c.At = GoLater, at
		c.Why = fmt.Sprintf("It is quiet at your place from %s to %s; it goes after that.", p.QuietFrom, p.QuietTo)
	}
	return c
}

// minutes is a wall time as minutes of the day.
type minutes struct {
	n  int
	ok bool
}

func wall(s string) minutes {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return minutes{}
	}
	return minutes{t.Hour()*60 + t.Minute(), true}
}

// Quiet says whether it is quiet for somebody at an instant, by the clock on the wall
// there: an hour that comes twice in autumn is as quiet both times.
func Quiet(p Preference, zone *time.Location, at time.Time) bool {
	from, to := wall(p.QuietFrom), wall(p.QuietTo)
	if !from.ok || !to.ok || from == to {
		return false
	}
	t := at.In(zone)
	n := t.Hour()*60 + t.Minute()
	if from.n < to.n {
		return from.n <= n && n < to.n
	}
	return n >= from.n || n < to.n
}

// QuietUntil gives the first whole minute from now at which it is not quiet; now itself
// where it is not quiet now. It looks minute by minute, since clocks that are put
// forward or back leave no simpler rule that is right.
func QuietUntil(p Preference, zone *time.Location, now time.Time) time.Time {
	if !Quiet(p, zone, now) {
		return now
	}
	at := now.Truncate(time.Minute)
	for range 2 * 24 * 60 {
		if at = at.Add(time.Minute); !Quiet(p, zone, at) {
			return at
		}
	}
	return now // quiet all day long is nobody's wish
}

// RhythmOf gives how often a person gets a digest: as chosen, else by the roles.
// Those for whom something is due every day get it every day.
func RhythmOf(p Preference, roles []roster.Role) Rhythm {
	if p.Mail[DailyDigest] == Off {
		return None
	}
	if p.Digest != Usual {
		return p.Digest
	}
	for _, r := range roles {
		if r == roster.Host || r == roster.Assistant || r == roster.CEO {
			return Daily
		}
	}
	if slices.Contains(roles, roster.Executive) {
		return Weekly
	}
	return None
}

// morning is when digests go, at the reader's place; later where it is still quiet.
const morning = 7 * 60

// DigestDue gives the day of the digest that is to go by now, if one is: of a weekly
// one the first working day of the week. One that could not go in the morning goes
// later on the day, a weekly one later in the week; none goes while it is quiet.
func DigestDue(p Preference, r Reader, now time.Time) (day slot.Date, due bool) {
	t := now.In(r.Zone)
	today := slot.DateOf(now, r.Zone)
	day, ok := digestOf(RhythmOf(p, r.Roles), r, today)
	if !ok || t.Hour()*60+t.Minute() < morning || Quiet(p, r.Zone, now) {
		return 0, false
	}
	return day, true
}

// digestOf gives the digest to which a day belongs.
func digestOf(rhythm Rhythm, r Reader, d slot.Date) (day slot.Date, ok bool) {
	if !r.works(d) || rhythm != Daily && rhythm != Weekly {
		return 0, false
	}
	if rhythm == Daily {
		return d, true
	}
	for day = d.Monday(); day < d && !r.works(day); day = day.Add(1) {
	}
	return day, true
}

// NextDigest gives the day of the first digest that goes after now; ok is false where
// the person gets none.
func NextDigest(p Preference, r Reader, now time.Time) (day slot.Date, ok bool) {
	rhythm := RhythmOf(p, r.Roles)
	today, t := slot.DateOf(now, r.Zone), now.In(r.Zone)
	for n := range 60 { // no holidays last longer
		d := today.Add(n)
		day, ok := digestOf(rhythm, r, d)
		if ok && day == d && (n > 0 || t.Hour()*60+t.Minute() < morning) {
			return day, true
		}
	}
	return 0, false
}
