package flow

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/roster"
)

// askLife is how long somebody may take at the consent page.
const askLife = 15 * time.Minute

// ConsentStart is the way to the consent page.
type ConsentStart struct {
	Page    string   // its address
	Keep    string   // sealed; goes into the browser's session and comes back with the answer
	Address string   // the account to choose there
	Scopes  []string // what the page will ask for
}

// consentAsked is what Keep holds.
type consentAsked struct {
	Ask   ConsentAsk
	Until time.Time
}

// scopesOf gives the least that a person's account is needed for.
func scopesOf(p roster.Person) []string {
	var out []string
	if p.Has(roster.Host) {
		out = append(out, ScopeEvents)
	}
	if p.Has(roster.Executive) {
		out = append(out, ScopeFreeBusy)
	}
	return out
}

// account finds whose an address is and what it is needed for, and asks whether
// the actor may connect it: a person their own, an administrator the one that is
// configured to organise and belongs to nobody.
func (f *Flow) account(tx Tx, a access.Actor, address string) (owner roster.Person, scopes []string, err error) {
	owner, err = tx.People.ByEmail(address)
	switch {
	case err == nil:
		scopes = scopesOf(owner)
		if address == f.Google.Account && !slices.Contains(scopes, ScopeEvents) {
			scopes = append([]string{ScopeEvents}, scopes...)
		}
		if err := access.Require(a, access.ConnectCalendar, access.Subject{PersonID: owner.ID}); err != nil {
			return owner, nil, err
		}
	case fault.Is(err, fault.NotFound) && address != "" && address == f.Google.Account:
		scopes = []string{ScopeEvents}
		if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
			return owner, nil, err
		}
	case fault.Is(err, fault.NotFound):
		return owner, nil, fault.NotFoundf("Nobody here has this account.")
	default:
		return owner, nil, err
	}
	if len(scopes) == 0 {
		return owner, nil, fault.Deniedf("Windshield needs no calendar of yours: you neither host visits nor are asked to visit.")
	}
	return owner, scopes, nil
}

// BeginConnect prepares the consent of an account's owner; "" is the actor's own
// account. Error: Conflict where consent is not set up here.
func (f *Flow) BeginConnect(ctx context.Context, a access.Actor, address string) (ConsentStart, error) {
	if err := signedIn(a); err != nil {
		return ConsentStart{}, err
	}
	if f.Google.Consents == nil || !f.Google.Keys.Ready() {
		return ConsentStart{}, fault.Conflictf("Calendars cannot be connected one by one here: an administrator has to set that up first (README, Connecting Google Calendar).")
	}
	return read(ctx, f, func(tx Tx) (ConsentStart, error) {
		address, err := ownAddress(tx, a, address)
		if err != nil {
			return ConsentStart{}, err
		}
		_, scopes, err := f.account(tx, a, address)
		if err != nil {
			return ConsentStart{}, err
		}
		asked := consentAsked{Ask: ConsentAsk{State: f.Token(), Verifier: f.Token(), Scopes: scopes, Address: address}, Until: f.Now().UTC().Add(askLife)}
		b, err := json.Marshal(asked)
		if err != nil {
			return ConsentStart{}, err
		}
		keep, err := f.Google.Keys.Seal(string(b), "consent/"+a.PersonID)
		return ConsentStart{Page: f.Google.Consents.Page(asked.Ask), Keep: keep, Address: address, Scopes: scopes}, err
	})
}

func ownAddress(tx Tx, a access.Actor, address string) (string, error) {
	if address != "" {
		return roster.NormalizeEmail(address), nil
	}
	p, err := tx.People.Get(a.PersonID)
	return p.Email, err
}

// ConsentAnswer is what the consent page sent back through the browser.
type ConsentAnswer struct {
	Keep  string // of the browser's session; "" where it has none
	State string
	Code  string
	Error string // Google's word where nothing was permitted, such as access_denied
}

// FinishConnect ends a consent: it asks Google for the permission, looks whether it
// is the right one, and only then stores it. What waited for the account is done
// now. Every error is in words for the person; Google's being ill is Temporary.
func (f *Flow) FinishConnect(ctx context.Context, a access.Actor, in ConsentAnswer) (Connection, error) {
	if err := signedIn(a); err != nil {
		return Connection{}, err
	}
	asked, err := f.asked(ctx, a, in)
	if err != nil {
		return Connection{}, err
	}
	if in.Error != "" || in.Code == "" {
		return Connection{}, refusedConsent(in.Error)
	}
	grant, err := f.Google.Consents.Redeem(ctx, in.Code, asked.Verifier)
	if err != nil {
		return Connection{}, consentFailed(err)
	}
	var c Connection
	problem, err := read(ctx, f, func(tx Tx) (error, error) {
		var err error
		if c, err = tx.Connections.Get(asked.Address); err != nil {
			return nil, err
		}
		return judgeGrant(asked, c, grant), nil
	})
	if err != nil {
		f.dropGrant(context.WithoutCancel(ctx), grant)
		return Connection{}, err
	}
	if problem != nil {
		f.dropGrant(ctx, grant)
		return Connection{}, problem
	}
	err = f.untilFresh(ctx, func(tx Tx) error {
		owner, _, err := f.account(tx, a, asked.Address) // a role may be gone meanwhile
		if err != nil {
			return err
		}
		if c, err = tx.Connections.Get(asked.Address); err != nil {
			return err
		}
		if problem := judgeGrant(asked, c, grant); problem != nil {
			return problem
		}
		c.PersonID, c.Kind, c.State, c.Scopes, c.Subject = owner.ID, Consent, AccountConnected, grant.Scopes, grant.Subject
		c.Error, c.Since, c.Tried = "", f.Now().UTC(), time.Time{}
		c.Epoch++
		if err := c.Keep(f.Google.Keys, grant.Refresh); err != nil {
			return err
		}
		if err := tx.Connections.Save(&c); err != nil {
			return err
		}
		if err := f.catchUp(tx, c.Address); err != nil {
			return err
		}
		if c.Covers(ScopeFreeBusy) { // nobody should have to wait an hour to be planned around
			if err := tx.Queue.Enqueue(Job{Kind: JobBusy, Key: busyNow}); err != nil {
				return err
			}
		}
		return f.audit(tx, a, "connect calendar", connectionSubject(c), nil)
	})
	if err != nil { // what was permitted and not stored would live on at Google, out of anybody's sight
		f.dropGrant(context.WithoutCancel(ctx), grant)
		return Connection{}, err
	}
	return c, nil
}

// connectionSubject names a connection in the audit trail without its address.
func connectionSubject(c Connection) string {
	if c.PersonID == "" {
		return "connection"
	}
	return "connection/" + c.PersonID
}

// asked opens what the browser kept, and sees that the answer is to it: asked in
// this browser, by this person, not long ago, and answered once.
func (f *Flow) asked(ctx context.Context, a access.Actor, in ConsentAnswer) (ConsentAsk, error) {
	again := fault.Invalidf("This answer from Google does not belong to a question of yours in this browser, or it came too late. Nothing was changed; please start again.")
	if in.Keep == "" || in.State == "" || f.Google.Consents == nil {
		return ConsentAsk{}, again
	}
	b, err := f.Google.Keys.Open(in.Keep, "consent/"+a.PersonID)
	var asked consentAsked
	if err != nil || json.Unmarshal([]byte(b), &asked) != nil {
		return ConsentAsk{}, again
	}
	if hash(asked.Ask.State) != hash(in.State) || f.Now().After(asked.Until) {
		return ConsentAsk{}, again
	}
	// Counted in the database: of two answers at the same time one is the first.
	if err := f.throttle(ctx, "consent/"+hash(in.State), 1); fault.Is(err, fault.TooMany) {
		return ConsentAsk{}, again
	} else if err != nil {
		return ConsentAsk{}, err
	}
	return asked.Ask, nil
}

// judgeGrant says why a permission is not the one that was asked for.
func judgeGrant(asked ConsentAsk, c Connection, g ConsentGrant) error {
	if g.Address != asked.Address {
		return fault.Invalidf("You chose the account %s at Google, but %s is the one that Windshield needs. Nothing was changed; please choose that account.", g.Address, asked.Address)
	}
	if c.Subject != "" && c.Subject != g.Subject && c.State != Disconnected {
		return fault.Invalidf("At Google the address %s belongs to another account than before. If that is right, disconnect it here first and connect it again.", g.Address)
	}
	for _, scope := range asked.Scopes {
		if !slices.Contains(g.Scopes, scope) {
			return fault.Invalidf("You did not tick everything at Google: Windshield needs to %s. Nothing was changed; please start again and leave the box ticked.", ScopeWords(scope))
		}
	}
	if g.Refresh == "" {
		return fault.Invalidf("Google gave no lasting permission. Take Windshield's access away at https://myaccount.google.com/permissions, then connect again.")
	}
	return nil
}

// ScopeWords says what a scope permits, after "to".
func ScopeWords(scope string) string {
	switch scope {
	case ScopeEvents:
		return "see and change the events on your own calendars"
	case ScopeFreeBusy:
		return "see when you are busy, but not with what"
	}
	return scope
}

// dropGrant gives back what cannot be used. Google ends all of an account's
// permissions with one, so not where we use that account.
func (f *Flow) dropGrant(ctx context.Context, g ConsentGrant) {
	used, err := read(ctx, f, func(tx Tx) (bool, error) {
		all, err := tx.Connections.All()
		return slices.ContainsFunc(all, func(c Connection) bool {
			return c.State == AccountConnected && (c.Subject == g.Subject || c.Address == g.Address)
		}), err
	})
	if err != nil || used || g.Refresh == "" {
		return
	}
	if err := f.Google.Consents.Revoke(ctx, g.Refresh); err != nil {
		f.Log.Warn("a permission that cannot be used stays at Google", "error", err)
	}
}

// Disconnect takes an account out of use: its token is deleted here in any case,
// and taken back at Google. told is false where Google could not be told.
func (f *Flow) Disconnect(ctx context.Context, a access.Actor, address string) (told bool, err error) {
	if err := signedIn(a); err != nil {
		return false, err
	}
	var token string
	err = f.untilFresh(ctx, func(tx Tx) error {
		token = ""
		address, err := ownAddress(tx, a, address)
		if err != nil {
			return err
		}
		c, err := tx.Connections.Get(address)
		if err != nil {
			return err
		}
		if c.PersonID == "" || c.PersonID != a.PersonID {
			if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
				return err
			}
		}
		if c.Version == 0 || c.Kind != Consent {
			return fault.NotFoundf("This account is not connected by a consent.")
		}
		if c.State == Disconnected {
			return nil // somebody else was faster
		}
		if c.Sealed != "" {
			if token, err = c.Secret(f.Google.Keys); err != nil {
				token = "" // its key is gone: nobody can use it, nor take it back
			}
		}
		c.State, c.Sealed, c.Scopes, c.Error, c.Since = Disconnected, "", nil, "", f.Now().UTC()
		c.Epoch++
		if err := tx.Connections.Save(&c); err != nil {
			return err
		}
		return f.audit(tx, a, "disconnect calendar", connectionSubject(c), nil)
	})
	if err != nil || f.Google.Consents == nil || token == "" {
		return err == nil && token == "", err
	}
	if err := f.Google.Consents.Revoke(ctx, token); err != nil {
		f.Log.Warn("a permission was deleted here but could not be taken back at Google", "error", err)
		return false, nil
	}
	return true, nil
}

// RetryConnection asks an account that refused us again at once; for an
// administrator who has mended something there.
func (f *Flow) RetryConnection(ctx context.Context, a access.Actor, address string) error {
	if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
		return err
	}
	return f.untilFresh(ctx, func(tx Tx) error {
		c, err := tx.Connections.Get(roster.NormalizeEmail(address))
		if err != nil {
			return err
		}
		if c.State != NeedsReconnecting || c.Kind != Delegation {
			return fault.Conflictf("This account does not wait for an administrator.")
		}
		c.Tried = time.Time{}
		if err := tx.Connections.Save(&c); err != nil {
			return err
		}
		return tx.Queue.Enqueue(Job{Kind: JobPull, Key: c.Address})
	})
}

// reseal seals anew what was sealed with an older key, so that the older one can
// be taken away. What no key opens stays as it is: the key may come back.
func (f *Flow) reseal(ctx context.Context) error {
	if !f.Google.Keys.Ready() {
		return nil
	}
	old, err := read(ctx, f, func(tx Tx) ([]Connection, error) { return tx.Connections.All() })
	if err != nil {
		return err
	}
	for _, c := range old {
		if c.Sealed == "" || f.Google.Keys.Fresh(c.Sealed) {
			continue
		}
		token, err := c.Secret(f.Google.Keys)
		if err != nil {
			f.Log.Error("a connection's secret cannot be opened", "error", err)
			continue
		}
		if err := c.Keep(f.Google.Keys, token); err != nil {
			return err
		}
		err = f.Store.Write(ctx, func(tx Tx) error { return tx.Connections.Save(&c) })
		if err != nil && !fault.Is(err, fault.Stale) { // who changed it sealed it with the newest
			return err
		}
	}
	return nil
}

// refusedConsent says what it means that Google sent somebody back without a permission.
func refusedConsent(code string) error {
	switch strings.ToLower(code) {
	case "access_denied":
		return fault.Invalidf("You did not give the permission at Google. Nothing was changed. You can connect whenever you like.")
	case "admin_policy_enforced", "org_internal":
		return fault.Invalidf("Your organisation does not let Windshield use calendars. Ask a Google Workspace administrator to trust it under Security, API controls.")
	case "":
		return fault.Invalidf("Google sent you back without an answer. Nothing was changed; please start again.")
	}
	return fault.Invalidf("Google could not ask you: it answers %q. Nothing was changed. Tell an administrator of Windshield.", fault.Short(code))
}

// consentFailed says what it means that a code gave no permission.
func consentFailed(err error) error {
	calErr, refused := accountRefused(err)
	switch {
	case calErr == nil:
		return err
	case refused && calErr.Reason == "invalid_client":
		return fault.Invalidf("Google does not know Windshield: its client id or secret is wrong. Tell an administrator of Windshield.")
	case refused:
		return fault.Invalidf("Google takes this answer no more; that happens when it took long or was used before. Nothing was changed; please start again.")
	case calErr.Class.Retry():
		return fault.Temporaryf("Google does not answer at the moment. Nothing was changed; please start again in a minute.").Because(err)
	}
	return fault.Invalidf("Google's answer cannot be used (%s). Nothing was changed.", calErr.Reason)
}
