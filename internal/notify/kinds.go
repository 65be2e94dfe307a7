package notify

import (
	"slices"
	"strings"

	"windshield/internal/roster"
)

// Kind names what a message is about, as people choose it in their preferences.
type Kind string

const (
	SignInLink     Kind = "sign_in"
	CustomerLink   Kind = "customer_link"
	Breached       Kind = "breach"
	BreachOfServed Kind = "breach_assistant"
	BreachVP       Kind = "breach_vp"
	BreachCEO      Kind = "breach_ceo"
	Warned         Kind = "warning"
	Objective      Kind = "objective"
	CustomerSaid   Kind = "customer_answer"
	MemoSent       Kind = "memo"
	GrantEnded     Kind = "grant"
	LaunchEnded    Kind = "launch"
	Undecided      Kind = "decide"
	Evening        Kind = "evening"
	DailyDigest    Kind = "digest"
	Test           Kind = "test"
)

// Facts say how messages of a kind travel.
type Facts struct {
	Kind    Kind
	Title   string // for people: "Mail about ‹title›"
	Who     string // who gets it, a sentence
	MayEnd  bool   // people may switch it off; never the links with which somebody gets in
	Waits   bool   // it waits while it is quiet at the reader's place
	Gathers bool   // it goes into the next digest where the reader has not chosen otherwise
	Secret  bool   // it holds a link that lets somebody in: by mail only, and on no page
	Company bool   // it goes to the company's Slack where there is one
	roles   []roster.Role
}

// kinds are all kinds, in the order in which pages show them.
var kinds = []Facts{
	{Kind: Breached, roles: []roster.Role{roster.Executive}, Title: "your own 30 days being over", Who: "Whoever has gone more than 30 days without a customer visit.", MayEnd: true},
	{Kind: Warned, roles: []roster.Role{roster.Executive, roster.Assistant}, Title: "30 days that will soon be over", Who: "The person and the assistants, 14 and 7 days ahead.", MayEnd: true, Waits: true},
	{Kind: BreachOfServed, roles: []roster.Role{roster.Assistant}, Title: "the 30 days of somebody you serve", Who: "The assistants of whom it is about.", MayEnd: true, Waits: true},
	{Kind: BreachVP, roles: []roster.Role{roster.VP}, Title: "30 days that nobody ended", Who: "The VP of Sales, some days after the person.", MayEnd: true, Waits: true, Company: true},
	{Kind: BreachCEO, roles: []roster.Role{roster.CEO}, Title: "30 days that last and last", Who: "The CEO, some days after the VP of Sales.", MayEnd: true, Waits: true, Gathers: true, Company: true},
	{Kind: Objective, roles: []roster.Role{roster.Host, roster.VP}, Title: "visits without an objective", Who: "The host a week before, the VP of Sales three days before.", MayEnd: true, Waits: true},
	{Kind: CustomerSaid, roles: []roster.Role{roster.Host}, Title: "what customers answer", Who: "The host of the visit.", MayEnd: true, Waits: true},
	{Kind: Undecided, roles: []roster.Role{roster.Host, roster.VP}, Title: "visits that need a decision", Who: "The host of the visit and the VP of Sales.", MayEnd: true, Waits: true},
	{Kind: MemoSent, Title: "memos that your people send", Who: "The host’s manager.", MayEnd: true, Waits: true},
	{Kind: Evening, roles: []roster.Role{roster.Executive, roster.Host}, Title: "the debrief on a visit’s evening", Who: "Who was at the visit, while nobody has said what came of it.", MayEnd: true, Waits: true},
	{Kind: LaunchEnded, roles: []roster.Role{roster.VP}, Title: "launches", Who: "Who started it, when it stands still.", MayEnd: true, Waits: true, Company: true},
	{Kind: GrantEnded, roles: []roster.Role{roster.Host, roster.Executive, roster.Administrator}, Title: "a calendar that needs reconnecting", Who: "Whose calendar it is, or the administrators.", MayEnd: true, Waits: true},
	{Kind: DailyDigest, Title: "the digest", Who: "Hosts, assistants and the CEO each working morning, executives each week.", MayEnd: true},
	{Kind: SignInLink, Title: "links to sign in", Who: "Whoever asks for one.", Secret: true},
	{Kind: CustomerLink, Title: "links for customers", Who: "The customer’s people, on behalf of the host.", Secret: true},
	{Kind: Test, Title: "a test", Who: "Whoever asks for one.", MayEnd: false},
}

// Kinds gives all kinds, in the order in which pages show them.
func Kinds() []Facts { return slices.Clone(kinds) }

// FactsOf gives how messages of a kind travel; ok is false for an unknown kind.
func FactsOf(k Kind) (f Facts, ok bool) {
	i := slices.IndexFunc(kinds, func(f Facts) bool { return f.Kind == k })
	if i < 0 {
		return Facts{}, false
	}
	return kinds[i], true
}

// Reaches says whether messages of this kind can reach somebody with these roles.
func (f Facts) Reaches(roles []roster.Role) bool {
	return len(f.roles) == 0 || slices.ContainsFunc(f.roles, func(r roster.Role) bool { return slices.Contains(roles, r) })
}

// stored gives the kind by the name under which a message is stored, which tells
// several messages about one thing apart; what follows a slash is its number.
var stored = map[string]Kind{
	"sign-in": SignInLink, "confirm": CustomerLink, "after": CustomerLink,
	"breach": Breached, "breach person": BreachOfServed, "breach vp": BreachVP, "breach ceo": BreachCEO,
	"warning": Warned, "host": Objective, "vp": Objective, "confirmed": CustomerSaid, "memo answered": CustomerSaid, "ask again": CustomerSaid,
	"decide": Undecided, "memo": MemoSent, "reconnect": GrantEnded, "launch": LaunchEnded, "evening": Evening, "digest": DailyDigest, "test": Test,
}

// KindOf gives the kind of a stored message; ok is false where nobody knows it.
func KindOf(name string) (k Kind, ok bool) {
	name, _, _ = strings.Cut(name, "/")
	k, ok = stored[name]
	return k, ok
}
