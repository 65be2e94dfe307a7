package gcal

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"

	"windshield/internal/calsync"
)

// Google takes at most 50 calendars in a query, and about three months.
const (
	busyCalendars = 50
	busyRange     = 80 * 24 * time.Hour
)

// FreeBusy implements calsync.Calendar, in as many queries as it takes.
func (c *Client) FreeBusy(ctx context.Context, calendars []string, from, to time.Time) (map[string]calsync.Busy, error) {
	out := map[string]calsync.Busy{}
	var ids []string
	for _, id := range calendars {
		if _, twice := out[id]; !twice {
			out[id] = calsync.Busy{}
			ids = append(ids, id)
		}
	}
	for chunk := range slices.Chunk(ids, busyCalendars) {
		for a := from; a.Before(to); a = a.Add(busyRange) {
			b := a.Add(busyRange)
			if b.After(to) {
				b = to
			}
			if err := c.busy(ctx, chunk, a, b, out); err != nil {
				return nil, err
			}
		}
	}
	for id, b := range out {
		if b.Unknown != "" {
			b.Spans = nil
		}
		b.Spans = merged(b.Spans)
		out[id] = b
	}
	return out, nil
}

func (c *Client) busy(ctx context.Context, ids []string, from, to time.Time, out map[string]calsync.Busy) error {
	q := &calendar.FreeBusyRequest{TimeMin: from.UTC().Format(time.RFC3339), TimeMax: to.UTC().Format(time.RFC3339)}
	for _, id := range ids {
		q.Items = append(q.Items, &calendar.FreeBusyRequestItem{Id: id})
	}
	answer, err := do(ctx, c, "freebusy", request{}, false, func(ctx context.Context, opts ...googleapi.CallOption) (*calendar.FreeBusyResponse, error) {
		return c.svc.Freebusy.Query(q).Context(ctx).Do(opts...)
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		b := out[id]
		got, there := answer.Calendars[id]
		if !there {
			got, there = answer.Calendars[strings.ToLower(id)]
		}
		switch {
		case !there:
			b.Unknown = "no answer"
		case len(got.Errors) > 0: // the busy list is then empty, which must not read as free
			b.Unknown = short(got.Errors[0].Reason)
			if b.Unknown == "" {
				b.Unknown = "error"
			}
		default:
			for _, p := range got.Busy {
				s, err1 := time.Parse(time.RFC3339, p.Start)
				e, err2 := time.Parse(time.RFC3339, p.End)
				if err1 != nil || err2 != nil {
					b.Unknown = "unreadable answer"
					break
				}
				b.Spans = append(b.Spans, calsync.Span{Start: s.UTC(), End: e.UTC()})
			}
		}
		out[id] = b
	}
	return nil
}

func merged(spans []calsync.Span) []calsync.Span {
	slices.SortFunc(spans, func(a, b calsync.Span) int { return a.Start.Compare(b.Start) })
	var out []calsync.Span
	for _, s := range spans {
		if n := len(out); n > 0 && !s.Start.After(out[n-1].End) {
			if s.End.After(out[n-1].End) {
				out[n-1].End = s.End
			}
			continue
		}
		out = append(out, s)
	}
	return out
}
