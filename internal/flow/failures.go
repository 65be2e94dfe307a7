package flow

import (
	"context"
	"fmt"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
)

// JobFailure is a job that a person should know of.
type JobFailure struct {
	ID       int64
	Kind     JobKind
	Key      string
	Parked   bool      // it will not run again by itself; otherwise it is tried again
	Attempts int       // so far
	Reason   string    // the last error; for administrators, may name people
	Since    time.Time // when it was asked for
	At       time.Time // of the last error
	Next     time.Time // of the next attempt; zero where parked
}

// Office is the queue's counter, where people see to failed jobs. The errors are
// NotFound where the job is no longer there, and Conflict where it is running.
type Office interface {
	// Failures gives the parked jobs, and those that keep failing, newest first; at most
	// 1,000 of each.
	Failures(ctx context.Context) ([]JobFailure, error)
	// Failure gives one of them.
	Failure(ctx context.Context, id int64) (JobFailure, error)
	// Retry makes a job due at once.
	Retry(ctx context.Context, id int64) error
	// Discard deletes a job.
	Discard(ctx context.Context, id int64) error
}

// closed is the counter of a queue that is not there: nothing has failed.
type closed struct{}

func (closed) Failures(context.Context) ([]JobFailure, error) { return nil, nil }
func (closed) Failure(context.Context, int64) (JobFailure, error) {
	return JobFailure{}, fault.NotFoundf("There is no such failed job.")
}
func (closed) Retry(context.Context, int64) error   { return nil }
func (closed) Discard(context.Context, int64) error { return nil }

// FailureView is a failed job in words.
type FailureView struct {
	JobFailure
	What string // what the job is for
	Path string // page of what it is about; "" where it has none
	Loss string // what is lost if it is discarded
}

// jobWords says what each kind of job does, and what is lost with one.
var jobWords = map[JobKind]struct{ what, loss string }{
	JobPlan:     {"Make a plan", "The run ends without a plan; it can be started again."},
	JobApply:    {"Bring a calendar entry to what is planned", "The entry stays as it is until the visit changes again."},
	JobApplyNow: {"Bring a calendar entry to what is planned, at once", "The entry stays as it is until the visit changes again."},
	JobPoll:     {"Read a calendar", "Nothing: it is read again at the next turn."},
	JobPull:     {"Read a calendar", "Nothing: it is read again at the next turn."},
	JobPullAll:  {"Read all calendars", "Nothing: they are read again at the next turn."},
	JobWatch:    {"Let a calendar announce its changes", "Changes are seen at the next reading instead of at once."},
	JobCarry:    {"Write an answer into the executive's calendar", "The answer holds here, but their calendar does not show it."},
	JobAlerts:   {"Look at everybody's 30-day clock", "Nothing: the clocks are looked at every few minutes."},
	JobDeliver:  {"Send a message", "The message is never sent."},
	JobRedraw:   {"Draw a selection again and again, to compare", "The proof page shows no comparison with re-draws."},
	JobSweep:    {"Delete what has expired", "Nothing: it is done again within the hour."},
	JobLaunch:   {"Let the next wave of invitations go", "Nothing: it is looked at again within minutes."},
	JobBusy:     {"Read when people are busy", "Nothing: it is read again at the next turn."},
	JobLook:     {"Look for everything that is held about somebody", "The look never ends; stop it and look again."},
	JobVerify:   {"Compare the calendars with what is wanted", "The report stays unfinished; ask for a new one."},
}

// JobWords says what a kind of job does.
func JobWords(k JobKind) string {
	if w, ok := jobWords[k]; ok {
		return w.what
	}
	return string(k)
}

// Failures gives the jobs that need somebody, newest first; for the administrator.
func (f *Flow) Failures(ctx context.Context, a access.Actor) ([]FailureView, error) {
	if err := access.Require(a, access.ManageJobs, access.Subject{}); err != nil {
		return nil, err
	}
	all, err := f.Office.Failures(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]FailureView, len(all))
	for i, x := range all {
		out[i] = FailureView{JobFailure: x, What: JobWords(x.Kind), Path: jobPath(x), Loss: jobWords[x.Kind].loss}
	}
	return out, nil
}

func jobPath(x JobFailure) string {
	switch x.Kind {
	case JobApply, JobApplyNow, JobCarry:
		return "/visits/" + x.Key
	case JobPlan:
		return "/plans/runs/" + x.Key
	case JobRedraw:
		return "/selections/" + x.Key + "/proof"
	case JobPoll, JobPull, JobPullAll, JobWatch:
		return "/admin/calendar"
	case JobBusy:
		return "/admin/calendar/busy"
	case JobVerify:
		return "/admin/calendar/report"
	}
	return ""
}

// RetryJob makes a failed job due at once; for the administrator.
func (f *Flow) RetryJob(ctx context.Context, a access.Actor, id int64) error {
	return f.seeToJob(ctx, a, id, "retry job", "", f.Office.Retry)
}

// DiscardJob gives a failed job up, with a typed reason of 3 to 500 characters; for the
// administrator.
func (f *Flow) DiscardJob(ctx context.Context, a access.Actor, id int64, reason string) error {
	reason, err := text("reason", reason, 500)
	if err == nil && len([]rune(reason)) < 3 {
		err = fault.Invalidf("A reason is needed.").With(fault.Detail{Where: "reason", Value: reason, Expected: "3 to 500 characters"})
	}
	if err != nil {
		return err
	}
	return f.seeToJob(ctx, a, id, "discard job", reason, f.Office.Discard)
}

// seeToJob writes down what is done before it is done: the queue's own tables are not
// part of the transaction, and a note of something that failed then harms less than a
// job that went without one.
func (f *Flow) seeToJob(ctx context.Context, a access.Actor, id int64, action, reason string, do func(context.Context, int64) error) error {
	if err := access.Require(a, access.ManageJobs, access.Subject{}); err != nil {
		return err
	}
	x, err := f.Office.Failure(ctx, id)
	if err != nil {
		return err
	}
	detail := map[string]any{"kind": x.Kind}
	if reason != "" {
		detail["reason"] = reason
	}
	err = f.Store.Write(ctx, func(tx Tx) error {
		return f.audit(tx, a, action, fmt.Sprintf("job/%d", id), detail)
	})
	if err != nil {
		return err
	}
	return do(ctx, id)
}
