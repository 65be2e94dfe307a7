package demo

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/app"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/intake"
	"windshield/internal/mail"
	"windshield/internal/roster"
	"windshield/internal/sampling"
	"windshield/internal/visit"
	"windshield/sample"
)

// What the demo's VP of Sales chooses.
const (
	visits         = 310 // what the 24 executives are willing to do together
	selectionSeed  = "northlight 2027, drawn 8 13 21 34 40 42 from the lottery of 14 November"
	questionsEvery = 300 * time.Millisecond
)

var teller = access.System("demo")

// story walks once through the main job, each step only where an earlier run has
// not done it already.
type story struct {
	app        *app.App
	mails      *mail.Catcher // where customers read theirs
	out        io.Writer
	base, side string
	planning   time.Duration
}

func (s story) tell(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.load, s.choose, s.publish, s.hear} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	vp, err := s.person(ctx, roster.VP)
	if err != nil {
		return err
	}
	url, err := s.app.Flow.MintLink(ctx, teller, vp.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nWindshield is ready.\n\n")
	link(s.out, "Sign in as the VP of Sales (once):", url)
	link(s.out, "Windshield:", s.base+"/")
	link(s.out, "API:", s.base+"/docs")
	link(s.out, "Everyone's calendar (emulator):", s.side+"/")
	link(s.out, "Everyone's mail (catcher):", s.side+"/mail/")
	fmt.Fprintf(s.out, "\nOthers sign in with their address, such as ceo@northlight.example, and the link in their mail.\nCtrl+C ends it; the data is kept.\n")
	<-ctx.Done()
	return nil
}

// load imports the sample company as a user would, file by file.
func (s story) load(ctx context.Context) error {
	imports, err := s.app.Flow.Imports(ctx, teller)
	if err != nil {
		return err
	}
	for _, kind := range intake.Kinds() {
		if slices.ContainsFunc(imports, func(im flow.Import) bool { return im.Kind == kind && im.State == flow.Confirmed }) {
			continue
		}
		name := string(kind) + ".csv"
		data, err := sample.Files.ReadFile(name)
		if err != nil {
			return err
		}
		v, err := s.app.Flow.Upload(ctx, teller, flow.Key{}, kind, name, data)
		if err != nil {
			return err
		}
		if v.MappingProblem != nil {
			return v.MappingProblem
		}
		if err := v.Report.Err(); err != nil {
			return err
		}
		if v, err = s.app.Flow.ConfirmImport(ctx, teller, flow.Key{}, v.ID, v.Version); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Imported %d %s.\n", v.Counts.Create, kind)
	}
	vp, err := s.person(ctx, roster.VP)
	if err != nil {
		return err
	}
	_, err = s.app.Flow.Admit(ctx, teller, vp.Email, vp.Name)
	return err
}

func (s story) person(ctx context.Context, role roster.Role) (roster.Person, error) {
	people, err := s.app.Flow.People(ctx, teller)
	if err != nil {
		return roster.Person{}, err
	}
	for _, p := range people {
		if p.Has(role) {
			return p, nil
		}
	}
	return roster.Person{}, fault.NotFoundf("The sample company has nobody in the role %s.", role)
}

// choose draws the customers and plans the year.
func (s story) choose(ctx context.Context) error {
	plans, err := s.app.Flow.Plans(ctx, teller, sample.Year)
	if err != nil || len(plans) > 0 {
		return err
	}
	frame, err := s.app.Flow.Freeze(ctx, teller, flow.Key{}, flow.FreezeInput{Year: sample.Year, Seed: selectionSeed,
		Reason: "A sample company, drawn the same way for everybody who looks at it."})
	if err != nil {
		return err
	}
	design := sampling.Defaults()
	design.Visits, design.Dimensions, design.Across = visits, sampling.Named("region", "size_band"), []string{"industry"}
	selection, err := s.app.Flow.Draw(ctx, teller, flow.Key{}, flow.DrawInput{FrameID: frame.ID, Design: design})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Selected %d customers in %d groups.\n", selection.Visits, len(selection.Strata))
	if err := s.answer(ctx, selection); err != nil {
		return err
	}
	seconds := max(1, int(s.planning/time.Second))
	run, err := s.app.Flow.StartPlan(ctx, teller, flow.Key{}, flow.PlanInput{SelectionID: selection.ID, Seed: 1, Seconds: seconds})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Planning the year for %d seconds …\n", seconds)
	return until(ctx, func() (bool, error) {
		r, err := s.app.Flow.Run(ctx, teller, run.ID)
		if err == nil && r.State == flow.Failed {
			err = fault.Conflictf("The planner failed: %s", r.Error)
		}
		return r.State == flow.Done, err
	})
}

// answer lets a few customers refuse, and brings the list that the account teams
// would have picked.
func (s story) answer(ctx context.Context, v flow.SelectionView) error {
	if len(v.Changes) > 0 {
		return nil // an earlier run has done so
	}
	codes := []string{sampling.RefusedDeclined, sampling.RefusedNoReply, sampling.RefusedDispute}
	for i, code := range codes {
		c := v.Rows[(i+1)*len(v.Rows)/(len(codes)+1)]
		var err error
		if v, err = s.app.Flow.Change(ctx, teller, flow.Key{}, v.ID, v.Version, flow.ChangeInput{Kind: flow.ChangeRefused, Customer: c.CustomerID, Code: code}); err != nil {
			return err
		}
	}
	picks, err := sample.Files.ReadFile("picks.csv")
	if err != nil {
		return err
	}
	_, err = s.app.Flow.BringTeamList(ctx, teller, flow.Key{}, v.ID, "picks.csv", picks)
	return err
}

// publish puts the year into everyone's calendar and waits until it stands there.
func (s story) publish(ctx context.Context) error {
	plans, err := s.app.Flow.Plans(ctx, teller, sample.Year)
	if err != nil {
		return err
	}
	for _, p := range plans {
		if p.State == visit.Live {
			return nil
		}
	}
	p := plans[0]
	done, err := s.app.Flow.Publish(ctx, teller, flow.Key{}, p.ID, p.Version, flow.PublishInput{Reasons: flow.TypedReasons{All: "The customer’s own year ends then, and they asked us to come before."}})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Published %d visits (%d without a place); putting them into the calendars …\n", done.Visits, len(p.Unassigned))
	return until(ctx, func() (bool, error) {
		connections, err := s.app.Flow.Connections(ctx, teller)
		waiting := 0
		for _, c := range connections {
			waiting += c.Waiting
		}
		return waiting == 0, err
	})
}

// until asks again and again until the answer is yes.
func until(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(questionsEvery)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
