// Package config holds the table of options: the only place that knows their
// names, defaults and rules. Only cmd reads the environment.
package config

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/hook"
	"windshield/internal/seal"
)

// Config is how this installation runs.
type Config struct {
	Addr               string // host:port to listen on
	BaseURL            string // how links begin, without a slash at the end
	DatabaseURL        string // sqlite:PATH or postgres://…
	GoogleCalendarURL  string // base of the Calendar API; "" is Google's
	GoogleTokenURL     string // OAuth token endpoint; "" is the key file's
	GoogleCredentials  string // key file of a service account with domain-wide delegation; "" is none
	GoogleOrganizer    string // address under which all events are organised; "" is each host's own
	GoogleClientID     string // of the client under which people connect their calendars; "" is none
	GoogleClientSecret string
	GoogleAuthURL      string     // consent page; "" is Google's
	GoogleRevokeURL    string     // where permissions are taken back; "" is Google's
	SecretKeys         *seal.Ring // nil: no secret can be kept
	InviteCustomers    bool       // the customer's people may become guests of calendar entries
	SyncInterval       time.Duration
	PushURL            string // under which calendars reach us to announce changes; "" is not at all
	GoogleLimitProject int    // requests a minute of everybody together; 0 is no limit of ours
	GoogleLimitPerson  int    // on behalf of one person
	GoogleLimitWrites  int    // writes to one calendar
	MetricsAddr        string // host:port of the metrics; "" shows none
	SMTPURL            string // "" sends no mail
	MailFrom           string
	SlackWebhookURL    string // incoming webhook of the company's channel; "" posts none. Trusted: see hook.Options.AllowPrivate
	WebhookURL         string // of the company's own receiver of notices, trusted likewise; "" posts none
	WebhookSecret      string // signs what goes there
	TrustedProxies     []netip.Prefix
	TestClock          string // file with an RFC 3339 instant
	UnsafeTest         bool
	LogLevel           string

	Launch flow.Budget // how fast many changes go to the calendars
}

// Secure says whether people reach us over https.
func (c Config) Secure() bool { return strings.HasPrefix(c.BaseURL, "https://") }

// Option is one line of the table.
type Option struct {
	Name    string
	Default string
	Help    string
	Secret  bool
	set     func(*Config, string) error
	get     func(Config) string
}

// Table gives the options in the order in which help shows them.
func Table() []Option {
	str := func(p func(*Config) *string, check func(string) error) (func(*Config, string) error, func(Config) string) {
		return func(c *Config, v string) error {
				if v != "" && check != nil {
					if err := check(v); err != nil {
						return err
					}
				}
				*p(c) = v
				return nil
			}, func(c Config) string {
				return *p(&c)
			}
	}
	option := func(name, def, help string, p func(*Config) *string, check func(string) error) Option {
		set, get := str(p, check)
		return Option{Name: name, Default: def, Help: help, set: set, get: get}
	}
	secret := func(o Option) Option { o.Secret = true; return o }
	return []Option{
		option("WINDSHIELD_ADDR", "127.0.0.1:8080", "where to listen, host:port", func(c *Config) *string { return &c.Addr }, hostPort),
		option("WINDSHIELD_BASE_URL", "", "how links in mails and invitations begin; from the address where empty", func(c *Config) *string { return &c.BaseURL }, webURL),
		secret(option("WINDSHIELD_DATABASE_URL", "sqlite:windshield.db", "sqlite:PATH or postgres://user:password@host/name", func(c *Config) *string { return &c.DatabaseURL }, databaseURL)),
		option("WINDSHIELD_GOOGLE_CALENDAR_URL", "", "base of the Calendar API, ends in /calendar/v3/; Google's where empty", func(c *Config) *string { return &c.GoogleCalendarURL }, calendarURL),
		option("WINDSHIELD_GOOGLE_TOKEN_URL", "", "OAuth token endpoint; the key file's or Google's where empty", func(c *Config) *string { return &c.GoogleTokenURL }, webURL),
		option("WINDSHIELD_GOOGLE_CREDENTIALS", "", "key file of a service account with domain-wide delegation", func(c *Config) *string { return &c.GoogleCredentials }, nil),
		option("WINDSHIELD_GOOGLE_ORGANIZER", "", "address under which all events are organised, without a key file those of hosts who are not connected; each host's own where empty", func(c *Config) *string { return &c.GoogleOrganizer }, mailAddress),
		option("WINDSHIELD_GOOGLE_CLIENT_ID", "", "OAuth client under which people connect their own calendars, where there is no key file", func(c *Config) *string { return &c.GoogleClientID }, nil),
		secret(option("WINDSHIELD_GOOGLE_CLIENT_SECRET", "", "secret of that client", func(c *Config) *string { return &c.GoogleClientSecret }, nil)),
		option("WINDSHIELD_GOOGLE_AUTH_URL", "", "OAuth consent page; Google's where empty", func(c *Config) *string { return &c.GoogleAuthURL }, webURL),
		option("WINDSHIELD_GOOGLE_REVOKE_URL", "", "where permissions are taken back; Google's where empty", func(c *Config) *string { return &c.GoogleRevokeURL }, webURL),
		{Name: seal.Option, Default: "", Secret: true, Help: "keys that seal stored permissions, id:base64 of 32 bytes, separated by commas; the first seals, all open",
			set: func(c *Config, v string) (err error) {
				if c.SecretKeys, err = seal.Parse(v); err != nil {
					return errors.New("id:key, with keys of 32 bytes in base64 as `openssl rand -base64 32` gives, separated by commas")
				}
				return nil
			}, get: func(c Config) string {
				if c.SecretKeys.Ready() {
					return "(set)"
				}
				return ""
			}},
		{Name: "WINDSHIELD_INVITE_CUSTOMERS", Default: "no", Help: "yes invites the customer's people, whom the host has chosen, to the calendar entry of a visit that the host has agreed with them",
			set: func(c *Config, v string) error {
				if v != "yes" && v != "no" {
					return errors.New("yes or no")
				}
				c.InviteCustomers = v == "yes"
				return nil
			}, get: func(c Config) string {
				if c.InviteCustomers {
					return "yes"
				}
				return "no"
			}},
		{Name: "WINDSHIELD_SYNC_INTERVAL", Default: "60s", Help: "the poll of all calendars that always runs, 5s to 1h",
			set: func(c *Config, v string) error {
				d, err := time.ParseDuration(v)
				if err != nil || d < 5*time.Second || d > time.Hour {
					return errors.New("a duration from 5s to 1h, such as 60s")
				}
				c.SyncInterval = d
				return nil
			}, get: func(c Config) string { return c.SyncInterval.String() }},
		option("WINDSHIELD_PUSH_URL", "", "how calendars reach this server to announce changes, https; they are only polled where empty", func(c *Config) *string { return &c.PushURL }, pushURL),
		limit("WINDSHIELD_GOOGLE_LIMIT_PROJECT", "10000", "requests a minute that your Google project may make; 0 holds nothing back", func(c *Config) *int { return &c.GoogleLimitProject }),
		limit("WINDSHIELD_GOOGLE_LIMIT_PERSON", "600", "requests a minute on behalf of one person", func(c *Config) *int { return &c.GoogleLimitPerson }),
		limit("WINDSHIELD_GOOGLE_LIMIT_CALENDAR", "0", "writes a minute to one calendar; Google names no number", func(c *Config) *int { return &c.GoogleLimitWrites }),
		secret(option("WINDSHIELD_SMTP_URL", "", "smtp://user:password@host:port or smtps://…; no mail leaves where empty", func(c *Config) *string { return &c.SMTPURL }, smtpURL)),
		option("WINDSHIELD_MAIL_FROM", "", "sender of mails, such as visits@example.com; from the mail server's URL where empty", func(c *Config) *string { return &c.MailFrom }, nil),
		hidden(option("WINDSHIELD_SLACK_WEBHOOK_URL", "", "incoming webhook of a Slack channel, https://hooks.slack.com/services/…; nothing goes to Slack where empty", func(c *Config) *string { return &c.SlackWebhookURL }, slackURL)),
		hidden(option("WINDSHIELD_WEBHOOK_URL", "", "where to post notices as signed JSON, https, or http inside your network; nothing is posted where empty", func(c *Config) *string { return &c.WebhookURL }, noticesURL)),
		hidden(option("WINDSHIELD_WEBHOOK_SECRET", "", "signs what is posted there, 16 to 200 plain characters", func(c *Config) *string { return &c.WebhookSecret }, webhookSecret)),
		{Name: "WINDSHIELD_TRUSTED_PROXIES", Default: "", Help: "networks whose X-Forwarded-For is believed, such as 10.0.0.0/8,192.168.1.5/32",
			set: setProxies, get: func(c Config) string { return fmt.Sprint(c.TrustedProxies) }},
		option("WINDSHIELD_METRICS_ADDR", "", "where to show metrics for Prometheus, host:port inside your network; none where empty", func(c *Config) *string { return &c.MetricsAddr }, hostPort),
		number("WINDSHIELD_LAUNCH_PILOT", flow.DefaultBudget.Pilot, "visits of the first wave of a launch, which goes before all others", 1, 10_000, func(c *Config) *int { return &c.Launch.Pilot }),
		number("WINDSHIELD_LAUNCH_WAVE", flow.DefaultBudget.Wave, "visits of each wave after it", 1, 10_000, func(c *Config) *int { return &c.Launch.Wave }),
		number("WINDSHIELD_MAILS_PER_DAY", flow.DefaultBudget.PerDay, "mails that launches let Google send for one organiser within 24 hours; Google allows about 2,000", 1, 100_000, func(c *Config) *int { return &c.Launch.PerDay }),
		number("WINDSHIELD_MAILS_PER_HOUR", flow.DefaultBudget.PerHour, "the same within an hour", 1, 100_000, func(c *Config) *int { return &c.Launch.PerHour }),
		option("WINDSHIELD_LOG_LEVEL", "info", "debug, info, warn or error", func(c *Config) *string { return &c.LogLevel }, oneOf("debug", "info", "warn", "error")),
		option("WINDSHIELD_TEST_CLOCK", "", "a file with an RFC 3339 instant, read every second; only with WINDSHIELD_UNSAFE_TEST=1", func(c *Config) *string { return &c.TestClock }, nil),
		{Name: "WINDSHIELD_UNSAFE_TEST", Default: "0", Help: "1 permits a test clock; never in production",
			set: func(c *Config, v string) error {
				b, err := strconv.ParseBool(v)
				c.UnsafeTest = b
				if err != nil {
					return errors.New("0 or 1")
				}
				return nil
			}, get: func(c Config) string { return strconv.FormatBool(c.UnsafeTest) }},
	}
}

// Load makes the configuration from the environment, over a file with the same
// names (KEY=value lines, # comments; nil: none), over the defaults. All
// problems come in one error of kind Invalid.
func Load(getenv func(string) string, file io.Reader) (Config, error) {
	fromFile := map[string]string{}
	var bad []fault.Detail
	if file != nil {
		bad = append(bad, readFile(file, fromFile)...)
	}
	var c Config
	for _, o := range Table() {
		v, where := o.Default, o.Name
		if s, ok := fromFile[o.Name]; ok {
			v = s
		}
		if s := getenv(o.Name); s != "" {
			v = s
		}
		if err := o.set(&c, v); err != nil {
			shown := v
			if o.Secret {
				shown = "(hidden)"
			}
			bad = append(bad, fault.Detail{Where: where, Value: fault.Short(shown), Expected: err.Error()})
		}
	}
	if c.TestClock != "" && !c.UnsafeTest {
		bad = append(bad, fault.Detail{Where: "WINDSHIELD_TEST_CLOCK", Expected: "no test clock in production", Mend: "Unset it, or set WINDSHIELD_UNSAFE_TEST=1 in a test."})
	}
	if c.UnsafeTest && c.Secure() {
		bad = append(bad, fault.Detail{Where: "WINDSHIELD_UNSAFE_TEST", Expected: "no unsafe test on a server that people reach over https", Mend: "Unset it."})
	}
	if (c.GoogleClientID == "") != (c.GoogleClientSecret == "") {
		bad = append(bad, fault.Detail{Where: "WINDSHIELD_GOOGLE_CLIENT_ID", Expected: "the client's id and its secret together, or neither", Mend: "Set WINDSHIELD_GOOGLE_CLIENT_SECRET as well."})
	}
	if c.GoogleClientID != "" && !c.SecretKeys.Ready() {
		bad = append(bad, fault.Detail{Where: seal.Option, Expected: "a key to seal people's permissions with", Mend: "Set it to k1: and what `openssl rand -base64 32` prints."})
	}
	if (c.WebhookURL == "") != (c.WebhookSecret == "") {
		bad = append(bad, fault.Detail{Where: "WINDSHIELD_WEBHOOK_URL", Expected: "the webhook's address and its secret together, or neither", Mend: "Set WINDSHIELD_WEBHOOK_SECRET to what `openssl rand -base64 32` prints."})
	}
	if len(bad) > 0 {
		return Config{}, fault.Invalidf("The configuration cannot be used.").With(bad...)
	}
	if c.BaseURL == "" {
		c.BaseURL = "http://" + reachable(c.Addr)
	}
	c.BaseURL, c.PushURL = strings.TrimRight(c.BaseURL, "/"), strings.TrimRight(c.PushURL, "/")
	return c, nil
}

// Dump gives name=value lines of a configuration with secrets masked.
func Dump(c Config) []string {
	var out []string
	for _, o := range Table() {
		v := o.get(c)
		if o.Secret && v != "" {
			v = mask(v)
		}
		out = append(out, o.Name+"="+v)
	}
	return out
}

// mask keeps of a URL what is no secret.
func mask(v string) string {
	if u, err := url.Parse(v); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host + u.Path
	}
	if strings.HasPrefix(v, "sqlite:") {
		return v
	}
	return "(set)"
}

func readFile(r io.Reader, into map[string]string) (bad []fault.Detail) {
	known := map[string]bool{}
	for _, o := range Table() {
		known[o.Name] = true
	}
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, v, ok := strings.Cut(line, "=")
		k = strings.TrimSpace(strings.TrimPrefix(k, "export "))
		if !ok || !known[k] {
			bad = append(bad, fault.Detail{Where: fmt.Sprintf("configuration file, line %d", n), Value: fault.Short(k), Expected: "NAME=value with a name that `windshield serve --help` lists"})
			continue
		}
		into[k] = strings.Trim(strings.TrimSpace(v), `"'`)
	}
	if err := s.Err(); err != nil {
		bad = append(bad, fault.Detail{Where: "configuration file", Expected: "lines of at most 64 kB"})
	}
	return bad
}

// number is an option that is a whole number from least to most.
func number(name string, def int, help string, least, most int, p func(*Config) *int) Option {
	return Option{Name: name, Default: strconv.Itoa(def), Help: fmt.Sprintf("%s, %d to %d", help, least, most),
		set: func(c *Config, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < least || n > most {
				return fmt.Errorf("a whole number from %d to %d", least, most)
			}
			*p(c) = n
			return nil
		}, get: func(c Config) string { return strconv.Itoa(*p(&c)) }}
}

func hostPort(v string) error {
	_, port, err := net.SplitHostPort(v)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return errors.New("host:port, such as 127.0.0.1:8080")
	}
	return nil
}

func webURL(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return errors.New("an address such as https://windshield.example.com")
	}
	return nil
}

// limit is an option that holds a number of requests a minute.
func limit(name, def, help string, p func(*Config) *int) Option {
	return Option{Name: name, Default: def, Help: help, get: func(c Config) string { return strconv.Itoa(*p(&c)) },
		set: func(c *Config, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < 0 || n > 10_000_000 {
				return errors.New("a number from 0 to 10000000")
			}
			*p(c) = n
			return nil
		}}
}

// pushURL wants what Google wants; without TLS only this machine may be named, for
// tests and the demonstration.
func pushURL(v string) error {
	u, err := url.Parse(v)
	if err == nil && webURL(v) == nil && strings.Trim(u.Path, "/") == "" {
		if ip, err := netip.ParseAddr(u.Hostname()); u.Scheme == "https" || u.Hostname() == "localhost" || err == nil && ip.IsLoopback() {
			return nil
		}
	}
	return errors.New("an https address without a path, such as https://windshield.example.com")
}

// calendarURL wants the slash at the end: without it the client library would
// lose the last part of the path.
func calendarURL(v string) error {
	if webURL(v) != nil || !strings.HasSuffix(v, "/calendar/v3/") {
		return errors.New("an address that ends in /calendar/v3/")
	}
	return nil
}

func databaseURL(v string) error {
	if path, ok := strings.CutPrefix(v, "sqlite:"); ok && path != "" {
		return nil
	}
	if u, err := url.Parse(v); err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") {
		return nil
	}
	return errors.New("sqlite:PATH or postgres://user:password@host/name")
}

func mailAddress(v string) error {
	if a, err := mail.ParseAddress(v); err != nil || a.Address != v || v != strings.ToLower(v) {
		return errors.New("a mail address in lower case, such as visits@example.com")
	}
	return nil
}

func smtpURL(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" {
		return errors.New("smtp://user:password@host:port or smtps://…")
	}
	return nil
}

// hidden is for what is a secret from its beginning to its end, unlike an address with
// a password in it.
func hidden(o Option) Option {
	get := o.get
	o.Secret, o.get = true, func(c Config) string {
		if get(c) == "" {
			return ""
		}
		return "(set)"
	}
	return o
}

// trusted are the options under which the addresses of the environment are called.
var trusted = hook.Options{AllowPrivate: true, Now: time.Now}

func slackURL(v string) error {
	if _, err := hook.NewSlack(v, trusted); err != nil {
		return errors.New("an address such as https://hooks.slack.com/services/T000/B000/…")
	}
	return nil
}

func noticesURL(v string) error {
	if _, err := hook.NewWebhook(v, strings.Repeat("x", hook.MinSecret), trusted); err != nil {
		return errors.New("an address such as https://hooks.example.com/windshield, without user, password and #")
	}
	return nil
}

func webhookSecret(v string) error {
	if _, err := hook.NewWebhook("https://localhost", v, trusted); err != nil {
		return errors.New("16 to 200 plain characters without spaces, such as `openssl rand -base64 32` prints")
	}
	return nil
}

func oneOf(values ...string) func(string) error {
	return func(v string) error {
		for _, x := range values {
			if v == x {
				return nil
			}
		}
		return errors.New("one of " + strings.Join(values, ", "))
	}
}

func setProxies(c *Config, v string) error {
	c.TrustedProxies = nil
	for _, s := range strings.Split(v, ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return errors.New("networks such as 10.0.0.0/8, separated by commas")
		}
		c.TrustedProxies = append(c.TrustedProxies, p)
	}
	return nil
}

// reachable turns a listening address into one that a browser can open.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
