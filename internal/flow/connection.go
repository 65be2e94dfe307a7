package flow

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"windshield/internal/calsync"
	"windshield/internal/seal"
)

// ConnectionKind says by whose word we use an account.
type ConnectionKind string

const (
	Delegation ConnectionKind = "delegation" // the administrator of the domain: a service account acts for everybody
	Consent    ConnectionKind = "consent"    // the account's owner
)

// ConnectionState says whether an account may be used.
type ConnectionState string

const (
	AccountConnected  ConnectionState = "connected"
	NeedsReconnecting ConnectionState = "needs_reconnecting" // the permission has ended or does not suffice; no call is made
	Disconnected      ConnectionState = "disconnected"       // taken back by us
)

// Connection is a Google account that we use or used, by its address. Accounts
// under delegation have one only after something went wrong with them.
type Connection struct {
	Address  string // of the account, which is also its calendar
	PersonID string // whose account it is; "" for one that is nobody's, such as visits@example.com
	Kind     ConnectionKind
	State    ConnectionState
	Scopes   []string  // permitted, sorted
	Subject  string    // the account's number at Google, which outlives its address; "" where never learnt
	Sealed   string    // refresh token, sealed for this address; "" under delegation
	Error    string    // why it needs reconnecting, in words for people
	Since    time.Time // of this state
	Tried    time.Time // last call made although the state forbids it, to see whether help has come
	Epoch    int       // rises when what was made of it before, such as a client, is of no use any more
	Version  int
}

// Connections keeps the accounts.
type Connections interface {
	// Get gives one with the address alone, Version 0, where there is none.
	Get(address string) (Connection, error)
	// All gives every connection by address.
	All() ([]Connection, error)
	// Save inserts (Version 0) or changes one.
	Save(c *Connection) error
	// Waiting gives the visits whose events wait to be written to an account's calendar.
	Waiting(address string) (visitIDs []string, err error)
}

// Scopes of Google's, the least that each part needs.
const (
	ScopeEvents   = "https://www.googleapis.com/auth/calendar.events.owned" // an organiser: events on calendars of their own
	ScopeFreeBusy = "https://www.googleapis.com/auth/calendar.freebusy"     // an executive: when they are busy, not with what
)

// ConsentPath is where Google's consent page sends people back to. It is written
// into the client in the Google Cloud console, behind the base URL.
const ConsentPath = "/oauth/google/callback"

// Covers says whether the account may be used for a scope by its owner's consent.
func (c Connection) Covers(scope string) bool {
	return c.Kind == Consent && c.State == AccountConnected && slices.Contains(c.Scopes, scope)
}

// about is what the connection's secret is sealed for.
func (c Connection) about() string { return "connection/" + c.Address }

// Secret gives the refresh token of a connection, opened. The error is Denied
// where no key of the ring opens it.
func (c Connection) Secret(keys *seal.Ring) (string, error) { return keys.Open(c.Sealed, c.about()) }

// Keep puts a refresh token into a connection, sealed.
func (c *Connection) Keep(keys *seal.Ring, token string) (err error) {
	c.Sealed, err = keys.Seal(token, c.about())
	return err
}

// ConsentAsk is what somebody is asked for at Google's consent page.
type ConsentAsk struct {
	State    string   // comes back with the answer; says that it belongs to this browser
	Verifier string   // secret of PKCE; Google sees its hash first and itself at the end
	Scopes   []string // without those that say who answered
	Address  string   // the account that is meant
}

// ConsentGrant is what Google says once somebody has consented.
type ConsentGrant struct {
	Refresh string   // token; "" where Google gave none
	Scopes  []string // sorted; perhaps fewer than were asked for
	Subject string   // the account's number
	Address string   // normalised
}

// Consenting speaks to the server at which people permit the use of their calendars.
type Consenting interface {
	// Page gives the address of the consent page for what is asked.
	Page(ask ConsentAsk) string
	// Redeem turns the code that came back into a grant. Error: *calsync.Error.
	Redeem(ctx context.Context, code, verifier string) (ConsentGrant, error)
	// Revoke ends a grant by its refresh token. Error: *calsync.Error.
	Revoke(ctx context.Context, token string) error
}

// probeEvery is how often a delegated account that refuses us is asked again: an
// administrator's mending there tells us nothing by itself.
const probeEvery = 10 * time.Minute

// open gives the calendar of an account, unless we know that it refuses us: then
// nothing is called, however much waits. A probing caller may try once in a while
// where delegation is what failed; a consent that has ended is never tried again.
func (f *Flow) open(ctx context.Context, address string, probe bool) (calsync.Calendar, error) {
	c, err := read(ctx, f, func(tx Tx) (Connection, error) { return tx.Connections.Get(address) })
	if err != nil {
		return nil, err
	}
	if c.State == NeedsReconnecting {
		now := f.Now().UTC()
		if c.Kind != Delegation || !probe || now.Before(c.Tried.Add(probeEvery)) {
			return nil, brokenConnection(c)
		}
		c.Tried = now
		c.Epoch++ // a client that was refused once stays silent
		if err := f.Store.Write(ctx, func(tx Tx) error { return tx.Connections.Save(&c) }); err != nil {
			return nil, brokenConnection(c) // another replica probes
		}
	}
	return f.Calendars.Open(ctx, address)
}

// Kinds of refusal that say nothing about the account as a whole.
var aboutOneEvent = []string{"forbiddenfornonorganizer", "cannotchangeorganizer", "cannotchangeorganizerofaninstance"}

// accountRefused says whether an error means that every other call of the account
// would end the same.
func accountRefused(err error) (*calsync.Error, bool) {
	calErr := asCalendarError(err)
	if calErr == nil {
		return nil, false
	}
	switch calErr.Class {
	case calsync.AuthLost:
		return calErr, true
	case calsync.Denied:
		return calErr, !slices.Contains(aboutOneEvent, strings.ToLower(calErr.Reason))
	}
	return calErr, false
}

func asCalendarError(err error) *calsync.Error {
	var calErr *calsync.Error
	if errors.As(err, &calErr) {
		return calErr
	}
	return nil
}
