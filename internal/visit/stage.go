package visit

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

// Phase says what an executive can do for a customer in a buying stage.
type Phase string

const (
	Early   Phase = "early"   // needs are being formed: here a visit helps most
	Middle  Phase = "middle"  // the customer compares
	Late    Phase = "late"    // the decision is near: who comes only now costs margin and credibility
	Settled Phase = "settled" // the customer has bought
)

// Stage is a step of the customer's own buying, not of our selling.
type Stage struct {
	Code  string `json:"code"` // stable, such as "research"
	Name  string `json:"name"` // for people
	Phase Phase  `json:"phase"`
}

// Action is something that a customer did, which shows at which stage it is. Our
// own doings (an offer sent, a demonstration given) are none.
type Action struct {
	Code  string `json:"code"`
	Says  string `json:"says"`  // what the customer did, without subject: "named who decides"
	Stage string `json:"stage"` // code of the stage that it shows
}

// Buying is the list of stages in their order, and the customer actions that move
// a customer to one of them.
type Buying struct {
	Stages  []Stage  `json:"stages"`
	Actions []Action `json:"actions"`
}

// UsualBuying is the list where nobody has chosen another one.
func UsualBuying() Buying {
	return Buying{
		Stages: []Stage{
			{"change", "Change", Early},
			{"discontent", "Discontent", Early},
			{"research", "Research", Early},
			{"comparison", "Comparison", Middle},
			{"fear", "Fear", Late},
			{"commitment", "Commitment", Late},
			{"expectations", "Expectations", Settled},
			{"satisfaction", "Satisfaction", Settled},
		},
		Actions: []Action{
			{"told_change", "told us what has changed at their place", "change"},
			{"named_problem", "named a problem and what it costs them", "discontent"},
			{"gave_up_old_way", "said that they will not go on as before", "discontent"},
			{"named_needs", "said what they need, in their own words", "research"},
			{"named_deciders", "named who decides, and how", "research"},
			{"brought_colleagues", "brought colleagues who will use it", "research"},
			{"asked_offer", "asked for an offer or a demonstration", "comparison"},
			{"named_rivals", "told us with whom they compare us", "comparison"},
			{"asked_references", "asked for references", "fear"},
			{"named_doubts", "said what could go wrong, or who is against it", "fear"},
			{"said_yes", "said yes, or ordered", "commitment"},
			{"named_start", "named a day on which they begin", "commitment"},
			{"agreed_measures", "agreed how success is measured", "expectations"},
			{"asked_help", "asked for help with what they bought", "expectations"},
			{"confirmed_use", "confirmed that it does what they expected", "satisfaction"},
			{"recommended_us", "recommended us to others", "satisfaction"},
			{"chose_other", "chose somebody else", "change"},
			{"put_off", "put the matter off", "discontent"},
		},
	}
}

// Limits of a list of stages.
const (
	MaxStages  = 20
	MaxActions = 100
)

// Check refuses a list that cannot be worked with, with fault.Invalid: 2 to 20
// stages with codes and names of their own, at least one of them early, and at
// least one action to each stage.
func (b Buying) Check() error {
	bad := func(where, value, expected string) error {
		return fault.Invalidf("This list of buying stages cannot be used.").With(fault.Detail{Where: where, Value: fault.Short(value), Expected: expected})
	}
	if n := len(b.Stages); n < 2 || n > MaxStages {
		return bad("stages", fmt.Sprint(n), fmt.Sprintf("2 to %d stages", MaxStages))
	}
	if n := len(b.Actions); n > MaxActions {
		return bad("actions", fmt.Sprint(n), fmt.Sprintf("at most %d actions", MaxActions))
	}
	codes, names, early := map[string]bool{}, map[string]bool{}, false
	for i, s := range b.Stages {
		at := fmt.Sprintf("stages[%d]", i)
		switch {
		case !codeLike(s.Code) || codes[s.Code]:
			return bad(at+".code", s.Code, "1 to 40 small letters, digits and _, once in the list")
		case strings.TrimSpace(s.Name) == "" || utf8.RuneCountInString(s.Name) > 60 || names[strings.ToLower(s.Name)]:
			return bad(at+".name", s.Name, "1 to 60 characters, once in the list")
		case !slices.Contains([]Phase{Early, Middle, Late, Settled}, s.Phase):
			return bad(at+".phase", string(s.Phase), "early, middle, late or settled")
		}
		codes[s.Code], names[strings.ToLower(s.Name)], early = true, true, early || s.Phase == Early
	}
	if !early {
		return bad("stages", "none is early", "an early stage: it is what late visits are judged against")
	}
	moved, seen := map[string]bool{}, map[string]bool{}
	for i, a := range b.Actions {
		at := fmt.Sprintf("actions[%d]", i)
		switch {
		case !codeLike(a.Code) || seen[a.Code]:
			return bad(at+".code", a.Code, "1 to 40 small letters, digits and _, once in the list")
		case strings.TrimSpace(a.Says) == "" || utf8.RuneCountInString(a.Says) > 120:
			return bad(at+".says", a.Says, "what the customer did, in 1 to 120 characters")
		case !codes[a.Stage]:
			return bad(at+".stage", a.Stage, "the code of a stage of the list")
		}
		seen[a.Code], moved[a.Stage] = true, true
	}
	for i, s := range b.Stages {
		if !moved[s.Code] {
			return bad(fmt.Sprintf("stages[%d]", i), s.Code, "an action of the customer that shows it")
		}
	}
	return nil
}

func codeLike(s string) bool {
	return s != "" && len(s) <= 40 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_')
	})
}

// Stage gives the stage of a code, false where it is none of the list.
func (b Buying) Stage(code string) (Stage, bool) {
	i := slices.IndexFunc(b.Stages, func(s Stage) bool { return s.Code == code })
	if i < 0 {
		return Stage{}, false
	}
	return b.Stages[i], true
}

// ParseStage reads the code of a stage, or says which there are.
func (b Buying) ParseStage(code string) (Stage, error) {
	s, ok := b.Stage(code)
	if !ok {
		var codes []string
		for _, s := range b.Stages {
			codes = append(codes, s.Code)
		}
		return Stage{}, fault.Invalidf("This is no buying stage.").With(fault.Detail{Where: "stage", Value: fault.Short(code), Expected: "one of " + strings.Join(codes, ", ")})
	}
	return s, nil
}

// Leading gives the actions that show a stage.
func (b Buying) Leading(stage string) []Action {
	var out []Action
	for _, a := range b.Actions {
		if a.Stage == stage {
			out = append(out, a)
		}
	}
	return out
}

// Turn is a customer's way to a stage: the action that showed it.
type Turn struct {
	CustomerID string
	Stage      string // where the customer is since then
	Action     string // code of what the customer did
	On         slot.Date
	VisitID    string // at which we learned it; "" elsewhere
}

// Turn gives the customer's move by an action. Any stage may follow any other:
// customers go back, too. Only actions of the list move a customer; what we did
// ourselves is refused with fault.Invalid.
func (b Buying) Turn(customerID, action string, on slot.Date, visitID string) (Turn, error) {
	i := slices.IndexFunc(b.Actions, func(a Action) bool { return a.Code == action })
	if i < 0 {
		return Turn{}, fault.Invalidf("A customer's stage changes by what the customer does.").With(fault.Detail{
			Where: "action", Value: fault.Short(action), Expected: "an action of the customer from the list", Mend: "Choose what the customer did; an offer or a demonstration of ours moves nobody."})
	}
	return Turn{CustomerID: customerID, Stage: b.Actions[i].Stage, Action: action, On: on, VisitID: visitID}, nil
}

// StageOn gives the code of the stage at which a customer was on a day, from its
// turns in any order; "" where none is known until then. Of two turns on one day
// the later in the list holds.
func StageOn(turns []Turn, day slot.Date) string {
	stage, since := "", slot.Date(0)
	for _, t := range turns {
		if t.On <= day && (since.IsZero() || t.On >= since) {
			stage, since = t.Stage, t.On
		}
	}
	return stage
}
