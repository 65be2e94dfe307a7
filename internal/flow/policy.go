package flow

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/fault"
)

// Rule says what becomes of one sort of thing that people do in their calendars.
type Rule string

const (
	RuleAccept   Rule = "accept"    // the visit follows where that is possible; else somebody decides
	RuleAsk      Rule = "ask"       // somebody decides, with proposals
	RulePushBack Rule = "push_back" // what we had is written over it, once; the next time somebody decides
	RuleKeep     Rule = "keep"      // it stays in the calendar and changes nothing here
	RuleCancel   Rule = "cancel"    // the visit is called off; somebody is asked whether to invite again
	RuleCarry    Rule = "carry"     // an answer given here is written into the executive's own calendar
)

// CalendarPolicy says what becomes of what people do in their calendars. Some
// things are no matter of policy: guests whom people add stay on every write, an
// event that somebody else organises is not written to, a visit that was turned
// into a whole day stands until somebody says at what time, and what a calendar
// declines by itself is never asked again at the same time.
type CalendarPolicy struct {
	Move   Rule `json:"move"`   // another time
	Resize Rule `json:"resize"` // another end
	Text   Rule `json:"text"`   // title, description, place
	Delete Rule `json:"delete"` // a deletion; where somebody is asked, the visit keeps its half-day until then
	Answer Rule `json:"answer"` // answers that are given here
}

// DefaultPolicy trusts what people do, and never undoes it unasked.
var DefaultPolicy = CalendarPolicy{Move: RuleAccept, Resize: RuleAccept, Text: RuleKeep, Delete: RuleCancel, Answer: RuleCarry}

// PolicyChoices lists the rules that each part of the policy may have, the default
// first.
var PolicyChoices = map[string][]Rule{
	"move": {RuleAccept, RuleAsk, RulePushBack}, "resize": {RuleAccept, RuleAsk, RulePushBack}, "text": {RuleKeep, RulePushBack}, "delete": {RuleCancel, RuleAsk}, "answer": {RuleCarry, RuleKeep},
}

const policySetting = "calendar_policy"

func (p CalendarPolicy) parts() map[string]Rule {
	return map[string]Rule{"move": p.Move, "resize": p.Resize, "text": p.Text, "delete": p.Delete, "answer": p.Answer}
}

// Check refuses rules that a part of the policy cannot have.
func (p CalendarPolicy) Check() error {
	err := fault.Invalidf("The calendar policy cannot be used as it is.")
	bad := false
	for _, part := range []string{"move", "resize", "text", "delete", "answer"} {
		rule, choices := p.parts()[part], PolicyChoices[part]
		if slices.Contains(choices, rule) {
			continue
		}
		words := make([]string, len(choices))
		for i, c := range choices {
			words[i] = string(c)
		}
		bad, err = true, err.With(fault.Detail{Where: part, Value: fault.Short(string(rule)), Expected: "one of " + strings.Join(words, ", ")})
	}
	if !bad {
		return nil
	}
	return err
}

// policy gives the policy that holds. Parts that were never set, or that a newer
// program has named, have their default.
func policy(tx Tx) (CalendarPolicy, error) {
	p := DefaultPolicy
	s, err := tx.Ledger.Setting(policySetting)
	if err != nil || s == "" {
		return p, err
	}
	if json.Unmarshal([]byte(s), &p) != nil || p.Check() != nil {
		return DefaultPolicy, nil //nolint:nilerr // what cannot be read does not stop the calendars
	}
	return p, nil
}

// Policy gives what becomes of what people do in their calendars.
func (f *Flow) Policy(ctx context.Context, a access.Actor) (CalendarPolicy, error) {
	if err := access.Require(a, access.SeeConnections, access.Subject{}); err != nil {
		return CalendarPolicy{}, err
	}
	return read(ctx, f, policy)
}

// SetPolicy changes it; for the administrator. It holds for what people do from now on.
// seen is PrintOf what was looked at, "" where nobody has looked. Errors: Stale.
func (f *Flow) SetPolicy(ctx context.Context, a access.Actor, p CalendarPolicy, seen string) error {
	if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
		return err
	}
	if err := p.Check(); err != nil {
		return err
	}
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return f.Store.Write(ctx, func(tx Tx) error {
		now, err := policy(tx)
		if err != nil {
			return err
		}
		if err := asSeen(seen, now, p); err != nil {
			return err
		}
		if err := tx.Ledger.SetSetting(policySetting, string(b)); err != nil {
			return err
		}
		return f.audit(tx, a, "set calendar policy", "calendars", p)
	})
}
