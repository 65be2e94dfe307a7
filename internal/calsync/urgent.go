package calsync

import "context"

type urgentKey struct{}

// Urgent marks the calls under ctx as work that a person waits for: where calls
// are held back for their pace, these go before bulk work.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

// IsUrgent says whether a person waits for the calls under ctx.
func IsUrgent(ctx context.Context) bool { return ctx.Value(urgentKey{}) != nil }
