package calsynctest

import (
	"context"
	"time"

	"windshield/internal/calsync"
)

// Mortal is a calendar as a process sees it that may die: Step is asked before
// each call, and after the server has carried it out but before its reply. Where
// it gives an error the caller gets that, and no reply.
type Mortal struct {
	calsync.Calendar
	Step func() error
}

// Around does something between two steps.
func Around[T any](step func() error, do func() (T, error)) (T, error) {
	var none T
	if err := step(); err != nil {
		return none, err
	}
	out, err := do()
	if died := step(); died != nil {
		return none, died
	}
	return out, err
}

// Insert implements calsync.Calendar.
func (m Mortal) Insert(ctx context.Context, c string, n calsync.New, mail calsync.Mail) (calsync.Event, error) {
	return Around(m.Step, func() (calsync.Event, error) { return m.Calendar.Insert(ctx, c, n, mail) })
}

// Get implements calsync.Calendar.
func (m Mortal) Get(ctx context.Context, c, id string) (calsync.Event, error) {
	return Around(m.Step, func() (calsync.Event, error) { return m.Calendar.Get(ctx, c, id) })
}

// Patch implements calsync.Calendar.
func (m Mortal) Patch(ctx context.Context, c, id, etag string, p calsync.Patch, mail calsync.Mail) (calsync.Event, error) {
	return Around(m.Step, func() (calsync.Event, error) { return m.Calendar.Patch(ctx, c, id, etag, p, mail) })
}

// Delete implements calsync.Calendar.
func (m Mortal) Delete(ctx context.Context, c, id, etag string, mail calsync.Mail) error {
	_, err := Around(m.Step, func() (any, error) { return nil, m.Calendar.Delete(ctx, c, id, etag, mail) })
	return err
}

// List implements calsync.Calendar.
func (m Mortal) List(ctx context.Context, c string, q calsync.Query) (calsync.Page, error) {
	return Around(m.Step, func() (calsync.Page, error) { return m.Calendar.List(ctx, c, q) })
}

// FreeBusy implements calsync.Calendar.
func (m Mortal) FreeBusy(ctx context.Context, calendars []string, from, to time.Time) (map[string]calsync.Busy, error) {
	return Around(m.Step, func() (map[string]calsync.Busy, error) { return m.Calendar.FreeBusy(ctx, calendars, from, to) })
}
