package notify

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/roster"
	"windshield/internal/slot"
)

func in(t testing.TB, zone string) *time.Location {
	l, err := slot.LoadZone(zone)
	require.NoError(t, err)
	return l
}

func TestEveryKindIsKnownByItsStoredNames(t *testing.T) {
	named := map[Kind]bool{}
	for name, k := range stored {
		_, ok := FactsOf(k)
		require.True(t, ok, name)
		got, ok := KindOf(name + "/7")
		require.True(t, ok && got == k, name)
		named[k] = true
	}
	for _, f := range Kinds() {
		require.True(t, named[f.Kind], "%s is stored under no name", f.Kind)
		require.NotEmpty(t, f.Title)
		require.NotEmpty(t, f.Who)
		require.False(t, f.Secret && (f.MayEnd || f.Waits || f.Gathers || f.Company), "%s lets somebody in", f.Kind)
	}
	k, _ := KindOf("ask again")
	require.Equal(t, CustomerSaid, k, "a host who is to ask the customer again finds it on the page of notices")
	_, ok := KindOf("nobody knows")
	require.False(t, ok)
}

func TestDecide(t *testing.T) {
	zurich := in(t, "Europe/Zurich")
	at := func(day, wall string) time.Time {
		x, err := slot.At(slot.MustDate(day), wall, "Europe/Zurich")
		require.NoError(t, err)
		return x
	}
	host := Reader{Roles: []roster.Role{roster.Host}, Zone: zurich}
	ceo := Reader{Roles: []roster.Role{roster.CEO, roster.Executive}, Zone: zurich}
	usual := UsualPreference()
	with := func(change func(*Preference)) Preference { p := usual; change(&p); return p }
	tests := map[string]struct {
		kind Kind
		pref Preference
		r    Reader
		now  time.Time
		want string // of the mail
	}{
		"by day":                          {Warned, usual, host, at("2027-03-03", "12:00"), "now"},
		"by night":                        {Warned, usual, host, at("2027-03-03", "22:00"), "later 2027-03-04T06:00:00Z It is quiet at your place from 20:00 to 07:00; it goes after that."},
		"after midnight":                  {Warned, usual, host, at("2027-03-03", "00:30"), "later 2027-03-03T06:00:00Z It is quiet at your place from 20:00 to 07:00; it goes after that."},
		"the end itself is not quiet":     {Warned, usual, host, at("2027-03-03", "07:00"), "now"},
		"the own breach does not wait":    {Breached, usual, host, at("2027-03-03", "00:01"), "now"},
		"who wants no quiet":              {Warned, Preference{}, host, at("2027-03-03", "00:30"), "now"},
		"a link to get in waits for none": {SignInLink, with(func(p *Preference) { p.Mail = map[Kind]Wish{SignInLink: Off} }), host, at("2027-03-03", "00:30"), "now"},
		"an unknown kind":                 {"new", usual, host, at("2027-03-03", "00:30"), "now"},
		"switched off":                    {Warned, with(func(p *Preference) { p.Mail = map[Kind]Wish{Warned: Off} }), host, at("2027-03-03", "12:00"), "never You have switched off mail about 30 days that will soon be over."},
		"into the digest of tomorrow":     {BreachCEO, usual, ceo, at("2027-03-03", "12:00"), "digest 2027-03-04 It goes into your digest of Thursday 4 March."},
		"into the digest of this morning": {BreachCEO, usual, ceo, at("2027-03-03", "06:59"), "digest 2027-03-03 It goes into your digest of Wednesday 3 March."},
		"over the weekend":                {BreachCEO, usual, ceo, at("2027-03-05", "12:00"), "digest 2027-03-08 It goes into your digest of Monday 8 March."},
		"the CEO wants it at once":        {BreachCEO, with(func(p *Preference) { p.Mail = map[Kind]Wish{BreachCEO: AtOnce} }), ceo, at("2027-03-03", "12:00"), "now"},
		"the CEO wants no digest":         {BreachCEO, with(func(p *Preference) { p.Digest = None }), ceo, at("2027-03-03", "12:00"), "now"},
		"weekly":                          {BreachCEO, with(func(p *Preference) { p.Digest = Weekly }), ceo, at("2027-03-03", "12:00"), "digest 2027-03-08 It goes into your digest of Monday 8 March."},
		"a digest is in no digest":        {DailyDigest, with(func(p *Preference) { p.Mail = map[Kind]Wish{DailyDigest: Gathered} }), ceo, at("2027-03-03", "12:00"), "now"},
		// At 02:00 on 28 March clocks go to 03:00; at 03:00 on 31 October back to 02:00.
		"the hour that is left out": {Warned, with(func(p *Preference) { p.QuietTo = "02:30" }), host, at("2027-03-28", "01:30"), "later 2027-03-28T01:00:00Z It is quiet at your place from 20:00 to 02:30; it goes after that."},
		"the night that is shorter": {Warned, usual, host, at("2027-03-27", "23:00"), "later 2027-03-28T05:00:00Z It is quiet at your place from 20:00 to 07:00; it goes after that."},
		"the night that is longer":  {Warned, usual, host, at("2027-10-30", "23:00"), "later 2027-10-31T06:00:00Z It is quiet at your place from 20:00 to 07:00; it goes after that."},
		"the hour that comes twice": {Warned, with(func(p *Preference) { p.QuietTo = "02:30" }), host, time.Date(2027, 10, 31, 1, 10, 0, 0, time.UTC), "later 2027-10-31T01:30:00Z It is quiet at your place from 20:00 to 02:30; it goes after that."},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			for _, x := range Decide(c.kind, c.pref, c.r, c.now) {
				if x.Channel != Mail {
					continue
				}
				got := string(x.Way)
				switch x.Way {
				case GoLater:
					got += " " + x.At.UTC().Format(time.RFC3339)
				case InDigest:
					got += " " + x.Day.String()
				}
				if x.Why != "" {
					got += " " + x.Why
				}
				require.Equal(t, c.want, got)
			}
		})
	}
	own := with(func(p *Preference) { p.Slack, p.NoSlack = true, []Kind{Warned} })
	require.Equal(t, Choice{Channel: Slack, Way: Never, Why: "You have switched off Slack for 30 days that will soon be over."}, Decide(Warned, own, host, at("2027-03-03", "12:00"))[2])
	require.Equal(t, GoLater, Decide(Objective, own, host, at("2027-03-03", "23:00"))[2].Way)
	require.Len(t, Decide(SignInLink, own, host, at("2027-03-03", "12:00")), 1, "what lets somebody in is on no page and in no Slack")
}

func drawPreference(t *rapid.T) Preference {
	wallTime := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%02d:%02d", rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"))
	})
	p := Preference{QuietFrom: wallTime.Draw(t, "from"), QuietTo: wallTime.Draw(t, "to"), Digest: rapid.SampledFrom([]Rhythm{Usual, Daily, Weekly, None}).Draw(t, "digest"),
		Slack: rapid.Bool().Draw(t, "slack"), Mail: map[Kind]Wish{}}
	for _, k := range kinds {
		if k.MayEnd {
			p.Mail[k.Kind] = rapid.SampledFrom([]Wish{AsUsual, AtOnce, Gathered, Off}).Draw(t, string(k.Kind))
		}
	}
	if p.Check() != nil {
		p.QuietTo = p.QuietFrom // too long to be permitted
	}
	return p
}

// Whatever somebody chooses, wherever they live and whenever it is: nothing is lost,
// nothing goes while it is quiet, nothing waits longer than the quiet hours or the days
// to the next digest, and what does not go at once says why.
func TestDecideAlways(t *testing.T) {
	zones := []string{"Europe/Zurich", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati", "Australia/Lord_Howe", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		p := drawPreference(t)
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
		zone, err := slot.LoadZone(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		r := Reader{Roles: rapid.SliceOfDistinct(rapid.SampledFrom(roster.Roles), func(r roster.Role) roster.Role { return r }).Draw(t, "roles"), Zone: zone}
		// Around the days on which clocks change, and on any other.
		at := rapid.SampledFrom([]time.Time{time.Date(2027, 3, 14, 0, 0, 0, 0, time.UTC), time.Date(2027, 3, 28, 0, 0, 0, 0, time.UTC), time.Date(2027, 10, 31, 0, 0, 0, 0, time.UTC),
			time.Date(2027, 11, 7, 0, 0, 0, 0, time.UTC), time.Date(2027, 4, 4, 0, 0, 0, 0, time.UTC), time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)}).Draw(t, "day")
		now := at.Add(time.Duration(rapid.IntRange(-36*3600, 36*3600).Draw(t, "seconds")) * time.Second)
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		seen := map[Channel]bool{}
		for _, c := range Decide(k.Kind, p, r, now) {
			if seen[c.Channel] {
				t.Fatalf("%s twice", c.Channel)
			}
			seen[c.Channel] = true
			if c.Way != GoNow && c.Why == "" {
				t.Fatalf("%s by %s says not why", c.Way, c.Channel)
			}
			switch c.Way {
			case GoNow:
				if k.Waits && c.Channel != Page && Quiet(p, zone, now) {
					t.Fatal("it goes while it is quiet")
				}
			case GoLater:
				if Quiet(p, zone, c.At) || !Quiet(p, zone, now) || c.At.Sub(now) > 25*time.Hour+time.Minute {
					t.Fatalf("it waits from %s to %s", now, c.At)
				}
				for x := now; x.Before(c.At); x = x.Add(7 * time.Minute) {
					if !Quiet(p, zone, x) && c.At.Sub(x) > time.Minute {
						t.Fatalf("it could have gone at %s, and goes at %s", x, c.At)
					}
				}
			case InDigest:
				if n := c.Day.Sub(slot.DateOf(now, zone)); n < 0 || n > 9 {
					t.Fatalf("it waits %d days for a digest", n)
				}
				if !r.works(c.Day) || RhythmOf(p, r.Roles) == None {
					t.Fatal("no digest is written on that day")
				}
				written := false
				for n := range 24 * 6 {
					x := time.Date(c.Day.Year(), c.Day.Month(), c.Day.Time().Day(), 0, 10*n, 0, 0, zone)
					day, due := DigestDue(p, r, x)
					written = written || due && day == c.Day && slot.DateOf(x, zone) == c.Day
				}
				if !written {
					t.Fatalf("the digest of %s is not written on that day", c.Day)
				}
			case Never:
				if !k.MayEnd {
					t.Fatal("this may not be switched off")
				}
			}
		}
		if !seen[Mail] || !k.Secret && !seen[Page] || k.Secret && len(seen) > 1 {
			t.Fatalf("it goes by %v", seen)
		}
	})
}

func TestDigestDue(t *testing.T) {
	zurich := in(t, "Europe/Zurich")
	works := func(d slot.Date) bool {
		return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && d != slot.MustDate("2027-03-29") // Easter Monday
	}
	due := func(rhythm Rhythm, day, wall string) string {
		at, err := slot.At(slot.MustDate(day), wall, "Europe/Zurich")
		require.NoError(t, err)
		p := UsualPreference()
		p.Digest = rhythm
		d, ok := DigestDue(p, Reader{Zone: zurich, Works: works}, at)
		if !ok {
			return ""
		}
		return d.String()
	}
	require.Empty(t, due(Daily, "2027-03-24", "06:59"))
	require.Equal(t, "2027-03-24", due(Daily, "2027-03-24", "07:00"))
	require.Equal(t, "2027-03-24", due(Daily, "2027-03-24", "19:59"), "one that could not go in the morning")
	require.Empty(t, due(Daily, "2027-03-24", "20:00"), "it is quiet")
	require.Empty(t, due(Daily, "2027-03-27", "12:00"), "a Saturday")
	require.Empty(t, due(Daily, "2027-03-29", "12:00"), "a holiday")
	require.Equal(t, "2027-03-30", due(Weekly, "2027-03-30", "08:00"), "the week begins after the holiday")
	require.Equal(t, "2027-03-30", due(Weekly, "2027-04-02", "08:00"), "the same digest, late")
	require.Empty(t, due(None, "2027-03-24", "12:00"))
	require.Equal(t, Daily, RhythmOf(Preference{}, []roster.Role{roster.Executive, roster.Assistant}))
	require.Equal(t, Weekly, RhythmOf(Preference{}, []roster.Role{roster.Executive}))
	require.Equal(t, None, RhythmOf(Preference{}, []roster.Role{roster.VP}))
	require.Equal(t, None, RhythmOf(Preference{Mail: map[Kind]Wish{DailyDigest: Off}}, []roster.Role{roster.Host}))
}

func TestPreferenceCheck(t *testing.T) {
	require.NoError(t, UsualPreference().Check())
	for name, p := range map[string]Preference{
		"half of the quiet hours": {QuietFrom: "20:00"}, "a quiet day": {QuietFrom: "07:00", QuietTo: "23:30"}, "no time": {QuietFrom: "8 pm", QuietTo: "07:00"}, "25 o'clock": {QuietFrom: "25:00", QuietTo: "07:00"},
		"a rhythm": {Digest: "hourly"}, "a kind": {Mail: map[Kind]Wish{"all": Off}}, "a wish": {Mail: map[Kind]Wish{Warned: "sometimes"}},
		"links to get in": {Mail: map[Kind]Wish{SignInLink: Off}}, "Slack": {NoSlack: []Kind{"all"}},
	} {
		require.True(t, fault.Is(p.Check(), fault.Invalid), name)
	}
}

func TestDigest(t *testing.T) {
	day := slot.MustDate("2027-03-04")
	_, ok := Digest(ana, Daily, day, []Section{{Title: "Nothing"}}, "https://w.example")
	require.False(t, ok, "an empty digest is not sent")
	many := make([]Line, 30)
	for i := range many {
		many[i] = Line{Text: "x\r\nBcc: all@example.com", Path: "/visits/1"}
	}
	m, ok := Digest(ana, Weekly, day, []Section{{Title: "To decide", Lines: many[:1]}, {Title: "None"}, {Title: "Many", Lines: many}}, "https://w.example")
	require.True(t, ok)
	require.Equal(t, "Your week: 31 things, Thursday 4 March", m.Subject)
	require.Contains(t, m.Text, "To decide\n\n- x Bcc: all@example.com https://w.example/visits/1\n")
	require.Contains(t, m.Text, "- and 5 more")
	require.NotContains(t, m.Text, "None")
	m.ID = MessageID("digest", "digest", ana.ID, "https://w.example")
	require.NoError(t, m.Check())
	for _, x := range []Message{Launched(ana, "Too many\nfailed.", 3, "https://w.example/launches/1"), Launched(ana, "", 3, "https://w.example/launches/1"), AskDebrief(ana, "Größe & Söhne", "v1", day, day, "https://w.example"), Trial(ana, "https://w.example")} {
		x.ID = m.ID
		require.NoError(t, x.Check())
	}
}
