package flow

import (
	"context"
	"errors"
	"time"

	"windshield/internal/calsync"
	"windshield/internal/fault"
)

// Do does one job; the queue calls it. A *Later asks to come back without
// counting the attempt, a fault of kind Invalid, NotFound or Conflict says that
// trying again is of no use, any other error asks for a retry.
func (f *Flow) Do(ctx context.Context, j Job) error {
	switch j.Kind {
	case JobPlan:
		return f.runPlan(ctx, j.Key)
	case JobApply:
		return f.applyInTurn(ctx, j.Key)
	case JobLaunch:
		return f.driveLaunches(ctx)
	case JobVerify:
		return f.runVerification(ctx, j.Key)
	case JobApplyNow:
		return f.applyInTurn(calsync.Urgent(ctx), j.Key)
	case JobWatch:
		return f.tendChannels(ctx, j.Key)
	case JobCarry:
		return f.carryAnswer(ctx, j.Key)
	case JobPull, JobPoll:
		return f.pullCalendar(ctx, j.Key)
	case JobPullAll:
		return f.pullAll(ctx, f.PollEvery)
	case JobAlerts:
		return errors.Join(f.lookAtClocks(ctx), f.lookAtBriefs(ctx))
	case JobNotices:
		return f.lookAtNotices(ctx)
	case JobDeliver:
		return f.sendDelivery(ctx, j.Key)
	case JobRedraw:
		return f.redraw(ctx, j.Key)
	case JobBusy:
		return f.lookAtBusy(ctx, j.Key)
	case JobLook:
		return f.runLook(ctx, j.Key)
	case JobSweep:
		return f.sweep(ctx)
	}
	return fault.Invalidf("There is no job of kind %q.", j.Kind)
}

// sweep deletes what has expired, and brings what is sealed to the newest key.
func (f *Flow) sweep(ctx context.Context) error {
	if err := f.reseal(ctx); err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		if err := f.resealSlacks(tx); err != nil {
			return err
		}
		if err := tx.Channels.Sweep(f.Now().UTC().Add(-channelsKept)); err != nil {
			return err
		}
		if err := tx.Looks.Forget(f.Now().UTC().Add(-lookKept)); err != nil {
			return err
		}
		return tx.Accounts.Sweep(f.Now().UTC().Add(-24 * time.Hour))
	})
}
