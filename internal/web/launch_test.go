package web_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
	"windshield/internal/flow"
)

func TestForecastBeforePublishing(t *testing.T) {
	s := makeStory(sampleSize).draft()
	site := open(t, s, actors(s)["vp"])
	path := "/plans/" + s.plan.ID
	require.Contains(t, site.get(path).Body.String(), "See who is told")
	w := site.get(path + "/publish?broken=v7&give_up=yes")
	sound(t, w.Body.Bytes())
	for _, want := range []string{"Nobody has been told yet", "460 invitations", "It takes at least 2 days", "Amara Abara", `name="preview" value="f0"`, "1 visit does", `name="broken" value="v7"`, `name="give_up" value="yes"`} {
		require.Contains(t, w.Body.String(), want)
	}
	s.fail["publish"] = fault.Stalef("What publishing would do has changed since you looked at it.")
	w = site.post(path+"/publish", url.Values{"version": {"3"}, "preview": {"f-old"}})
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "has changed since you looked")
	require.Contains(t, w.Body.String(), `name="preview" value="f0"`, "the form is the one of the forecast as it is now")
	s.fail["forecast"] = fault.Conflictf("The draft has been overtaken.")
	w = site.get(path + "/publish")
	require.Equal(t, 409, w.Code)
	require.Contains(t, w.Body.String(), "The draft has been overtaken.")
	sound(t, w.Body.Bytes())
}

func TestLaunchPages(t *testing.T) {
	s := makeStory(sampleSize).live()
	site, id := open(t, s, actors(s)["vp"]), uuidOf(8, 1)
	require.Contains(t, site.get("/plans/"+s.plan.ID+"/launches").Body.String(), "No launch yet")
	s.launch = flow.LaunchRunning
	require.Contains(t, site.get("/plans/"+s.plan.ID+"/launches").Body.String(), "20 of 30 in the calendars")
	w := site.get("/launches/" + id)
	sound(t, w.Body.Bytes())
	for _, want := range []string{`http-equiv="refresh"`, `data-live="on"`, "20 of 30", "wait for the mail budget", "calendar use limit", "No more mails until", "Pause", "Stop", "refused for good"} {
		require.Contains(t, w.Body.String(), want)
	}
	for _, x := range []struct{ act, done, next string }{{"pause", "paused", "Continue"}, {"resume", "resumed", "Pause"}, {"stop", "halted", "goes when the launch is continued"}} {
		w := site.post("/launches/"+id+"/"+x.act, nil)
		require.Equal(t, "/launches/"+id+"?done="+x.done, w.Header().Get("Location"))
		require.Contains(t, site.get("/launches/"+id).Body.String(), x.next)
	}
	require.NotContains(t, open(t, s, actors(s)["ceo"]).get("/launches/"+id).Body.String(), "Continue")
	s.fail["stop"] = fault.Conflictf("This launch is stopped: there is nothing to stop.")
	w = site.post("/launches/"+id+"/stop", nil)
	require.Equal(t, 409, w.Code)
	sound(t, w.Body.Bytes())
}

func TestReportOnTheCalendars(t *testing.T) {
	s := makeStory(sampleSize).live()
	site, path := open(t, s, actors(s)["administrator"]), "/admin/calendar/report"
	require.Contains(t, site.get(path).Body.String(), "No report yet")
	require.Equal(t, path+"?done=checking", site.post(path, nil).Header().Get("Location"))
	s.report = flow.Running
	require.Contains(t, site.get(path).Body.String(), "2 of 3 calendars read")
	s.report = flow.Done
	w := site.get(path)
	sound(t, w.Body.Bytes())
	for _, want := range []string{"Not all is as wanted", "1 calendar could not be read", "cancelled, but still there", "there twice", "Look again at 3 events and mend", "show=left+over"} {
		require.Contains(t, w.Body.String(), want)
	}
	w = site.get(path + "?show=missing")
	require.Contains(t, w.Body.String(), "Events: missing")
	require.NotContains(t, w.Body.String(), "event too many")
	require.Equal(t, 200, site.get(path+"?show=nonsense").Code)
	require.Equal(t, path+"?done=mending", site.post(path+"/mend", nil).Header().Get("Location"))
	require.Equal(t, []string{"verify", "mend"}, s.calls)
	require.NotContains(t, open(t, s, actors(s)["vp"]).get(path).Body.String(), "and mend")
	s.fail["mend"] = fault.Conflictf("The report is still being made.")
	require.Equal(t, 409, site.post(path+"/mend", nil).Code)
}

// ---- launching

func (s *story) Forecast(_ context.Context, _ access.Actor, id string) (flow.Forecast, error) {
	if err := s.failing("forecast"); err != nil {
		return flow.Forecast{}, err
	}
	return flow.Forecast{Plan: s.plan, Fingerprint: "f0", Budget: flow.DefaultBudget, Days: 2,
		Totals:   flow.Totals{Creates: len(s.visits), Moves: 2, Cancels: 1, Parked: 1, Invitations: 2 * len(s.visits), Updates: 4, Cancellations: 2},
		People:   []flow.PersonForecast{{Name: "Amara Abara", Email: "amara@example.com", Creates: 12, Invitations: 12}, {Name: "host@example.com", Email: "host@example.com", Moves: 1, Updates: 1}},
		Warnings: []flow.ForecastWarning{{VisitID: s.visits[0].ID, Customer: s.cust(s.visits[0].CustomerID).Name, Day: s.visits[0].Slot.Date, Text: "The visit cannot be put into the calendar."}}}, nil
}

func (s *story) LaunchView(_ context.Context, a access.Actor, id string) (flow.LaunchView, error) {
	if err := s.failing("launch"); err != nil {
		return flow.LaunchView{}, err
	}
	v := flow.LaunchView{Launch: flow.Launch{ID: id, PlanID: s.plan.ID, State: s.launch, Budget: flow.DefaultBudget, Wave: 2, CreatedAt: s.now, Totals: flow.Totals{Creates: 30, Invitations: 60}},
		Plan: s.plan, Visits: 30, Applied: 20, OnWay: 4, Held: 5, Parked: 1, Waits: "5 visits wait for the mail budget of their organiser.", MayDrive: access.Decide(a, access.PublishPlan, access.Subject{}).Allowed,
		Organisers: []flow.LaunchOrganiser{{Address: "host@example.com", Name: "Hannah Host", Visits: 30, Applied: 20, OnWay: 4, Held: 5, Mails: 40, Until: s.now.Add(time.Hour), Trouble: "Waiting: calendar use limit."}}}
	for i, state := range []flow.EventState{flow.EventParked, flow.EventConflict, flow.EventWaiting, flow.EventWaiting} {
		x := s.visits[i]
		v.Open = append(v.Open, flow.LaunchOpen{LaunchVisit: flow.LaunchVisit{VisitID: x.ID, Day: x.Slot.Date, State: state, Wave: 3 - i}, Customer: s.cust(x.CustomerID).Name, Executive: s.person(x.ExecutiveID).Name})
	}
	return v, nil
}

func (s *story) Launches(ctx context.Context, a access.Actor, _ string) ([]flow.LaunchView, error) {
	if s.launch == "" {
		return nil, nil
	}
	v, err := s.LaunchView(ctx, a, uuidOf(8, 1))
	return []flow.LaunchView{v}, err
}

func (s *story) steer(ctx context.Context, a access.Actor, what, id string, to flow.LaunchState) (flow.LaunchView, error) {
	if err := s.failing(what); err != nil {
		return flow.LaunchView{}, err
	}
	s.calls, s.launch = append(s.calls, what+" "+id), to
	return s.LaunchView(ctx, a, id)
}

func (s *story) PauseLaunch(ctx context.Context, a access.Actor, id string) (flow.LaunchView, error) {
	return s.steer(ctx, a, "pause", id, flow.LaunchPaused)
}

func (s *story) ResumeLaunch(ctx context.Context, a access.Actor, id string) (flow.LaunchView, error) {
	return s.steer(ctx, a, "resume", id, flow.LaunchRunning)
}

func (s *story) StopLaunch(ctx context.Context, a access.Actor, id string) (flow.LaunchView, error) {
	return s.steer(ctx, a, "stop", id, flow.LaunchStopped)
}

func (s *story) StartVerification(context.Context, access.Actor) (flow.Verification, error) {
	s.calls = append(s.calls, "verify")
	return flow.Verification{}, s.failing("verify")
}

func (s *story) Verification(_ context.Context, a access.Actor, standing calsync.Standing) (flow.VerificationView, error) {
	if s.report == "" {
		return flow.VerificationView{}, fault.NotFoundf("There is no report on the calendars.")
	}
	v := flow.VerificationView{Verification: flow.Verification{State: s.report, Calendars: 3, Read: 2, AskedAt: s.now, Unread: []flow.Unread{{Calendar: "host@example.com", Events: 7, Why: "The calendar is no longer visible."}}},
		By: "Amara Abara", MayMend: access.Decide(a, access.ManageConnection, access.Subject{}).Allowed}
	for i, x := range calsync.Standings {
		f := calsync.Finding{Standing: x, Visit: s.visits[i].ID, Calendar: "host@example.com", EventID: "e" + string(x), Fields: []calsync.Field{calsync.FieldTime}}
		v.Findings = append(v.Findings, f)
		if x == standing || standing == "" && !x.Well() {
			v.Rows = append(v.Rows, flow.FindingView{Finding: f, Customer: s.cust(s.visits[i].CustomerID).Name, Day: s.visits[i].Slot.Date})
		}
	}
	return v, nil
}

func (s *story) Mend(context.Context, access.Actor) (int, error) {
	s.calls = append(s.calls, "mend")
	return 3, s.failing("mend")
}
