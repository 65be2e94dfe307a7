package web

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"windshield/internal/flow"
)

// auditLine is an entry of the trail as a sentence.
type auditLine struct {
	Seq     int64
	At      time.Time
	ActorID string
	Who     string
	Did     string // what they did, in the past: "changed"
	What    string // to what: "Ben Ode", "a visit"
	Href    string // its page; "" where it has none
	Subject string // to narrow the trail to
	Changes []string
	JSON    string // as it is kept; "" where there is nothing in it
}

// deeds gives the past of what entries say was done. Where a deed does not name its
// subject, that is put behind it.
var deeds = map[string]string{
	"sign in": "signed in:", "mint sign-in link": "made a sign-in link for", "admit administrator": "let in as administrator",
	"create person": "made known", "change person": "changed", "change roles": "changed the roles of", "set manager": "said who manages",
	"upload file": "uploaded", "map columns": "matched the columns of", "import file": "imported",
	"freeze customers": "froze", "commit seed": "committed to the seed of", "select customers": "drew", "change selection": "changed", "bring list to compare": "brought a list to compare with",
	"start planner": "started", "stop planner": "stopped", "cancel planner": "threw away", "draft plan": "drafted", "bring solution": "brought a solution of", "publish plan": "published", "change plan": "changed",
	"move visit": "moved", "move refused": "refused to move", "answer visit": "answered for", "agree visit": "agreed", "cancel visit": "cancelled", "confirm visit": "confirmed", "record outcome": "said what became of",
	"prepare visit": "prepared", "add question": "added a question to", "undo": "took back a step of", "send customer link": "sent a link to the customer of", "withdraw customer link": "withdrew a link of",
	"file debrief": "filed the debrief of", "send memo": "sent the memo of", "answer memo": "answered the memo of", "ask for objective": "asked the customer about", "say whether objective was met": "said whether the objective was met of",
	"settle with calendar": "settled the calendar entry of", "found busy": "found somebody busy during", "found free again": "found everybody free again for", "entry moved to other calendar": "found in another calendar the entry of",
	"raise alert": "raised", "settle alert": "settled", "tell of alert": "told of", "snooze alert": "snoozed", "acknowledge alert": "acknowledged", "warn": "gave",
	"change when alerts climb": "changed when alerts climb:", "change planning weights": "changed the planner’s weights:", "change free/busy": "changed how free/busy is read:", "set calendar policy": "changed the calendar policy:",
	"read free/busy now": "asked to read free/busy:", "sync now": "asked to read", "retry calendar": "tried again", "believe deletions": "decided about deletions in", "mend calendars": "mended",
	"connect calendar": "connected", "disconnect calendar": "disconnected", "connection lost": "lost", "connection works again": "found working again",
	"retry job": "tried again", "discard job": "gave up", "rename value": "renamed a value of", "check audit trail": "checked",
	"accept year": "accepted", "agree agenda": "agreed the agenda of", "ask for something else": "asked for something else than", "change buying stages": "changed the buying stages:", "change fiscal year": "changed the fiscal year:",
	"change how notices leave": "changed how notices leave:", "change when statements are old": "changed when statements are old:", "choose notices": "chose the notices of", "choose locale": "chose how dates are written for", "test notices": "tested", "retry notices": "tried again to send", "end mail": "ended mails to",
	"renew calendar address": "renewed the calendar address of", "end calendar address": "ended the calendar address of", "freeze promise": "froze as the promise", "give reason for visits": "gave a reason for visits in",
	"note customer's action": "noted what the customer did:", "write to customer": "wrote to the customer of",
	"give out personal data": "gave out the personal data of", flow.EraseAction: "erased the personal data of",
}

// kindWords names what subjects are, also for the filter.
var kindWords = map[string]string{
	"person": "a person", "visit": "a visit", "plan": "a plan", "selection": "a selection", "frame": "a customer list", "import": "an import", "customer": "a customer", "run": "a run of the planner",
	"launch": "a launch", "alert": "an alert", "warning": "a warning", "claim": "a claim", "statement": "a statement", "loop": "an open loop", "connection": "a calendar connection", "calendars": "the calendars",
	"settings": "a setting", "job": "a background job", "dimension": "a dimension", "audit": "the audit trail",
}

// whoActed gives the actor of an entry: a person, or a part of the system.
func whoActed(id string, names map[string]string) string {
	if n := names[id]; n != "" {
		return n
	}
	if n, ok := strings.CutPrefix(id, "system:"); ok {
		return "Windshield (" + n + ")"
	}
	return id
}

func lineOf(ctx context.Context, e flow.Entry, names map[string]string) auditLine {
	l := auditLine{Seq: e.Seq, At: e.At, ActorID: e.ActorID, Who: whoActed(e.ActorID, names), Subject: e.Subject}
	if l.Did = deeds[e.Action]; l.Did == "" {
		l.Did = e.Action + ":"
	}
	kind, id, _ := strings.Cut(e.Subject, "/")
	l.What, l.Href = subjectWords(kind, id, names), subjectHref(e.Subject)
	if e.Detail != "" && e.Detail != "{}" && e.Detail != "null" {
		l.JSON = e.Detail
		l.Changes = changesOf(ctx, e.Detail, names)
	}
	return l
}

// subjectWords says what an entry is about.
func subjectWords(kind, id string, names map[string]string) string {
	if n := names[id]; n != "" {
		return n
	}
	switch kind {
	case "alert", "warning":
		person, _, _ := strings.Cut(id, "/")
		if n := names[person]; n != "" {
			return kindWords[kind] + " of " + n
		}
	case "settings", "dimension":
		return id
	case "job":
		return "job " + id
	}
	if w := kindWords[kind]; w != "" {
		return w
	}
	return strings.TrimSuffix(kind+" "+id, " ")
}

// subjectHref leads to what an entry is about, "" where it has no page.
func subjectHref(subject string) string {
	kind, id, _ := strings.Cut(subject, "/")
	switch kind {
	case "plan", "visit", "selection", "import", "customer", "claim":
		return "/" + kind + "s/" + url.PathEscape(id)
	case "run":
		return "/plans/runs/" + url.PathEscape(id)
	case "launch":
		return "/launches/" + url.PathEscape(id)
	case "frame":
		return "/selections/frames/" + url.PathEscape(id)
	case "person":
		return "/admin/people/" + url.PathEscape(id)
	case "alert", "warning":
		person, _, _ := strings.Cut(id, "/")
		return "/me?" + url.Values{"person": {person}}.Encode()
	case "loop":
		return "/loops"
	case "calendars", "connection":
		return "/admin/calendar"
	case "dimension":
		return "/admin/dimensions"
	}
	return ""
}

// mostChanges is how many changes of an entry stand in words; the rest is in its JSON.
const mostChanges = 8

// changesOf says in words what changed, before → after.
func changesOf(ctx context.Context, detail string, names map[string]string) []string {
	var d map[string]any
	if json.Unmarshal([]byte(detail), &d) != nil {
		return nil
	}
	var out []string
	from, to := d["from"], d["to"]
	before, isMap := from.(map[string]any)
	after, _ := to.(map[string]any)
	switch {
	case isMap || after != nil:
		for _, k := range slices.Sorted(maps.Keys(after)) {
			out = append(out, fmt.Sprintf("%s: %s → %s", fieldWords(k), valueWords(ctx, before[k], names), valueWords(ctx, after[k], names)))
		}
	case to != nil || from != nil:
		out = append(out, fmt.Sprintf("%s → %s", valueWords(ctx, from, names), valueWords(ctx, to, names)))
	}
	for _, k := range slices.Sorted(maps.Keys(d)) {
		if k == "from" || k == "to" || k == "blanked" {
			continue
		}
		if v := valueWords(ctx, d[k], names); says(v) {
			out = append(out, fieldWords(k)+": "+v)
		}
	}
	if len(out) > mostChanges {
		out = append(out[:mostChanges], "and more")
	}
	return out
}

var aHash = regexp.MustCompile(`^[0-9a-f]{32,}$`)

// says leaves out what tells a reader nothing: it stands in the JSON.
func says(v string) bool {
	return v != "" && v != "nothing" && v != "no" && v != "0" && v != elsewhere && !aHash.MatchString(v)
}

// elsewhere stands for an id whose thing has no name here.
const elsewhere = "another one"

func fieldWords(k string) string { return strings.ReplaceAll(k, "_", " ") }

var anID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// valueWords gives a value of an entry for people.
func valueWords(ctx context.Context, v any, names map[string]string) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case float64:
		if v == float64(int64(v)) && v >= 1900 && v <= 2100 {
			return num64(int64(v)) // likely a year
		}
		if v == float64(int64(v)) {
			return num(ctx, int64(v))
		}
		return fmt.Sprint(v)
	case string:
		switch n := names[v]; {
		case v == "":
			return "nothing"
		case n != "":
			return n
		case anID.MatchString(v):
			return elsewhere
		}
		return strings.ReplaceAll(v, "_", " ")
	case []any:
		if len(v) == 0 {
			return "nothing"
		}
		var out []string
		for _, x := range v[:min(len(v), 6)] {
			out = append(out, valueWords(ctx, x, names))
		}
		if len(v) > 6 {
			out = append(out, "…")
		}
		return strings.Join(out, ", ")
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if out = append(out, fieldWords(k)+" "+valueWords(ctx, v[k], names)); len(out) == 6 {
				break
			}
		}
		return strings.Join(out, ", ")
	}
	return ""
}
