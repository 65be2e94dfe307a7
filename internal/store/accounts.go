package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"

	"windshield/internal/fault"
	"windshield/internal/flow"
)

type linkRow struct {
	Hash     string `gorm:"primaryKey"`
	PersonID string
	Expires  instant
	Used     bool
}

func (linkRow) TableName() string { return "login_links" }

type attemptRow struct {
	ID      int64 `gorm:"primaryKey"`
	Subject string
	At      instant
}

func (attemptRow) TableName() string { return "login_attempts" }

// accounts implements flow.Accounts.
type accounts struct{ *unit }

func (a accounts) SaveLink(l flow.Link) error {
	return a.atomic(func() error {
		return a.db.Create(&linkRow{Hash: l.Hash, PersonID: l.PersonID, Expires: instant(l.Expires)}).Error
	})
}

// UseLink marks and reads in one statement: of several racers one finds the link
// unused.
func (a accounts) UseLink(hash string, now time.Time) (personID string, err error) {
	err = a.atomic(func() error {
		var used []linkRow
		err := a.db.Raw("UPDATE login_links SET used = ? WHERE hash = ? AND used = ? AND expires > ? RETURNING person_id",
			true, hash, false, instant(now)).Scan(&used).Error
		if err != nil {
			return err
		}
		if len(used) == 0 {
			return fault.NotFoundf("This link was used before, or is too old. Ask for a new one.")
		}
		personID = used[0].PersonID
		return nil
	})
	return personID, err
}

// Attempt keeps a hash of the subject, which is an address. Attempts for one
// subject stand in line, so that racers cannot all see a low number.
func (a accounts) Attempt(subject string, now, since time.Time) (int, error) {
	var n int64
	err := a.atomic(func() error {
		sum := sha256.Sum256([]byte("attempt\x00" + subject))
		if err := a.line(sum); err != nil {
			return err
		}
		r := attemptRow{Subject: hex.EncodeToString(sum[:]), At: instant(now)}
		if err := a.db.Omit("id").Create(&r).Error; err != nil {
			return err
		}
		return a.db.Model(&attemptRow{}).Where("subject = ? AND at >= ?", r.Subject, instant(since)).Count(&n).Error
	})
	return int(n), err
}

// keyAge is how long answers to repeated requests outlive what Sweep deletes.
const keyAge = 7 * 24 * time.Hour

// ChooseLocale writes past the versions and past the stamps, which would lay every plan
// out anew.
func (a accounts) ChooseLocale(personID, tag string) error {
	return a.atomic(func() error {
		done := a.db.Exec("UPDATE people SET locale = ? WHERE id = ?", tag, personID)
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.NotFoundf("There is no such person.")
		}
		a.stamp(localeStamp)
		return done.Error
	})
}

// Sweep also deletes sessions that ended before, and answers to repeated
// requests that are a week older.
func (a accounts) Sweep(before time.Time) error {
	return a.atomic(func() error {
		for _, s := range []struct {
			sql string
			at  time.Time
		}{
			{"DELETE FROM login_links WHERE expires < ?", before},
			{"DELETE FROM login_attempts WHERE at < ?", before},
			{"DELETE FROM sessions WHERE expires < ?", before},
			{"DELETE FROM idempotency_keys WHERE created_at < ?", before.Add(-keyAge)},
		} {
			if err := a.db.Exec(s.sql, instant(s.at)).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// line makes transactions that give the same number wait for each other until
// the end. SQLite has one writer anyway.
func (u *unit) line(sum [sha256.Size]byte) error {
	if !u.s.postgres {
		return nil
	}
	return u.db.Exec("SELECT pg_advisory_xact_lock(?)", lockNumber(sum)).Error
}

func lockNumber(sum [sha256.Size]byte) int64 { return int64(binary.BigEndian.Uint64(sum[:8])) }
