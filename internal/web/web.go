// Package web holds the pages: server-rendered, complete without JavaScript,
// each state of them an address. It decides nothing: every handler calls one use
// case and shows what comes back.
package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/calsync"
	"windshield/internal/coverage"
	"windshield/internal/export"
	"windshield/internal/flow"
	"windshield/internal/intake"
	"windshield/internal/roster"
	"windshield/internal/visit"
)

// Importing are the use cases of the import wizard; flow.Flow has them.
type Importing interface {
	Upload(ctx context.Context, a access.Actor, k flow.Key, kind intake.Kind, fileName string, data []byte) (flow.ImportView, error)
	Import(ctx context.Context, a access.Actor, id string) (flow.ImportView, error)
	Imports(ctx context.Context, a access.Actor) ([]flow.Import, error)
	MapImport(ctx context.Context, a access.Actor, id string, version int, m intake.Mapping) (flow.ImportView, error)
	ConfirmImport(ctx context.Context, a access.Actor, k flow.Key, id string, version int) (flow.ImportView, error)
	RejectedRows(ctx context.Context, a access.Actor, id string, w io.Writer) error
}

// Selecting are the use cases of the pages on which a selection is made.
type Selecting interface {
	Dimensions(ctx context.Context, a access.Actor) (map[string]map[string]int, error)
	Freeze(ctx context.Context, a access.Actor, k flow.Key, in flow.FreezeInput) (flow.Frame, error)
	FrameView(ctx context.Context, a access.Actor, id string) (flow.FrameView, error)
	Preview(ctx context.Context, a access.Actor, in flow.DrawInput) (flow.Preview, error)
	Draw(ctx context.Context, a access.Actor, k flow.Key, in flow.DrawInput) (flow.SelectionView, error)
	Selection(ctx context.Context, a access.Actor, id string) (flow.SelectionView, error)
	Selections(ctx context.Context, a access.Actor, year int) ([]flow.Selection, error)
}

// Proving are the use cases of what comes after a draw: changes, and the proof.
type Proving interface {
	Change(ctx context.Context, a access.Actor, k flow.Key, selectionID string, version int, in flow.ChangeInput) (flow.SelectionView, error)
	BringTeamList(ctx context.Context, a access.Actor, k flow.Key, selectionID, fileName string, data []byte) (flow.SelectionView, error)
	Proof(ctx context.Context, a access.Actor, id string) (flow.Proof, error)
	DrawRecord(ctx context.Context, a access.Actor, id string) (flow.Selection, []byte, error)
}

// Planning are the use cases of the plan pages.
type Planning interface {
	StartPlan(ctx context.Context, a access.Actor, k flow.Key, in flow.PlanInput) (flow.Run, error)
	RunView(ctx context.Context, a access.Actor, id string) (flow.RunView, error)
	Runs(ctx context.Context, a access.Actor) ([]flow.Run, error)
	StopRun(ctx context.Context, a access.Actor, id string) (flow.Run, error)
	CancelRun(ctx context.Context, a access.Actor, id string) (flow.Run, error)
	Plans(ctx context.Context, a access.Actor, year int) ([]visit.Plan, error)
	Plan(ctx context.Context, a access.Actor, id string, filter flow.PlanFilter) (flow.PlanView, error)
	Publish(ctx context.Context, a access.Actor, k flow.Key, planID string, version int, in flow.PublishInput) (flow.Published, error)
	Forecast(ctx context.Context, a access.Actor, planID string) (flow.Forecast, error)
}

// Explaining are the use cases behind why a visit stands where it does, and of
// moving it.
type Explaining interface {
	Explain(ctx context.Context, a access.Actor, planID, customerID string, places int) (flow.Explanation, error)
	LetIn(ctx context.Context, a access.Actor, planID, customerID string) (flow.LeftOut, error)
	Attention(ctx context.Context, a access.Actor, planID string) (flow.Attention, error)
	Rearrange(ctx context.Context, a access.Actor, k flow.Key, planID string, changes []flow.PlanChange) (flow.Rearranged, error)
}

// Moving are the use cases of the grid of the year: what is possible, what it
// would cost, doing it and taking it back.
type Moving interface {
	PlaceOf(ctx context.Context, a access.Actor, planID, visit string, trades bool) (flow.PlaceView, error)
	Choices(ctx context.Context, a access.Actor, planID, visit string) (flow.Choices, error)
	Quote(ctx context.Context, a access.Actor, planID string, m flow.Move) (flow.Quote, error)
	Move(ctx context.Context, a access.Actor, k flow.Key, planID string, m flow.Move) (flow.Rearranged, error)
	Together(ctx context.Context, a access.Actor, planID string, m flow.Move) (flow.Together, error)
	PlanSteps(ctx context.Context, a access.Actor, planID string) ([]flow.PlanStepView, error)
	UndoStep(ctx context.Context, a access.Actor, k flow.Key, planID, stepID, reason string) (flow.Rearranged, error)
	SayWhoMoved(ctx context.Context, a access.Actor, planID, stepID string, because visit.Code) (flow.PlanStepView, error)
}

// Searching is the use case of finding something by its name.
type Searching interface {
	Search(ctx context.Context, a access.Actor, query string) (flow.SearchResult, error)
}

// Swapping are the use cases of who cannot go, and of reading visits elsewhere.
type Swapping interface {
	Instead(ctx context.Context, a access.Actor, visitID string) (flow.Instead, error)
	AskInstead(ctx context.Context, a access.Actor, visitID string, version int, changes []flow.PlanChange, reason string) (flow.VisitView, error)
	Asked(ctx context.Context, a access.Actor, visitID string) (flow.Ask, error)
	MyFeed(ctx context.Context, a access.Actor) (time.Time, error)
	RenewFeed(ctx context.Context, a access.Actor) (address string, err error)
	EndFeed(ctx context.Context, a access.Actor) error
	ReadFeed(ctx context.Context, secret string) (export.Calendar, error)
}

// Comparing are the use cases of plans side by side, in here and outside.
type Comparing interface {
	Compare(ctx context.Context, a access.Actor, planA, planB string) (flow.Comparison, error)
	StartScenarios(ctx context.Context, a access.Actor, k flow.Key, in flow.ScenariosInput) (flow.ScenarioSet, error)
	Scenarios(ctx context.Context, a access.Actor, id string) (flow.ScenarioSet, error)
	RunFile(ctx context.Context, a access.Actor, runID string, kind flow.RunFile) ([]byte, error)
	BringSolution(ctx context.Context, a access.Actor, k flow.Key, runID, name string, data []byte) (flow.Run, error)
}

// Presenting are the use cases of the slides, and of what is promised with them.
type Presenting interface {
	Deck(ctx context.Context, a access.Actor, planID string) (flow.Deck, error)
	OpenPlaces(ctx context.Context, a access.Actor, planID string, customerIDs []string, n int) (map[string]flow.OpenCustomer, error)
	AcceptYear(ctx context.Context, a access.Actor, k flow.Key, planID, executiveID string, version int, mark string) (flow.AcceptedYear, error)
	Years(ctx context.Context, a access.Actor, planID string) (flow.YearsView, error)
	FreezePromise(ctx context.Context, a access.Actor, k flow.Key, planID string, version int, reason string) (flow.Frozen, error)
	Promise(ctx context.Context, a access.Actor, planID string, only coverage.Outcome) (flow.PromiseView, error)
	PlanFile(ctx context.Context, a access.Actor, planID string, kind flow.PlanFileKind) (flow.PlanFile, error)
	YearSheet(ctx context.Context, a access.Actor, planID string, part int) (flow.PaperYear, error)
}

// Visiting are the use cases of the visit, the customer and the executive's page.
type Visiting interface {
	Visit(ctx context.Context, a access.Actor, id string) (flow.VisitView, error)
	Visits(ctx context.Context, a access.Actor, q flow.VisitQuery) (rows []flow.VisitView, next string, err error)
	Answer(ctx context.Context, a access.Actor, visitID string, version int, answer visit.Answer, note string) (flow.VisitView, error)
	PinVisit(ctx context.Context, a access.Actor, visitID string, version int, pinned bool) (flow.VisitView, error)
	RecordOutcome(ctx context.Context, a access.Actor, visitID string, version int, o flow.Outcome) (flow.VisitView, error)
	My(ctx context.Context, a access.Actor, executiveID string) (flow.MyView, error)
	Customers(ctx context.Context, a access.Actor, q flow.CustomerQuery) (flow.CustomersView, error)
	Customer(ctx context.Context, a access.Actor, id string) (flow.CustomerView, error)
}

// Buying are the use cases of customers' own buying, and of when our quarters end.
type Buying interface {
	Buying(ctx context.Context, a access.Actor) (flow.BuyingView, error)
	SetBuying(ctx context.Context, a access.Actor, b visit.Buying, moved map[string]string, seen string) error
	SetFiscal(ctx context.Context, a access.Actor, x visit.Fiscal, seen string) error
	MoveCustomer(ctx context.Context, a access.Actor, k flow.Key, customerID string, in flow.MoveInput) (flow.CustomerView, error)
}

// Settling are the use cases of what people do in their calendars.
type Settling interface {
	Settle(ctx context.Context, a access.Actor, visitID string, version int, s flow.Settlement) (flow.VisitView, error)
	Conflicts(ctx context.Context, a access.Actor) ([]flow.ConflictView, error)
	Proposals(ctx context.Context, a access.Actor, planID, customerID string, n int) ([]flow.Proposal, error)
	Policy(ctx context.Context, a access.Actor) (flow.CalendarPolicy, error)
	SetPolicy(ctx context.Context, a access.Actor, p flow.CalendarPolicy, seen string) error
}

// Watching are the use cases of the CEO's and the administrator's pages.
type Watching interface {
	Connections(ctx context.Context, a access.Actor) ([]flow.ConnectionView, error)
	Health(ctx context.Context, a access.Actor) (flow.Health, error)
	RetryCalendar(ctx context.Context, a access.Actor, calendar string) error
	SyncNow(ctx context.Context, a access.Actor) error
	Believe(ctx context.Context, a access.Actor, calendar string) error
	PutBack(ctx context.Context, a access.Actor, calendar string) error
	People(ctx context.Context, a access.Actor) ([]roster.Person, error)
}

// Reading are the use cases of when people are busy.
type Reading interface {
	Busy(ctx context.Context, a access.Actor) (flow.BusyView, error)
	SetBusy(ctx context.Context, a access.Actor, s flow.BusySettings, seen string) error
	ReadBusyNow(ctx context.Context, a access.Actor) error
}

// Launching are the use cases of launches and of the report on the calendars.
type Launching interface {
	LaunchView(ctx context.Context, a access.Actor, id string) (flow.LaunchView, error)
	Launches(ctx context.Context, a access.Actor, planID string) ([]flow.LaunchView, error)
	PauseLaunch(ctx context.Context, a access.Actor, id string) (flow.LaunchView, error)
	ResumeLaunch(ctx context.Context, a access.Actor, id string) (flow.LaunchView, error)
	StopLaunch(ctx context.Context, a access.Actor, id string) (flow.LaunchView, error)
	StartVerification(ctx context.Context, a access.Actor) (flow.Verification, error)
	Verification(ctx context.Context, a access.Actor, standing calsync.Standing) (flow.VerificationView, error)
	Mend(ctx context.Context, a access.Actor) (int, error)
}

// Story is all that the pages ask of the story.
type Story interface {
	Importing
	Selecting
	Proving
	Planning
	Explaining
	Moving
	Searching
	Swapping
	Comparing
	Presenting
	Visiting
	Buying
	Settling
	Living
	Preparing
	Debriefing
	Hosting
	Closing
	Claiming
	Understanding
	Connecting
	Watching
	Covering
	Administering
	Warning
	Noticing
	Telling
	Reading
	Launching
}

var _ Story = (*flow.Flow)(nil)

// SignIn is what the sign-in pages need of sessions.
type SignIn interface {
	// RequestLink mails a one-time link. Unknown addresses give no error.
	RequestLink(c echo.Context, email string) error
	// Use uses up the link's token and starts a session.
	Use(c echo.Context, token string) error
	// Still gives who asks as they are by now; nobody where the session has ended.
	Still(c echo.Context) (access.Actor, error)
	// SignOut ends the session; without one it does nothing.
	SignOut(c echo.Context) error
	// Keep puts a value into the session, in place of the one of before.
	Keep(c echo.Context, name, value string)
	// Take gives a value of the session, "" where there is none, and takes it out.
	Take(c echo.Context, name string) string
}

// DemoLinks point to the helpers that run beside the sample company. A page
// footer names them; an empty one is left out.
type DemoLinks struct {
	Calendar string // page of the calendar emulator
	Mail     string // page of the mail catcher
}

// Options are what New needs. Flow, SignIn and Now are required.
type Options struct {
	Flow    Story
	SignIn  SignIn
	BaseURL string           // how addresses begin, without a slash at the end
	Now     func() time.Time // the only clock
	NewKey  func() string    // keys that make a repeated form harmless; nil: random
	Demo    *DemoLinks       // nil outside of the demo
	Version string           // shown in the footer
	Log     *slog.Logger     // nil: nowhere
	Every   time.Duration    // how often a run that somebody looks at is read; 0: every second
}

// Pages holds the handlers of all pages. It is safe for concurrent use.
type Pages struct {
	Options
	assets  *assets
	streams *streams
}

// New makes the pages. It fails where a required option or the built scripts and
// styles are missing.
func New(o Options) (*Pages, error) {
	if o.Flow == nil || o.SignIn == nil || o.Now == nil {
		return nil, errors.New("web: Flow, SignIn and Now are required")
	}
	if o.NewKey == nil {
		o.NewKey = uuid.NewString
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Every <= 0 {
		o.Every = time.Second
	}
	a, err := bundled()
	if err != nil {
		return nil, err
	}
	return &Pages{Options: o, assets: a, streams: newStreams()}, nil
}

// Router is what Register needs; an echo.Echo and an echo.Group both are one.
type Router interface {
	GET(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route
	POST(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route
}

// reading tells the use cases behind every page how its reader writes dates and numbers.
type reading struct{ Router }

func (r reading) GET(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.Router.GET(path, asReader(h), m...)
}

func (r reading) POST(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.Router.POST(path, asReader(h), m...)
}

func asReader(h echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if a := auth.Actor(c); a.PersonID != "" {
			a.Style = readerOf(c).Style
			auth.SetActor(c, a)
		}
		return h(c)
	}
}

// Register adds every page. This is the contents page of the site.
func (p *Pages) Register(r Router) {
	r = reading{r}
	r.GET("/assets/:name", p.asset)
	r.GET("/favicon.ico", p.icon)

	r.GET("/", p.home)
	r.GET("/signin", p.signInForm)
	r.POST("/signin", p.requestLink)
	r.GET("/signin/:token", p.linkForm)
	r.POST("/signin/:token", p.useLink)
	r.POST("/signout", p.signOut)

	r.GET("/plans", p.plans)
	r.POST("/plans/runs", p.startRun)
	r.GET("/plans/runs/:id", p.run)
	r.GET("/plans/runs/:id/events", p.runEvents)
	r.POST("/plans/runs/:id/stop", p.stopRun)
	r.POST("/plans/runs/:id/cancel", p.cancelRun)
	r.GET("/plans/runs/:id/problem.json", p.runFile(flow.ProblemFile))
	r.GET("/plans/runs/:id/solution.json", p.runFile(flow.SolutionFile))
	r.POST("/plans/runs/:id/solution", p.bringSolution)
	r.GET("/plans/scenarios/new", p.newScenarios)
	r.POST("/plans/scenarios", p.startScenarios)
	r.GET("/plans/scenarios/:id", p.scenarios)
	r.GET("/plans/:id", p.plan)
	r.GET("/plans/:id/publish", p.forecast)
	r.POST("/plans/:id/publish", p.publish)
	r.GET("/plans/:id/launches", p.launches)
	r.GET("/launches/:id", p.launch)
	r.POST("/launches/:id/pause", p.steer((Story).PauseLaunch, "paused"))
	r.POST("/launches/:id/resume", p.steer((Story).ResumeLaunch, "resumed"))
	r.POST("/launches/:id/stop", p.steer((Story).StopLaunch, "halted"))
	r.GET("/plans/:id/attention", p.attention)
	r.GET("/plans/:id/customers/:customer", p.explain)
	r.POST("/plans/:id/changes", p.rearrange)
	r.GET("/plans/:id/compare", p.compare)
	r.POST("/plans/:id/compare", p.take)
	r.GET("/plans/:id/drawer", p.drawer)
	r.GET("/plans/:id/choices", p.planChoices)
	r.GET("/plans/:id/together", p.planTogether)
	r.POST("/plans/:id/moves", p.move)
	r.POST("/plans/:id/pins", p.pinHere)
	r.POST("/plans/:id/steps/:step/undo", p.undoPlan)
	r.POST("/plans/:id/steps/:step/because", p.sayWhoMoved)
	r.GET("/plans/:id/present", p.present)
	r.POST("/plans/:id/present/take", p.assign)
	r.POST("/plans/:id/accept", p.acceptYear)
	r.GET("/plans/:id/promise", p.promise)
	r.POST("/plans/:id/promise", p.freezePromise)
	r.GET("/plans/:id/print", p.printPlan)
	for _, x := range planFiles {
		r.GET("/plans/:id/plan."+string(x.kind), p.planFile(x.kind))
	}

	r.GET("/search", p.search)
	r.GET("/shortcuts", p.shortcuts)
	r.GET("/coverage", p.coverage)
	r.GET("/coverage/people", p.coveragePeople)
	r.GET("/coverage/people/:id", p.coveragePerson)
	r.GET("/coverage/strata", p.coverageGroups)
	r.GET("/coverage/strata/:code", p.coverageGroup)
	r.GET("/coverage/gaps", p.coverageGaps)
	r.GET("/coverage/weeks/:week", p.coverageWeek)
	r.GET("/coverage/visits", p.coverageVisits)
	r.GET("/coverage/kept", p.coverageKept)
	r.GET("/me", p.me)
	r.POST("/me/alert", p.answerAlert)
	r.POST("/coverage/ladder", p.setLadder)
	r.GET(noticesPath, p.notices)
	r.POST(noticesPath+"/read", p.readNotices)
	r.GET(choicesPath, p.noticeChoices)
	r.POST(choicesPath, p.setNoticeChoices)
	r.POST(localePath, p.setLocale)
	r.GET(noticesPath+"/:id", p.openNotice)
	r.GET(flow.EndNoticesPath+":ticket", p.noticeToEnd)
	r.POST(flow.EndNoticesPath+":ticket", p.endNotices)
	r.GET("/me/calendar", p.myCalendar)
	r.POST("/me/calendar/connect", p.connectMine)
	r.POST("/me/calendar/disconnect", p.disconnectMine)
	r.GET(flow.ConsentPath, p.consentAnswer)

	r.GET("/visits", p.visits)
	r.GET("/visits/:id", p.visit)
	r.POST("/visits/:id/answer", p.answer)
	r.GET("/visits/:id/instead", p.instead)
	r.POST("/visits/:id/instead", p.askInstead)
	r.GET("/feed/:file", p.feed)
	r.GET("/me/feed", p.myFeed)
	r.POST("/me/feed", p.renewFeed)
	r.POST("/visits/:id/outcome", p.outcome)
	r.POST("/visits/:id/pin", p.pin)
	r.POST("/visits/:id/settle", p.settle)
	r.GET("/conflicts", p.conflicts)
	r.POST("/visits/:id/agreement", p.agree)
	r.POST("/visits/:id/cancel", p.cancel)
	r.POST("/visits/:id/undo", p.undoStep)
	r.GET("/visits/:id/brief", p.brief)
	r.GET("/visits/:id/brief/edit", p.briefForm)
	r.POST("/visits/:id/brief", p.saveBrief)
	r.POST("/visits/:id/brief/questions", p.addQuestion)
	r.POST("/visits/:id/links", p.sendLink)
	r.POST("/visits/:id/links/:link/withdraw", p.withdrawLink)
	r.GET("/c/:token", p.customerVisit)
	r.POST("/c/:token", p.confirmVisit)

	r.GET("/todo", p.todo)
	r.GET("/visits/:id/agenda", p.agenda)
	r.POST("/visits/:id/agenda", p.saveAgenda)
	r.GET("/visits/:id/mail", p.mailForm)
	r.POST("/visits/:id/mail", p.sendMail)
	r.GET("/visits/:id/debrief", p.debrief)
	r.POST("/visits/:id/debrief", p.writeDebrief)
	r.GET("/visits/:id/memo", p.memo)
	r.POST("/visits/:id/memo", p.writeMemo)
	r.POST("/visits/:id/ask", p.askObjective)
	r.GET("/c/:token/after", p.afterVisit)
	r.POST("/c/:token/after", p.answerAfter)
	r.GET("/loops", p.loops)
	r.POST("/loops/:id", p.stepLoop)

	r.GET("/claims", p.claims)
	r.POST("/claims", p.makeClaim)
	r.POST("/claims/settings", p.setStatements)
	r.GET("/claims/findings.csv", p.findings)
	r.GET("/claims/:id", p.claim)
	r.POST("/claims/:id", p.changeClaim)
	r.GET("/claims/:id/finding.csv", p.findings)
	r.POST("/claims/:id/statements", p.addStatement)
	r.POST("/statements/:id", p.changeStatement)

	r.GET("/customers", p.customers)
	r.GET("/customers/:id", p.customer)
	r.POST("/customers/:id/actions", p.noteAction)
	r.GET("/admin/buying", p.buying)
	r.POST("/admin/buying", p.setBuying)
	r.POST("/admin/buying/fiscal", p.setFiscal)

	r.GET("/imports", p.imports)
	r.POST("/imports", p.upload)
	r.GET("/imports/new", p.newImport)
	r.GET("/imports/template/:file", p.template)
	r.GET("/imports/:id", p.importHome)
	r.GET("/imports/:id/match", p.importMatch)
	r.POST("/imports/:id/match", p.mapImport)
	r.GET("/imports/:id/check", p.importCheck)
	r.GET("/imports/:id/confirm", p.importConfirm)
	r.POST("/imports/:id/confirm", p.confirmImport)
	r.GET("/imports/:id/rejected.csv", p.rejected)

	r.GET("/selections", p.selections)
	r.GET("/selections/new", p.newSelection)
	r.POST("/selections/frames", p.freeze)
	r.GET("/selections/frames/:id", p.design)
	r.POST("/selections/frames/:id", p.drawOrPreview)
	r.GET("/selections/:id", p.selection)
	r.GET("/selections/:id/change", p.changeForm)
	r.POST("/selections/:id/change", p.change)
	r.GET("/selections/:id/draw.json", p.drawRecord)
	r.GET("/selections/:id/list", p.teamListForm)
	r.POST("/selections/:id/list", p.bringTeamList)
	r.GET("/selections/:id/proof", p.proof)
	r.GET("/selections/:id/proof.pdf", p.proofPDF)

	r.GET("/admin/calendar", p.calendar)
	r.POST("/admin/calendar/sync", p.syncNow)
	r.GET("/admin/calendar/health", p.health)
	r.POST("/admin/calendar/retry", p.retryCalendar)
	r.POST("/admin/calendar/believe", p.believe)
	r.GET("/admin/calendar/policy", p.policy)
	r.POST("/admin/calendar/policy", p.setPolicy)
	r.GET(busyPath, p.busy)
	r.POST(busyPath, p.setBusy)
	r.POST(busyPath+"/now", p.readBusy)
	r.GET("/admin/calendar/report", p.report)
	r.POST("/admin/calendar/report", p.startReport)
	r.POST("/admin/calendar/report/mend", p.mend)
	r.GET("/admin/calendar/accounts", p.accounts)
	r.POST("/admin/calendar/accounts/check", p.checkSetup)
	r.POST("/admin/calendar/accounts/connect", p.connectAccount)
	r.POST("/admin/calendar/accounts/disconnect", p.disconnectAccount)
	r.POST("/admin/calendar/accounts/retry", p.retryAccount)
	r.GET(adminPath, p.admin)
	r.GET("/admin/jobs", p.jobs)
	r.POST("/admin/jobs/:id", p.seeToJob)
	r.GET(channelsPath, p.noticeChannels)
	r.POST(channelsPath, p.setChannels)
	r.POST(channelsPath+"/retry", p.retryNotices)
	r.POST(channelsPath+"/test", p.testNotice)
	r.GET("/admin/audit", p.audit)
	r.POST("/admin/audit/check", p.checkAudit)
	r.GET("/admin/dimensions", p.dimensions)
	r.POST("/admin/dimensions", p.renameValue)
	r.GET("/admin/rules", p.rules)
	r.POST("/admin/rules", p.setRules)
	r.GET("/admin/people", p.people)
	r.POST("/admin/people", p.createPerson)
	r.GET("/admin/people/new", p.newPerson)
	r.GET("/admin/people/:id", p.person)
	r.POST("/admin/people/:id", p.changePerson)
	r.GET("/admin/people/:id/erase", p.erasure)
	r.POST("/admin/people/:id/erase", p.erase)
	r.POST("/admin/people/:id/data", p.giveData)
	r.POST("/admin/people/:id/look", p.look(Story.LookAgain))
	r.POST("/admin/people/:id/look/stop", p.look(Story.StopLook))
	r.GET("/customers/:id/contacts", p.contacts)
	r.GET("/customers/:id/contacts/erase", p.erasure)
	r.POST("/customers/:id/contacts/erase", p.erase)
	r.POST("/customers/:id/contacts/data", p.giveData)
	r.POST("/customers/:id/contacts/look", p.look(Story.LookAgain))
	r.POST("/customers/:id/contacts/look/stop", p.look(Story.StopLook))
}
