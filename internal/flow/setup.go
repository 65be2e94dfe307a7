package flow

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/roster"
)

// Finding is one thing that the set-up check looked at.
type Finding struct {
	Good bool
	What string // a sentence
	Mend string // how to mend it; "" where it is good
}

// skewMost is by how much our clock may differ from Google's. Claims of service
// accounts are refused from about five minutes on.
const skewMost = 2 * time.Minute

// checkWithin is how long the set-up check may take with one account.
const checkWithin = 20 * time.Second

// CheckSetup looks, step by step, whether Google's calendars can be used as they
// are set up, and says in plain words what is missing. It tries at most so many
// accounts, 0: all, those first that are in trouble. On the calendar of the first
// organiser it writes an event of the year 2001 with a guest, of which nobody is
// told, and deletes it.
func (f *Flow) CheckSetup(ctx context.Context, a access.Actor, most int) ([]Finding, error) {
	if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
		return nil, err
	}
	var out []Finding
	add := func(good bool, what, mend string) {
		if good {
			mend = ""
		}
		out = append(out, Finding{Good: good, What: what, Mend: mend})
	}
	if f.Google.Survey != nil {
		s := f.Google.Survey(ctx)
		switch {
		case !s.Reached:
			add(false, "The Calendar API cannot be reached ("+s.Reason+").", "Check the network, the firewall, and WINDSHIELD_GOOGLE_CALENDAR_URL; leave that out to use Google's own address.")
			return out, nil
		case !s.Calendar:
			add(false, "What answers at the address of the Calendar API is something else.", "Check WINDSHIELD_GOOGLE_CALENDAR_URL; leave it out to use Google's own address.")
			return out, nil
		}
		add(true, "The Calendar API answers.", "")
		switch {
		case s.Dated && s.Ahead.Abs() > skewMost:
			add(false, fmt.Sprintf("The clock of this server is wrong by %s.", s.Ahead.Abs().Round(time.Second)), "Set the server's clock, best by a time service such as chrony. Google refuses what it takes for old or not yet true.")
		case s.Dated:
			add(true, "The clock of this server is right.", "")
		}
	}
	f.checkSettings(add)
	addresses, err := f.accountsToCheck(ctx)
	if err != nil {
		return nil, err
	}
	if len(addresses) == 0 {
		add(false, "There is no account to try.", "Import the hosts, name an organiser, or let people connect their calendars.")
	}
	for i, address := range addresses {
		if most > 0 && i == most {
			add(true, fmt.Sprintf("%d more accounts were not tried.", len(addresses)-most), "")
			break
		}
		if trouble, good := f.checkAccount(ctx, address, i == 0); good {
			add(true, "The account "+address+" works.", "")
		} else {
			add(false, "The account "+address+" does not work. "+trouble.What, trouble.Mend)
		}
	}
	return out, nil
}

func (f *Flow) checkSettings(add func(good bool, what, mend string)) {
	consents, keys := f.Google.Consents != nil, f.Google.Keys.Ready()
	switch {
	case f.Google.Delegated:
		add(true, "A service account acts for the people of the domain.", "")
	case consents && keys:
		add(true, "People connect their own calendars.", "")
	case consents:
		add(false, "People cannot connect their calendars: there is no key to seal their permissions with.", "Set WINDSHIELD_SECRET_KEYS to k1: and what `openssl rand -base64 32` prints.")
	default:
		add(false, "No way into Google is set up.", "Set WINDSHIELD_GOOGLE_CREDENTIALS for domain-wide delegation, or WINDSHIELD_GOOGLE_CLIENT_ID and WINDSHIELD_GOOGLE_CLIENT_SECRET so that people connect their own calendars.")
	}
}

// accountsToCheck gives those that organise or did, in trouble first. Where one
// account organises for all, it is that one.
func (f *Flow) accountsToCheck(ctx context.Context) ([]string, error) {
	return read(ctx, f, func(tx Tx) ([]string, error) {
		connections, err := tx.Connections.All()
		if err != nil {
			return nil, err
		}
		var out []string
		add := func(address string) {
			if !slices.Contains(out, address) {
				out = append(out, address)
			}
		}
		if f.Google.Account != "" {
			add(f.Google.Account)
		}
		for _, state := range []ConnectionState{NeedsReconnecting, AccountConnected} {
			for _, c := range connections {
				if c.State == state {
					add(c.Address)
				}
			}
		}
		people, err := tx.People.All()
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			if p.Has(roster.Host) && f.Google.Delegated && f.Google.Account == "" {
				add(p.Email)
			}
		}
		return out, nil
	})
}

// checkAccount reads an account's calendar, and tries whether it can invite.
func (f *Flow) checkAccount(ctx context.Context, address string, invite bool) (Trouble, bool) {
	ctx, stop := context.WithTimeout(ctx, checkWithin)
	defer stop()
	kind := Consent
	if f.Google.Delegated {
		kind = Delegation
	}
	c, err := read(ctx, f, func(tx Tx) (Connection, error) { return tx.Connections.Get(address) })
	if err == nil && c.Kind == Consent && c.State == AccountConnected && !slices.Contains(c.Scopes, ScopeEvents) {
		return Trouble{}, true // an executive's: only free and busy may be asked, and nothing is written
	}
	if err == nil && c.Kind == Consent && c.State == NeedsReconnecting {
		err = brokenConnection(c) // known; another call would only be refused again
	}
	if strings.HasSuffix(address, ".gserviceaccount.com") {
		err = &calsync.Error{Call: "insert", Class: calsync.Denied, Reason: "forbiddenForServiceAccounts"}
	}
	var cal calsync.Calendar
	if err == nil {
		try := f.Google.Try
		if try == nil {
			try = f.Calendars.Open
		}
		cal, err = try(ctx, address)
	}
	if err == nil {
		_, err = cal.List(ctx, address, calsync.Query{Limit: 1})
	}
	if err == nil && invite {
		err = f.tryInviting(ctx, cal, address)
	}
	if err == nil && c.State == NeedsReconnecting { // somebody has mended it
		err = f.untilFresh(ctx, func(tx Tx) error { return f.connectionBack(tx, address) })
	}
	if err == nil {
		return Trouble{}, true
	}
	if calErr := asCalendarError(err); calErr != nil {
		return troubleOf(calErr, kind), false
	}
	text, details := fault.Shown(err)
	t := Trouble{What: text}
	for _, d := range details {
		t.Mend += d.String() + ". "
	}
	return t, false
}

// tryInviting writes an event with a guest and deletes it; nobody gets a mail.
func (f *Flow) tryInviting(ctx context.Context, cal calsync.Calendar, address string) error {
	id := calsync.EventID(f.Env, "set-up check "+f.NewID(), 1)
	_, err := cal.Insert(ctx, address, calsync.New{ID: id, Content: calsync.Content{
		Title: "Windshield set-up check", Status: calsync.Tentative, Guests: []calsync.Guest{{Email: address}},
		When: calsync.When{Start: "2001-01-02T12:00:00", End: "2001-01-02T12:15:00", Zone: "UTC"}}}, calsync.MailNone)
	if err != nil {
		return err
	}
	return cal.Delete(context.WithoutCancel(ctx), address, id, "", calsync.MailNone)
}
