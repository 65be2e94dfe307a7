package flow

import (
	"context"
	"io"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/intake"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

var errSoon = fault.Temporaryf("being written")

// ---- import.go

// Upload keeps a file, reads its headers and guesses what they mean. Nothing is
// written to the roster. Errors: Invalid or TooLarge for files that cannot be read.
func (f *Flow) Upload(ctx context.Context, a access.Actor, k Key, kind intake.Kind, fileName string, data []byte) (ImportView, error) {
	return ImportView{}, errSoon
}

// Import gives an import with a fresh check of its file against today's roster.
func (f *Flow) Import(ctx context.Context, a access.Actor, id string) (ImportView, error) {
	return ImportView{}, errSoon
}

// Imports gives the newest imports.
func (f *Flow) Imports(ctx context.Context, a access.Actor) ([]Import, error) { return nil, errSoon }

// MapImport changes which column means what. version guards against a stale form.
func (f *Flow) MapImport(ctx context.Context, a access.Actor, id string, version int, m intake.Mapping) (ImportView, error) {
	return ImportView{}, errSoon
}

// ConfirmImport writes the file's rows, whole or not at all: one problem row and
// nothing is written (Invalid, with the problems as details).
func (f *Flow) ConfirmImport(ctx context.Context, a access.Actor, k Key, id string, version int) (ImportView, error) {
	return ImportView{}, errSoon
}

// RejectedRows writes the rows with problems as CSV, with a reason column.
func (f *Flow) RejectedRows(ctx context.Context, a access.Actor, id string, w io.Writer) error {
	return errSoon
}

// ---- roster.go

// Customers gives a page of the customers that the actor may see.
func (f *Flow) Customers(ctx context.Context, a access.Actor, q CustomerQuery) (CustomersView, error) {
	return CustomersView{}, errSoon
}

// Customer gives one customer that the actor may see.
func (f *Flow) Customer(ctx context.Context, a access.Actor, id string) (CustomerView, error) {
	return CustomerView{}, errSoon
}

// People gives everybody of our company; for the VP and the administrator.
func (f *Flow) People(ctx context.Context, a access.Actor) ([]roster.Person, error) {
	return nil, errSoon
}

// SetRoles changes what a person is; for the administrator.
func (f *Flow) SetRoles(ctx context.Context, a access.Actor, personID string, version int, roles []roster.Role) (roster.Person, error) {
	return roster.Person{}, errSoon
}

// ---- sample.go

// SelectInput is what the VP chooses for a selection.
type SelectInput struct {
	Year       int      // 2020..2100
	Name       string   // "" becomes "Selection YEAR"
	Dimensions []string // whose values make the groups; at least one
	Visits     int      // how many; at least 1
	Seed       string   // "" becomes a random one
}

// Select draws the customers to visit in a year.
func (f *Flow) Select(ctx context.Context, a access.Actor, k Key, in SelectInput) (SelectionView, error) {
	return SelectionView{}, errSoon
}

// Selection gives a selection.
func (f *Flow) Selection(ctx context.Context, a access.Actor, id string) (SelectionView, error) {
	return SelectionView{}, errSoon
}

// Selections gives the selections of a year, newest first; of all where year is 0.
func (f *Flow) Selections(ctx context.Context, a access.Actor, year int) ([]Selection, error) {
	return nil, errSoon
}

// Dimensions gives the dimensions in which customers have values, with how many
// customers have each value.
func (f *Flow) Dimensions(ctx context.Context, a access.Actor) (map[string]map[string]int, error) {
	return nil, errSoon
}

// ---- plan.go

// PlanInput is what the VP chooses for a run of the planner.
type PlanInput struct {
	SelectionID string
	Name        string // "" becomes "Plan YEAR"
	Seed        uint64
	Seconds     int // 1..600; 0 where Iterations is set
	Iterations  int
}

// StartPlan starts a run of the planner in the background.
func (f *Flow) StartPlan(ctx context.Context, a access.Actor, k Key, in PlanInput) (Run, error) {
	return Run{}, errSoon
}

// Run gives a run with its progress.
func (f *Flow) Run(ctx context.Context, a access.Actor, id string) (Run, error) {
	return Run{}, errSoon
}

// Runs gives the newest runs.
func (f *Flow) Runs(ctx context.Context, a access.Actor) ([]Run, error) { return nil, errSoon }

// StopRun asks a run to stop and keep the best plan it has.
func (f *Flow) StopRun(ctx context.Context, a access.Actor, id string) (Run, error) {
	return Run{}, errSoon
}

// Plans gives the plans of a year, newest first; of all years where year is 0.
func (f *Flow) Plans(ctx context.Context, a access.Actor, year int) ([]visit.Plan, error) {
	return nil, errSoon
}

// PlanFilter narrows the rows of a plan's page.
type PlanFilter struct {
	Search  string   // part of an executive's or customer's name
	Country string   // of the executive's office
	Groups  []string // stratum codes
}

// Plan gives a plan with everything its page shows.
func (f *Flow) Plan(ctx context.Context, a access.Actor, id string, filter PlanFilter) (PlanView, error) {
	return PlanView{}, errSoon
}

// LivePlan gives the published plan of a year; NotFound where there is none.
func (f *Flow) LivePlan(ctx context.Context, a access.Actor, year int) (visit.Plan, error) {
	return visit.Plan{}, errSoon
}

// ---- publish.go

// Published says what a publish did.
type Published struct {
	PlanID    string `json:"plan"`
	Visits    int    `json:"visits"`    // visits of the plan
	Events    int    `json:"events"`    // calendar events wanted for them
	Mails     int    `json:"mails"`     // invitations that this will send
	Unchanged bool   `json:"unchanged"` // the plan had been published already
}

// Publish makes a draft the plan of its year: books everybody, asks for the
// calendar events, all or nothing. Publishing a published plan changes nothing.
// Errors: Conflict with the double bookings as details; Stale.
func (f *Flow) Publish(ctx context.Context, a access.Actor, k Key, planID string, version int) (Published, error) {
	return Published{}, errSoon
}

// ---- answer.go, debrief.go

// Visit gives a visit that the actor may see.
func (f *Flow) Visit(ctx context.Context, a access.Actor, id string) (VisitView, error) {
	return VisitView{}, errSoon
}

// Visits gives a page of the visits that the actor may see.
func (f *Flow) Visits(ctx context.Context, a access.Actor, q VisitQuery) (rows []visit.Visit, next string, err error) {
	return nil, "", errSoon
}

// Answer takes an executive's answer. A refusal needs a reason, frees the
// half-day and takes the event out of the calendars.
func (f *Flow) Answer(ctx context.Context, a access.Actor, visitID string, version int, answer visit.Answer, note string) (VisitView, error) {
	return VisitView{}, errSoon
}

// Outcome is what came of a visit.
type Outcome struct {
	Held     bool
	Kind     visit.Kind
	WithHost bool
	Note     string // why it was not held
}

// RecordOutcome says whether a visit took place, and how. The visit must have begun.
func (f *Flow) RecordOutcome(ctx context.Context, a access.Actor, visitID string, version int, o Outcome) (VisitView, error) {
	return VisitView{}, errSoon
}

// My gives an executive's page. executiveID "" means the actor, or the first
// person an assistant serves.
func (f *Flow) My(ctx context.Context, a access.Actor, executiveID string) (MyView, error) {
	return MyView{}, errSoon
}

// ---- cover.go

// Coverage gives the CEO's page for a period; a zero period means the last 12 months.
func (f *Flow) Coverage(ctx context.Context, a access.Actor, period slot.Interval) (CoverageView, error) {
	return CoverageView{}, errSoon
}

// Alerts gives alerts, newest breach first.
func (f *Flow) Alerts(ctx context.Context, a access.Actor, openOnly bool) ([]AlertView, error) {
	return nil, errSoon
}

// ---- sync.go

// Connections gives the state of every calendar.
func (f *Flow) Connections(ctx context.Context, a access.Actor) ([]ConnectionView, error) {
	return nil, errSoon
}

// SyncNow asks for all calendars to be read, and waiting events to be written, at once.
func (f *Flow) SyncNow(ctx context.Context, a access.Actor) error { return errSoon }

// ---- signin.go

// RequestLink mails a one-time sign-in link to the person with this address.
// Unknown addresses get the same answer and no mail. Error: TooMany.
func (f *Flow) RequestLink(ctx context.Context, email, remote string) error { return errSoon }

// MintLink makes a sign-in link without a mail, for the command line.
func (f *Flow) MintLink(ctx context.Context, a access.Actor, personID string) (url string, err error) {
	return "", errSoon
}

// SignIn uses up a link's token and gives its person.
func (f *Flow) SignIn(ctx context.Context, token string) (roster.Person, error) {
	return roster.Person{}, errSoon
}

// ActorOf gives the actor of a session's person with today's roles.
func (f *Flow) ActorOf(ctx context.Context, personID string) (access.Actor, error) {
	return access.Actor{}, errSoon
}

// Trail gives the audit trail, newest first; for the administrator.
func (f *Flow) Trail(ctx context.Context, a access.Actor, after string, limit int) (rows []Entry, next string, err error) {
	return nil, "", errSoon
}

// Do does one job. The queue calls it; see JobKind for what Key means.
func (f *Flow) Do(ctx context.Context, j Job) error { return errSoon }

// Ready says whether the database answers and its schema is ours.
func (f *Flow) Ready(ctx context.Context) error { return errSoon }

var _ = time.Second
