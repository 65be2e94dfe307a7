package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/roster"
)

// connectionLost notes that an account refuses us, once per time that it begins
// to, and tells who can mend it. Errors that are about one event, or about a
// permission that has been replaced since, change nothing.
func (f *Flow) connectionLost(tx Tx, address string, why error) error {
	calErr, refused := accountRefused(why)
	if !refused {
		return nil
	}
	c, err := tx.Connections.Get(address)
	if err != nil {
		return err
	}
	if c.Version == 0 { // delegation leaves no trace while all is well
		if !f.Google.Delegated {
			return nil
		}
		c.Kind, c.State = Delegation, AccountConnected
		if p, err := tx.People.ByEmail(address); err == nil {
			c.PersonID = p.ID
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	if calErr.Epoch != c.Epoch || c.State == Disconnected {
		return nil
	}
	first := c.State == AccountConnected
	c.State, c.Error, c.Tried = NeedsReconnecting, troubleOf(calErr, c.Kind).String(), f.Now().UTC()
	if first {
		c.Since = c.Tried
	}
	if calErr.Reason == "invalid_grant" {
		c.Sealed = "" // it is of no use to anybody
	}
	c.Epoch++
	if err := tx.Connections.Save(&c); err != nil || !first {
		return err
	}
	if err := f.audit(tx, calendarActor, "connection lost", connectionSubject(c), map[string]string{"reason": calErr.Reason}); err != nil {
		return err
	}
	return f.tellLost(tx, c)
}

// tellLost mails those who can mend a connection: its owner, or the administrators
// where it is nobody's or the domain's. About delegation they get one mail a day,
// since one cause stops all accounts.
func (f *Flow) tellLost(tx Tx, c Connection) error {
	if c.Kind == Consent && c.PersonID != "" {
		p, err := tx.People.Get(c.PersonID)
		if err != nil {
			return err
		}
		return f.deliver(tx, fmt.Sprintf("connection/%s/%d", p.ID, c.Epoch), "reconnect", p, notify.Reconnect(p, c.Address, c.Error, f.BaseURL+"/me/calendar"))
	}
	about := fmt.Sprintf("connection/%s/%d", hash(c.Address)[:16], c.Epoch)
	if c.Kind == Delegation {
		about = "connection/delegation/" + f.today("UTC").String()
	}
	all, err := tx.People.All()
	if err != nil {
		return err
	}
	for _, p := range all {
		if !p.Has(roster.Administrator) {
			continue
		}
		if err := f.deliver(tx, about, "reconnect", p, notify.Reconnect(p, c.Address, c.Error, f.BaseURL+"/admin/calendar/accounts")); err != nil {
			return err
		}
	}
	return nil
}

// connectionBack notes that an account which refused us lets us in again, after
// somebody mended it at Google, and does what waited.
func (f *Flow) connectionBack(tx Tx, address string) error {
	c, err := tx.Connections.Get(address)
	if err != nil || c.State != NeedsReconnecting {
		return err
	}
	c.State, c.Error, c.Since = AccountConnected, "", f.Now().UTC()
	if err := tx.Connections.Save(&c); err != nil {
		return err
	}
	waiting, err := tx.Connections.Waiting(address)
	if err != nil {
		return err
	}
	if err := f.audit(tx, calendarActor, "connection works again", connectionSubject(c), nil); err != nil {
		return err
	}
	return enqueueApplies(tx, waiting)
}

// catchUp does what waited for an account: its events are written, its calendar
// read. Applying an event twice is harmless, so nothing asks what is under way.
func (f *Flow) catchUp(tx Tx, address string) error {
	cursor, err := tx.Calendars.Cursor(address)
	if err != nil {
		return err
	}
	if cursor.NeedsAction {
		cursor.NeedsAction, cursor.Error = false, ""
		if err := tx.Calendars.SaveCursor(&cursor); err != nil {
			return err
		}
	}
	waiting, err := tx.Connections.Waiting(address)
	if err != nil {
		return err
	}
	if err := enqueueApplies(tx, waiting); err != nil || cursor.Version == 0 && len(waiting) == 0 {
		return err // nothing of ours was ever there to be read
	}
	return tx.Queue.Enqueue(Job{Kind: JobPull, Key: address})
}

func enqueueApplies(tx Tx, visitIDs []string) error {
	if len(visitIDs) == 0 {
		return nil
	}
	jobs := make([]Job, len(visitIDs))
	for i, id := range visitIDs {
		jobs[i] = Job{Kind: JobApply, Key: id}
	}
	return tx.Queue.Enqueue(jobs...)
}

// impatient ends the wait of all accounts under delegation: somebody asks now.
func impatient(tx Tx) error {
	all, err := tx.Connections.All()
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.State != NeedsReconnecting || c.Kind != Delegation || c.Tried.IsZero() {
			continue
		}
		c.Tried = c.Tried.Add(-probeEvery)
		if err := tx.Connections.Save(&c); err != nil {
			return err
		}
	}
	return nil
}

// brokenConnection says why an account is not called at all. Since when that is so stands
// beside the account: who reads it there reads it in their zone.
func brokenConnection(c Connection) error {
	return fault.Deniedf("This account needs reconnecting. %s", c.Error).Because(errNotCalled)
}

// errNotCalled marks that nothing was called, since we know how it would end.
var errNotCalled = errors.New("not called")

// Trouble is something that keeps us from a calendar, and how to mend it.
type Trouble struct {
	What string // a sentence
	Mend string // a sentence or more
}

// String gives both.
func (t Trouble) String() string { return strings.TrimSpace(t.What + " " + t.Mend) }

// troubleOf says in plain words what a refused call means. Sources of the reasons:
// Google's pages on resolving errors of the Calendar API and of OAuth.
func troubleOf(e *calsync.Error, kind ConnectionKind) Trouble {
	reason := strings.ToLower(e.Reason)
	switch {
	case reason == "accessnotconfigured" || reason == "service_disabled":
		return Trouble{"The Google Calendar API is not enabled in the project.", "In the Google Cloud console open APIs & Services, Library, Google Calendar API, and press Enable; it takes a few minutes to work."}
	case slices.Contains([]string{"insufficientpermissions", "access_token_scope_insufficient"}, reason) && kind == Delegation,
		reason == "unauthorized_client", reason == "access_denied":
		return Trouble{"The domain has not authorised the service account for what Windshield needs.",
			"In the Workspace admin console open Security, Access and data control, API controls, Domain-wide delegation, and give the client id both scopes: " +
				ScopeEvents + " and " + ScopeFreeBusy + ". It may take up to a day to work."}
	case reason == "insufficientpermissions" || reason == "access_token_scope_insufficient":
		return Trouble{"The permission does not cover what Windshield needs.", "Connect the account again and leave every box ticked at Google."}
	case reason == "forbiddenforserviceaccounts":
		return Trouble{"The organiser is a service account without delegation, and such an account cannot invite anybody.", "Name an address of your domain as organiser, and set up domain-wide delegation."}
	case reason == "clock":
		return Trouble{"Google refuses us because the clock of this server is wrong.", "Set the server's clock, best by a time service such as chrony."}
	case reason == "invalid_grant" && kind == Delegation:
		return Trouble{"Google does not know this address in your domain, or the key of the service account has been deleted.", "Check the address for a typing error, and that the person has Google Calendar; check the key in the Cloud console."}
	case reason == "invalid_grant":
		return Trouble{"The permission has ended: it was taken back, not used for half a year, or replaced; while the app is in testing Google ends it after 7 days.", "Connect the account again."}
	case reason == "invalid_client":
		return Trouble{"Google does not know the client id, or its secret is wrong.", "Compare WINDSHIELD_GOOGLE_CLIENT_ID and WINDSHIELD_GOOGLE_CLIENT_SECRET with the Cloud console."}
	case reason == "not connected":
		return Trouble{"The account is not connected.", "Its owner has to connect it."}
	case reason == "domainpolicy" || reason == "admin_policy_enforced":
		return Trouble{"A policy of the domain keeps Windshield out.", "In the Workspace admin console trust the app under Security, API controls, App access control."}
	case e.Class == calsync.AuthLost:
		return Trouble{"Google accepts our access no longer.", "Connect the account again; under delegation, check that the key and the person's account are alive."}
	case e.Class == calsync.Denied:
		return Trouble{fmt.Sprintf("Google refuses it (%s).", e.Reason), "Check who may change this calendar."}
	case e.Class == calsync.Missing:
		return Trouble{"There is no such calendar.", "Check the address, and that the person has Google Calendar."}
	case reason == "server not reached" || reason == "deadline":
		return Trouble{"Google cannot be reached (" + e.Reason + ").", "Check the network and the addresses that the configuration names."}
	}
	return Trouble{"The calendar answers: " + e.Class.String() + " (" + e.Reason + ").", ""}
}

// organizers says under which address the events of hosts' visits are organised.
type organizers struct {
	f        *Flow
	consents map[string]Connection // nil where they do not matter
}

// organizersOf reads what is needed to choose organisers in one transaction.
func (f *Flow) organizersOf(tx Tx) (organizers, error) {
	o := organizers{f: f}
	if f.Google.Delegated || f.Google.Account == "" {
		return o, nil
	}
	all, err := tx.Connections.All()
	o.consents = map[string]Connection{}
	for _, c := range all {
		o.consents[c.Address] = c
	}
	return o, err
}

// of gives the organiser's address: under delegation, and where nobody else is
// configured, as the Opener says; otherwise the host who has consented, or the
// configured account.
func (o organizers) of(hostEmail string) string {
	if o.consents == nil {
		return o.f.Calendars.Organizer(hostEmail)
	}
	if o.consents[hostEmail].Covers(ScopeEvents) {
		return hostEmail
	}
	return o.f.Google.Account
}

// AccountView is a Google account for a page.
type AccountView struct {
	Connection
	Name      string   // of its owner; "" where it is nobody's
	Needs     []string // scopes that Windshield needs of it
	Waiting   int      // events that wait to be written to it
	Own       bool     // the reader's
	MayBegin  bool     // the reader may connect or reconnect it
	MayEnd    bool     // the reader may disconnect it
	MayRetry  bool     // the reader may ask it again
	Delegated bool     // a service account acts for it; nobody needs to connect
}

// MyAccount gives the actor's own account. Its State is "" where it was never
// connected. Error: Denied where Windshield needs no calendar of the person.
func (f *Flow) MyAccount(ctx context.Context, a access.Actor) (AccountView, error) {
	if err := signedIn(a); err != nil {
		return AccountView{}, err
	}
	return read(ctx, f, func(tx Tx) (AccountView, error) {
		p, err := tx.People.Get(a.PersonID)
		if err != nil {
			return AccountView{}, err
		}
		if _, _, err := f.account(tx, a, p.Email); err != nil {
			return AccountView{}, err
		}
		c, err := tx.Connections.Get(p.Email)
		if err != nil {
			return AccountView{}, err
		}
		return f.accountView(tx, a, c, p)
	})
}

// Accounts gives the accounts that Windshield uses, used or should use, those
// first that need somebody; for who may see connections.
func (f *Flow) Accounts(ctx context.Context, a access.Actor) ([]AccountView, error) {
	if err := access.Require(a, access.SeeConnections, access.Subject{}); err != nil {
		return nil, err
	}
	return read(ctx, f, func(tx Tx) ([]AccountView, error) {
		all, err := tx.Connections.All()
		if err != nil {
			return nil, err
		}
		people, err := tx.People.All()
		if err != nil {
			return nil, err
		}
		byEmail := map[string]roster.Person{}
		for _, p := range people {
			byEmail[p.Email] = p
		}
		known := map[string]bool{}
		for _, c := range all {
			known[c.Address] = true
		}
		if !f.Google.Delegated && f.Google.Consents != nil { // who has not connected yet
			if f.Google.Account != "" && !known[f.Google.Account] {
				all, known[f.Google.Account] = append(all, Connection{Address: f.Google.Account, Kind: Consent}), true
			}
			for _, p := range people {
				if len(scopesOf(p)) > 0 && !known[p.Email] {
					all = append(all, Connection{Address: p.Email, PersonID: p.ID, Kind: Consent})
				}
			}
		}
		out := make([]AccountView, 0, len(all))
		for _, c := range all {
			v, err := f.accountView(tx, a, c, byEmail[c.Address])
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		rank := map[ConnectionState]int{NeedsReconnecting: 0, Disconnected: 2, AccountConnected: 3}
		slices.SortStableFunc(out, func(x, y AccountView) int {
			rx, ry := 1, 1
			if r, ok := rank[x.State]; ok {
				rx = r
			}
			if r, ok := rank[y.State]; ok {
				ry = r
			}
			return rx - ry
		})
		return out, nil
	})
}

func (f *Flow) accountView(tx Tx, a access.Actor, c Connection, owner roster.Person) (AccountView, error) {
	c.Sealed = "" // no page has any use for it
	v := AccountView{Connection: c, Name: owner.Name, Own: owner.ID != "" && owner.ID == a.PersonID, Delegated: f.Google.Delegated}
	v.Needs = scopesOf(owner)
	if c.Address == f.Google.Account && !slices.Contains(v.Needs, ScopeEvents) {
		v.Needs = append([]string{ScopeEvents}, v.Needs...)
	}
	if c.Version > 0 {
		waiting, err := tx.Connections.Waiting(c.Address)
		if err != nil {
			return v, err
		}
		v.Waiting = len(waiting)
	}
	manages := access.Decide(a, access.ManageConnection, access.Subject{}).Allowed
	byConsent := f.Google.Consents != nil && f.Google.Keys.Ready() && (c.Kind == Consent || c.Version == 0) && !f.Google.Delegated
	v.MayBegin = byConsent && (v.Own || owner.ID == "" && manages && c.Address == f.Google.Account)
	v.MayEnd = c.Kind == Consent && c.Version > 0 && c.State != Disconnected && (v.Own || manages)
	v.MayRetry = manages && c.Kind == Delegation && c.State == NeedsReconnecting
	return v, nil
}
