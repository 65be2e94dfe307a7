package web

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/visit"
)

// clash is what two people set at once: what the reader sent, and how it stands now.
type clash struct{ Rows []clashRow }

type clashRow struct{ What, Mine, Now string }

// clashOf puts the two side by side where they differ, by what each says of what; nil
// where err says nothing of somebody who was faster.
func clashOf(err error, mine, now []choice) *clash {
	if !fault.Is(err, fault.Stale) {
		return nil
	}
	said := make(map[string]string, len(now))
	for _, x := range now {
		said[x.Value] = x.Text
	}
	c := &clash{}
	for _, x := range mine {
		if said[x.Value] != x.Text {
			c.Rows = append(c.Rows, clashRow{x.Value, orDash(x.Text), orDash(said[x.Value])})
		}
		delete(said, x.Value)
	}
	for _, what := range slices.Sorted(maps.Keys(said)) {
		c.Rows = append(c.Rows, clashRow{what, "–", orDash(said[what])})
	}
	return c
}

// onlyMend leaves out of a page's problems what its clash says already.
func onlyMend(err error, fields ...string) shownError {
	if fault.Is(err, fault.Stale) {
		return shownError{}
	}
	return shown(err, fields...)
}

// saidBuying says the lists of stages and actions entry by entry.
func saidBuying(b visit.Buying) (out []choice) {
	for i, s := range b.Stages {
		out = append(out, choice{"Stage " + s.Code, fmt.Sprintf("%d. %s, %s", i+1, s.Name, phaseNames[s.Phase])})
	}
	for _, a := range b.Actions {
		out = append(out, choice{"Action " + a.Code, a.Says + " → " + a.Stage})
	}
	return out
}

func saidFiscal(x visit.Fiscal) []choice {
	return []choice{{"The fiscal year begins in", max(x.Start, time.January).String()}, {"Last days that count", itoa(x.Days)}}
}

func saidNotices(s flow.NoticeSettings) []choice {
	list := func(all []string) string { slices.Sort(all); return strings.Join(all, ", ") }
	var slack, webhook []string
	for _, k := range s.Slack {
		slack = append(slack, string(k))
	}
	for _, k := range s.Webhook {
		webhook = append(webhook, string(k))
	}
	return []choice{{"Zone", s.Zone}, {"To the company’s Slack", list(slack)}, {"To the webhook", list(webhook)}}
}

func saidPolicy(p flow.CalendarPolicy) (out []choice) {
	m := policyModel{Policy: p}
	for _, part := range policyParts {
		out = append(out, choice{part.Title, part.Words[m.chosen(part.Name)]})
	}
	return out
}

func saidBusy(s flow.BusySettings) []choice {
	yes := map[bool]string{true: "yes", false: "no"}
	typed := busyTyped(s)
	out := []choice{{"Read when executives are busy", yes[s.On]}, {"Hosts too", yes[s.Hosts]}, {"Invite also where somebody has become busy", yes[s.WriteAnyway]}}
	for i, name := range []string{"The day begins", "Its halves meet", "The day ends", "One appointment from, minutes", "Away for the day from, minutes", "Short ones together from, minutes", "Between two readings, minutes", "A reading is fresh for, minutes"} {
		out = append(out, choice{name, typed[busyFields[i]]})
	}
	return out
}

// saidLadder says in a sentence whom alerts reach when.
func saidLadder(l alert.Ladder) string {
	return fmt.Sprintf("the VP after %d days, the CEO after %d", l.VPDays, l.CEODays)
}
