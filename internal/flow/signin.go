package flow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/notify"
	"windshield/internal/roster"
)

const (
	linkLife       = 20 * time.Minute
	attemptsWindow = 15 * time.Minute
	mostPerAddress = 5   // links asked for one address in the window
	mostPerRemote  = 100 // links asked for from one network address, where a whole office may sit
	mostTokens     = 300 // tokens tried from one network address; each has 256 random bits
)

// RequestLink mails a one-time sign-in link to the person with this address.
// Unknown addresses, and those of who has left, get the same answer and no mail. remote is the asker's
// network address. Error: TooMany.
func (f *Flow) RequestLink(ctx context.Context, email, remote string) error {
	email = roster.NormalizeEmail(email)
	now := f.Now().UTC()
	if err := f.throttle(ctx, "remote/"+remote, mostPerRemote); err != nil {
		return err
	}
	if err := f.throttle(ctx, "email/"+hash(email), mostPerAddress); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		p, err := tx.People.ByEmail(email)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil || f.hasLeft(p) {
			return err
		}
		token := f.Token()
		if err := tx.Accounts.SaveLink(Link{Hash: hash(token), PersonID: p.ID, Expires: now.Add(linkLife)}); err != nil {
			return err
		}
		m := notify.SignIn(p.Name, f.linkURL(token), int(linkLife/time.Minute))
		return f.deliver(tx, "sign-in/"+hash(token)[:16], "sign-in", p, m)
	})
}

// throttle counts an attempt in the database, apart from the work itself, so
// that a refused request still counts and all replicas count together.
func (f *Flow) throttle(ctx context.Context, subject string, most int) error {
	now := f.Now().UTC()
	var n int
	err := f.Store.Write(ctx, func(tx Tx) error {
		var err error
		n, err = tx.Accounts.Attempt(subject, now, now.Add(-attemptsWindow))
		return err
	})
	if err != nil {
		return err
	}
	if n > most {
		return fault.New(fault.TooMany, "Too many attempts. Please wait a quarter of an hour and try again.")
	}
	return nil
}

func (f *Flow) linkURL(token string) string { return f.BaseURL + "/signin/" + token }

// MintLink makes a sign-in link without a mail, for somebody who may manage
// people and, in practice, sits at the command line.
func (f *Flow) MintLink(ctx context.Context, a access.Actor, personID string) (url string, err error) {
	if err := access.Require(a, access.ManagePeople, access.Subject{}); err != nil {
		return "", err
	}
	token := f.Token()
	err = f.Store.Write(ctx, func(tx Tx) error {
		if _, err := tx.People.Get(personID); err != nil {
			return err
		}
		if err := tx.Accounts.SaveLink(Link{Hash: hash(token), PersonID: personID, Expires: f.Now().UTC().Add(linkLife)}); err != nil {
			return err
		}
		return f.audit(tx, a, "mint sign-in link", "person/"+personID, nil)
	})
	if err != nil {
		return "", err
	}
	return f.linkURL(token), nil
}

// SignIn uses up a link's token and gives its person. Unauthenticated where the
// link is unknown, used or too old.
func (f *Flow) SignIn(ctx context.Context, token, remote string) (roster.Person, error) {
	if err := f.throttle(ctx, "token/"+remote, mostTokens); err != nil {
		return roster.Person{}, err
	}
	var p roster.Person
	err := f.Store.Write(ctx, func(tx Tx) error {
		id, err := tx.Accounts.UseLink(hash(token), f.Now().UTC())
		if err != nil {
			return err
		}
		if p, err = f.stillHere(tx, id); err != nil {
			return err
		}
		return f.audit(tx, access.ActorFor(p), "sign in", "person/"+p.ID, nil)
	})
	if fault.Is(err, fault.NotFound) {
		return roster.Person{}, fault.New(fault.Unauthenticated, "This link has been used or is too old. Ask for a new one.")
	}
	return p, err
}

// ActorOf gives the actor of a session's person with today's roles: what was
// taken from a person is gone with the next request.
func (f *Flow) ActorOf(ctx context.Context, personID string) (access.Actor, error) {
	return read(ctx, f, func(tx Tx) (access.Actor, error) {
		p, err := f.stillHere(tx, personID)
		if err != nil {
			return access.Actor{}, err
		}
		a := access.ActorFor(p)
		a.Zone, err = f.readsIn(tx, p)
		return a, err
	})
}

// stillHere gives a person. Who has left is not found: nothing here is theirs any more.
func (f *Flow) stillHere(tx Tx, id string) (roster.Person, error) {
	p, err := tx.People.Get(id)
	if err == nil && f.hasLeft(p) {
		return roster.Person{}, fault.NotFoundf("This person has left.")
	}
	return p, err
}

// hash is for secrets of 256 random bits, which need no salt and no stretching.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
