package flow

import (
	"fmt"
	"time"
)

// JobKind names a sort of background work.
type JobKind string

const (
	JobPlan     JobKind = "plan"      // run the planner; Key is the run's id
	JobApply    JobKind = "apply"     // bring one calendar event to what is wanted; Key is the visit's id
	JobApplyNow JobKind = "apply_now" // the same for one that somebody waits for
	JobPoll     JobKind = "poll"      // read one calendar back when its turn comes; Key is the calendar's address
	JobWatch    JobKind = "watch"     // open, renew and close the push channels of one calendar; Key is its address
	JobCarry    JobKind = "carry"     // write the executive's answer into the executive's own calendar; Key is the visit's id
	JobPull     JobKind = "pull"      // read one calendar back at once; Key is the calendar's address
	JobPullAll  JobKind = "pull_all"  // enqueue the reading of every calendar; Key is ""
	JobAlerts   JobKind = "alerts"    // look at everybody's clock; Key says what asks for it: a look that has begun does not stand in for one asked for since
	JobDeliver  JobKind = "deliver"   // send one message; Key is the delivery's id
	JobNotices  JobKind = "notices"   // let go what waited, write digests and the mails of an evening; Key is ""
	JobRedraw   JobKind = "redraw"    // draw a design again and again, to compare with; Key is the selection's id
	JobSweep    JobKind = "sweep"     // delete what has expired; Key is ""
	JobLaunch   JobKind = "launch"    // let the next waves of all launches go, where it is time; Key is ""
	JobBusy     JobKind = "busy"      // read when people are busy; Key is "" where it is due, "now" whatever its age
	JobLook     JobKind = "look"      // look for everything that is held about somebody; Key is the look's id
	JobVerify   JobKind = "verify"    // compare all calendars with what is wanted; Key is the report's id
)

// JobKinds lists every kind.
var JobKinds = []JobKind{JobPlan, JobApply, JobCarry, JobApplyNow, JobPoll, JobWatch, JobPull, JobPullAll, JobAlerts, JobDeliver, JobNotices, JobRedraw, JobSweep, JobLaunch, JobBusy, JobVerify, JobLook}

// Job is work to do after the transaction that enqueued it has committed. It is
// done at least once, so whatever it does is idempotent.
type Job struct {
	Kind JobKind
	Key  string
	At   time.Time // not before; zero: at once
}

// Later is an error that asks to do the job again after a while, without
// counting the attempt as failed: the calendar asks us to slow down, say.
type Later struct {
	After time.Duration
	Why   string
}

// Error says how long and why.
func (l *Later) Error() string { return fmt.Sprintf("again in %s: %s", l.After, l.Why) }
