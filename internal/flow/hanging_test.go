package flow_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/calsync"
	"windshield/internal/flow"
)

// hanging is a desk whose calendars answer nothing until the time for the job is over.
type hanging struct {
	*desk
	over context.CancelFunc
}

type silent struct {
	calsync.Calendar
	over context.CancelFunc
}

func (h hanging) Open(ctx context.Context, address string) (calsync.Calendar, error) {
	c, err := h.desk.Open(ctx, address)
	return silent{c, h.over}, err
}

func (s silent) Insert(context.Context, string, calsync.New, calsync.Mail) (calsync.Event, error) {
	s.over()
	return calsync.Event{}, &calsync.Error{Call: "insert", Class: calsync.Unknown, Reason: "deadline", Cause: context.DeadlineExceeded}
}

// What was tried is noted also where Google hung for as long as the job had: a
// launch waits for the first try of every visit, and pages show the reason.
func TestATryOfACalendarThatHangsIsNoted(t *testing.T) {
	d := newDesk(t)
	d.company(1, 1)
	p := d.plan()
	d.publish(p)
	v := d.visits(p.ID)[d.customers[0].ID]
	ctx, over := context.WithCancel(t.Context())
	f := flow.New(flow.Deps{Store: d.st, Calendars: hanging{d, over}, Notifier: d, Now: d.Now, BaseURL: "http://windshield.example", Env: "test"})
	require.Error(t, f.Do(ctx, flow.Job{Kind: flow.JobApplyNow, Key: v.ID}))
	e := d.event(v.ID)
	require.Equal(t, 1, e.Tries)
	require.Contains(t, e.Problem, "Waiting: ")
	d.work(flow.JobApply, flow.JobApplyNow)
	require.Len(t, d.emu.Live(office), 1)
}
