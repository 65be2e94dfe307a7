// Package access decides who may see or do what, and says why not. It fails
// closed: what no rule allows is denied.
package access

import (
	"fmt"
	"slices"

	"windshield/internal/fault"
	"windshield/internal/locale"
	"windshield/internal/roster"
)

// Actor is who asks: a signed-in person, or the system itself (jobs, command line).
type Actor struct {
	PersonID string
	Name     string
	Roles    []roster.Role
	Serves   []string // executives this person acts for, as an assistant
	Zone     string   // IANA zone in which the person is today; "" where nobody reads
	Locale   string   // how the person reads dates and numbers; "" as their browser says
	// Style is how what is said to the actor is written. Pages set it; the zero style is
	// for programs, and for whom nobody knows.
	Style  locale.Style
	system bool
}

// ActorFor gives the actor of a signed-in person. Zone is left to the caller, who knows
// what day it is: people move.
func ActorFor(p roster.Person) Actor {
	return Actor{PersonID: p.ID, Name: p.Name, Roles: p.Roles, Serves: p.Serves, Locale: p.Locale}
}

// System gives the actor for what no person asked for: jobs, schedules, and the
// command line of somebody who can read the database file anyway.
func System(name string) Actor { return Actor{PersonID: "system:" + name, Name: name, system: true} }

// Has says whether the actor has one of the roles.
func (a Actor) Has(roles ...roster.Role) bool {
	return slices.ContainsFunc(roles, func(r roster.Role) bool { return slices.Contains(a.Roles, r) })
}

// ActsFor says whether the actor is the executive, or an assistant of theirs.
func (a Actor) ActsFor(executiveID string) bool {
	return executiveID != "" && (a.PersonID == executiveID && a.Has(roster.Executive) ||
		a.Has(roster.Assistant) && slices.Contains(a.Serves, executiveID))
}

// Action is something that a use case does for somebody.
type Action string

const (
	ImportRoster     Action = "import customers and people"
	MakeSelection    Action = "select customers"
	MakePlan         Action = "plan the year"
	PublishPlan      Action = "publish a plan"
	SeePlan          Action = "see the plan of the year"
	AcceptYear       Action = "accept the year of this executive"
	SeeCoverage      Action = "see who listens to whom"
	SeeCustomers     Action = "see customers"
	SeeVisit         Action = "see this visit"
	AnswerVisit      Action = "answer for this executive"
	RecordOutcome    Action = "say whether this visit was held"
	DebriefVisit     Action = "say what came of this visit"
	ReadDebrief      Action = "read what came of this visit"
	WriteMemo        Action = "write the memo of this visit"
	SeeTodo          Action = "see what this host has to do"
	CloseLoop        Action = "see to what is open with this customer"
	SeeClaims        Action = "see what customers back"
	MakeClaim        Action = "make claims of what customers said"
	KeepStatement    Action = "keep what this customer said"
	AgreeVisit       Action = "agree this visit with the customer"
	CancelVisit      Action = "cancel this visit"
	PrepareVisit     Action = "prepare this visit"
	AskInVisit       Action = "add a question to ask in this visit"
	SettleVisit      Action = "settle what the calendar says about this visit"
	SeeOwnVisits     Action = "see visits of this executive"
	SeeConnections   Action = "see the calendar connections"
	ManageConnection Action = "manage calendar connections"
	ConnectCalendar  Action = "connect this calendar"
	ManagePeople     Action = "manage people"
	SeeAlerts        Action = "see alerts"
	NoteAlert        Action = "snooze or acknowledge this alert"
	SetLadder        Action = "say when alerts climb"
	ManageNotices    Action = "manage how notices leave"
	SetPlanRules     Action = "say what the planner weighs"
	ErasePerson      Action = "give out or erase what is known of somebody"
	ManageJobs       Action = "see to failed jobs"
	SetBuying        Action = "change the buying stages and the fiscal year"
	MoveCustomer     Action = "say what this customer did"
	SeeAudit         Action = "see the audit trail"
)

// Subject is what the action is about; empty fields mean "nobody in particular".
type Subject struct {
	ExecutiveID string
	HostID      string
	PersonID    string // whose own it is
	Draft       bool   // a visit that is only proposed
}

// everyoneWith lists the roles that may do an action whatever its subject.
var everyoneWith = map[Action][]roster.Role{
	ImportRoster:     {roster.VP, roster.Administrator},
	MakeSelection:    {roster.VP},
	MakePlan:         {roster.VP},
	PublishPlan:      {roster.VP},
	SeePlan:          {roster.VP, roster.CEO, roster.Administrator},
	AcceptYear:       {roster.VP}, // in the meeting, on their behalf
	SeeCoverage:      {roster.VP, roster.CEO},
	SeeCustomers:     {roster.VP, roster.CEO, roster.Administrator, roster.Host},
	SeeVisit:         {roster.VP, roster.CEO, roster.Administrator},
	AnswerVisit:      {roster.VP},
	RecordOutcome:    {roster.VP},
	DebriefVisit:     {roster.VP},
	ReadDebrief:      {roster.VP, roster.CEO},
	WriteMemo:        {roster.VP},
	SeeTodo:          {roster.VP},
	CloseLoop:        {roster.VP},
	SeeClaims:        {roster.VP, roster.CEO},
	MakeClaim:        {roster.VP},
	KeepStatement:    {roster.VP},
	AgreeVisit:       {roster.VP},
	CancelVisit:      {roster.VP},
	PrepareVisit:     {roster.VP},
	AskInVisit:       {roster.VP},
	SettleVisit:      {roster.VP},
	SeeOwnVisits:     {roster.VP, roster.CEO},
	SeeConnections:   {roster.Administrator, roster.VP},
	ManageConnection: {roster.Administrator},
	ManagePeople:     {roster.Administrator},
	SeeAlerts:        {roster.VP, roster.CEO},
	NoteAlert:        {roster.VP},
	SetLadder:        {roster.VP},
	ManageNotices:    {roster.Administrator},
	SetPlanRules:     {roster.VP, roster.Administrator},
	ErasePerson:      {roster.Administrator},
	ManageJobs:       {roster.Administrator},
	SetBuying:        {roster.VP, roster.Administrator},
	MoveCustomer:     {roster.VP},
	SeeAudit:         {roster.Administrator},
}

// Decision is an answer with its reason.
type Decision struct {
	Allowed bool
	Reason  string
}

// Decide says whether the actor may do the action to the subject, and why.
func Decide(a Actor, action Action, s Subject) Decision {
	if a.system {
		return Decision{true, "the system itself acts"}
	}
	if a.PersonID == "" {
		return Decision{false, "nobody is signed in"}
	}
	for _, r := range everyoneWith[action] {
		if a.Has(r) {
			return Decision{true, fmt.Sprintf("the role %s may %s", r, action)}
		}
	}
	if s.Draft {
		return Decision{false, "the visit is only proposed, in a draft plan"}
	}
	switch action {
	case SeeVisit, RecordOutcome, DebriefVisit, ReadDebrief, SettleVisit, AskInVisit:
		if a.ActsFor(s.ExecutiveID) {
			return Decision{true, "it is the executive's own visit"}
		}
		if s.HostID != "" && s.HostID == a.PersonID && a.Has(roster.Host) {
			return Decision{true, "the host owns the account"}
		}
	case ConnectCalendar: // nobody can consent for somebody else, an administrator neither
		if s.PersonID != "" && s.PersonID == a.PersonID && a.Has(roster.Host, roster.Executive) {
			return Decision{true, "it is the person's own calendar"}
		}
	case AgreeVisit, CancelVisit, WriteMemo, SeeTodo, CloseLoop, KeepStatement, PrepareVisit, MoveCustomer:
		if s.HostID != "" && s.HostID == a.PersonID && a.Has(roster.Host) {
			return Decision{true, "the host owns the account"}
		}
	case AnswerVisit, SeeOwnVisits, NoteAlert, AcceptYear:
		if a.ActsFor(s.ExecutiveID) {
			return Decision{true, "it is the executive's own visit"}
		}
	}
	return Decision{false, fmt.Sprintf("none of your roles may %s", action)}
}

// Require is Decide as an error: nil, or a fault of kind Denied (Unauthenticated
// where nobody is signed in) with the reason.
func Require(a Actor, action Action, s Subject) error {
	d := Decide(a, action, s)
	if d.Allowed {
		return nil
	}
	if a.PersonID == "" {
		return fault.New(fault.Unauthenticated, "Please sign in first.")
	}
	return fault.Deniedf("You may not do this: %s.", d.Reason)
}

// Scope narrows a query to what the actor may see. All means no narrowing;
// otherwise only rows of these executives or this host, and of visits none that
// is only proposed: a draft is for those who may see plans.
type Scope struct {
	All          bool
	ExecutiveIDs []string
	HostID       string
}

// Customers gives the scope in which the actor sees customers: hosts their own only.
func Customers(a Actor) Scope {
	if a.system || a.Has(roster.VP, roster.CEO, roster.Administrator) {
		return Scope{All: true}
	}
	return hostScope(a)
}

// Visits gives the scope in which the actor sees visits.
func Visits(a Actor) Scope {
	if a.system || a.Has(roster.VP, roster.CEO, roster.Administrator) {
		return Scope{All: true}
	}
	s := hostScope(a)
	if a.Has(roster.Executive) {
		s.ExecutiveIDs = append(s.ExecutiveIDs, a.PersonID)
	}
	if a.Has(roster.Assistant) {
		s.ExecutiveIDs = append(s.ExecutiveIDs, a.Serves...)
	}
	return s
}

func hostScope(a Actor) Scope {
	if a.Has(roster.Host) {
		return Scope{HostID: a.PersonID}
	}
	return Scope{}
}
