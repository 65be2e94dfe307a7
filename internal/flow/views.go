package flow

import (
	"time"

	"windshield/internal/alert"
	"windshield/internal/coverage"
	"windshield/internal/intake"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// ImportView is an import with what its file would do, for the wizard.
type ImportView struct {
	Import
	Headers []string
	Sample  [][]string // the first five rows
	Guesses []intake.Guess
	Report  *intake.Report // nil where the import is done, or the mapping has problems
	// MappingProblem says what is wrong with the mapping; nil where nothing is.
	MappingProblem error
}

// CustomersView is one page of customers.
type CustomersView struct {
	Customers []roster.Customer
	Hosts     map[string]string      // id -> name
	Stages    map[string]visit.Stage // by customer, where it is known
	Buying    visit.Buying
	Next      string // cursor, "" at the end
	Total     int    // of all customers, whatever the query
}

// CustomerView is a customer with its history.
type CustomerView struct {
	Customer roster.Customer
	Host     roster.Person
	Visits   []visit.Visit // by date
	People   map[string]string
	Way      WayView // through its own buying
}

// PlanView is the plan of a year: executives by weeks.
type PlanView struct {
	Plan   visit.Plan
	Year   coverage.YearReport // quality strip, trips, loads
	Fiscal visit.Fiscal        // whose quarters' ends the page shows
	Rows   []PlanRow
	Shown  int      // executives after the filter
	Breaks []Broken // promises that publishing this draft would break
	// Accepted executives have accepted their year as it stands in this plan, of those
	// Asked who have one.
	Accepted, Asked int
	Groups          []Group
	Today           slot.Date
	Unread          []string  // executives whose calendar was not read: their visits are planned from leave and bookings only
	BusyAt          time.Time // the oldest reading of the others; zero where no calendar is connected
	Told            PlanTold
	Conflicts       []PlanConflict    // of the visits that fit the filter
	Customers       map[string]string // names of those without a place, by id
	Steps           []PlanStepView    // the last changes by hand, newest first
	Countries       []string          // of the executives' offices, whatever the filter
	People          []PersonName      // the plan's executives by name, whatever the filter
}

// PersonName is somebody to choose from a list.
type PersonName struct{ ID, Name string }

// PlanTold says who hears of it when a draft is published.
type PlanTold struct{ Visits, Executives, Hosts int }

// PlanConflict is a visit about which a person has to decide.
type PlanConflict struct {
	PlanVisit
	Executive string
}

// PlanRow is one executive's year. What fits the filter counts.
type PlanRow struct {
	Executive roster.Person
	Closed    bool        // without Visits, Absences and Windows, see PlanFilter.Open
	Looked    bool        // PlanFilter.Visit is one of them
	Count     int         // visits
	Weeks     []int       // visits that stand, by week of the plan's Year
	Visits    []PlanVisit // by date
	Absences  []slot.Interval
	Windows   []slot.Interval // of the customers this executive visits
	Trips     []slot.Interval
	Gap       coverage.LongestGap // the longest in this year, whatever the filter
	InYear    coverage.LongestGap // likewise, without the days before the year
	AtEnds    int                 // visits in the last 14 days of a quarter, whatever the filter
}

// PlanVisit is one chip of the plan.
type PlanVisit struct {
	visit.Visit
	Customer string
	Host     string
	InWindow bool // the customer has windows and the date lies in one
}

// Group is a stratum as pages show it. Colour is 1..6, or 0 for the groups
// beyond the six largest.
type Group struct {
	Code, Label string
	Colour      int
	Customers   int
	Target      int
	Planned     int
}

// VisitView is a visit with everybody around it.
type VisitView struct {
	Visit      visit.Visit
	Customer   roster.Customer
	Executive  roster.Person
	Host       roster.Person
	Plan       visit.Plan // zero for visits from before Windshield
	Group      Group
	Events     []CalendarEvent // what the calendars hold
	Calendar   CalendarView    // what people did there
	Counts     bool
	WhyNot     string // why it does not count for the clock
	MayAnswer  bool
	MayRecord  bool
	MayPin     bool // or take the pin away
	MayAgree   bool // note what was agreed with the customer
	MayCancel  bool
	MayUndo    bool          // take back the last step of History
	Needless   bool          // it is near, and nobody has said what it is for
	Links      []LinkView    // of the customer, newest first; for those who may agree or write the memo
	Invites    bool          // the customer's people are invited once the visit is agreed
	History    []StepView    // newest first
	Neighbours []visit.Visit // the executive's visits within 30 days
	Stage      visit.Stage   // of the customer's own buying; zero where nobody knows
	Mover      visit.Code    // who is most likely behind a move that the reader makes; "" is us
	Brakes     []visit.Brake // for which a reason was given; with Because and GivenBy
	Because    string
	GivenBy    string     // name
	Calendars  []BusyNote // when the calendars of its people were read, while it is ahead
	// Steps are how far it is prepared, and Next what its host does next: for those who read
	// its brief, while anything of it can still be done.
	Steps []visit.PrepStep
	Next  TodoAction
}

// BusyNote says how far what somebody's own calendar holds is known.
type BusyNote struct {
	Name   string
	ReadAt time.Time // zero where it was never read
	Known  bool      // the last try worked and reached this far
}

// MyView is an executive's page, or the one of whom an assistant serves.
type MyView struct {
	Executive roster.Person
	Served    []roster.Person // whom the actor may switch to, with the actor
	Clock     alert.Status
	Alert     *AlertView // the open one
	MayNote   bool       // the actor may snooze and acknowledge it
	Ways      []Way      // out of a breach that is there or foreseen soon
	Next      *VisitView
	Waiting   []VisitView        // ahead and unanswered, of everybody in Served, by date; where there are several
	Visits    []VisitView        // from 90 days before this year to a year ahead, by date
	Shares    []roster.TimeShare // how the working hours of the last month and this one went by; empty where the calendar is not connected
	SharesAt  time.Time          // when the calendar was read for them
	Years     []MyYear           // own years in published plans, to be accepted in one step
	Hosting   bool               // the actor is a host and sees the visits of own customers
	Today     slot.Date
}

// AlertView is an alert with its person and who was told.
type AlertView struct {
	Alert
	Person     roster.Person
	Deliveries []Delivery
	Rungs      []ToldRung // who was told so far, while it is open
	NotedBy    string     // name of who typed the note
}

// ConnectionView is the state of one calendar.
type ConnectionView struct {
	Address     string
	Name        string // of the person behind the address, where known
	State       string // "connected", "retrying", "needs action", "never connected"
	LastSuccess time.Time
	LastError   string // in words
	Doubted     bool   // many events are gone at once; a person has to say whether that is so
	Wanted      int    // events that should stand
	Applied     int    // events that stand as wanted
	Waiting     int    // events that are not yet as wanted
	Problems    []CalendarEvent
}
