package app

import (
	"context"
	"time"

	"windshield/internal/store"
)

// sessions keeps sessions by Windshield's own clock. The session manager counts
// by the computer's: without this a turned clock would sign everybody out, or
// nobody ever.
type sessions struct {
	*store.Sessions
	now func() time.Time
}

// CommitCtx adds a session or writes over it.
func (s sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return s.Sessions.CommitCtx(ctx, token, data, s.now().Add(time.Until(expiry)))
}

// Commit is CommitCtx without a context.
func (s sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}
