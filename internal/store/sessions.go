package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type sessionRow struct {
	TokenHash string `gorm:"primaryKey"`
	Data      []byte
	Expires   instant
}

func (sessionRow) TableName() string { return "sessions" }

// Sessions keeps the sessions of signed-in people. It has the methods of the
// session manager's stores (scs.Store and scs.CtxStore). Tokens are kept hashed:
// who reads the database cannot take over a session.
type Sessions struct{ s *Store }

// Sessions gives the store of sessions.
func (s *Store) Sessions() *Sessions { return &Sessions{s} }

func hashed(token string) string {
	sum := sha256.Sum256([]byte("session\x00" + token))
	return hex.EncodeToString(sum[:])
}

// FindCtx gives the data of a session that has not expired.
func (s *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	var r sessionRow
	err = s.s.retry(ctx, func() (bool, error) {
		err := s.s.gormOver(ctx, s.s.readers).Where("token_hash = ? AND expires > ?", hashed(token), instant(s.s.now())).Take(&r).Error
		return again(err), err
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, false, nil
	}
	return r.Data, err == nil, translate(err)
}

// CommitCtx adds a session or writes over it.
func (s *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	if data == nil {
		data = []byte{}
	}
	r := sessionRow{TokenHash: hashed(token), Data: data, Expires: instant(expiry)}
	return translate(s.s.retry(ctx, func() (bool, error) {
		err := s.s.gormOver(ctx, s.s.db).Clauses(clause.OnConflict{UpdateAll: true, Columns: []clause.Column{{Name: "token_hash"}}}).Create(&r).Error
		return again(err), err
	}))
}

// DeleteCtx ends a session; one that is not there is no error.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	return translate(s.s.retry(ctx, func() (bool, error) {
		err := s.s.gormOver(ctx, s.s.db).Where("token_hash = ?", hashed(token)).Delete(&sessionRow{}).Error
		return again(err), err
	}))
}

// Find is FindCtx without a context.
func (s *Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (s *Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// gormOver gives gorm over a pool, outside of any transaction.
func (s *Store) gormOver(ctx context.Context, pool *sql.DB) *gorm.DB {
	db := s.gorm.Session(&gorm.Session{NewDB: true, Context: ctx, SkipDefaultTransaction: true})
	db.Statement.ConnPool = pool
	return db
}
