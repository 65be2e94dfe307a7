package flow

import (
	"context"
	"slices"
	"strings"
	"time"

	"windshield/internal/calsync"
	"windshield/internal/roster"
)

func spansOf(in []calsync.Span) []roster.Span {
	out := make([]roster.Span, len(in))
	for i, s := range in {
		out[i] = roster.Span(s)
	}
	return out
}

// busyAnswer is what a calendar said.
type busyAnswer struct {
	calsync.Busy
	at  time.Time
	own []roster.Span // our visits in it before it was asked
}

// askBusy asks people's calendars, fifty in a call of the port, so that a call that
// fails leaves the others known. It writes nothing but that an account is lost. The error is our database's.
func (f *Flow) askBusy(ctx context.Context, people []roster.Person, from, to time.Time) (map[string]busyAnswer, error) {
	var connections []Connection
	own := map[string][]roster.Span{}
	err := f.Store.Read(ctx, func(tx Tx) (err error) {
		if connections, err = tx.Connections.All(); err != nil {
			return err
		}
		own, err = ownSpans(tx, from, to)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]busyAnswer, len(people))
	byEmail := map[string][]string{}
	addresses := make([]string, 0, len(people))
	for _, p := range people {
		byEmail[p.Email] = append(byEmail[p.Email], p.ID)
		addresses = append(addresses, p.Email)
	}
	for _, group := range f.readers(connections, addresses) {
		for chunk := range slices.Chunk(group.ask, busyChunk) {
			answers := f.askThrough(ctx, group.through, chunk, from, to)
			for _, address := range chunk {
				for _, id := range byEmail[address] {
					out[id] = busyAnswer{Busy: answers[address], at: f.Now().UTC(), own: own[address]}
				}
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
	}
	return out, nil
}

// busyChunk is how many calendars are asked for at once, the most of one query.
const busyChunk = 50

// readers is a group of addresses with the accounts through which they are asked.
type readers struct {
	through []string // in order: the next where one is refused
	ask     []string // sorted
}

// mostReaders is how many accounts are tried for a group.
const mostReaders = 3

// readers says with whose access when people are busy is read: whoever has
// consented with the own; the others through the configured organiser, or somebody
// of their domain who has consented, since whole domains mostly share that much;
// else through one of themselves, for whom delegation lets us act.
func (f *Flow) readers(connections []Connection, addresses []string) (groups []readers) {
	consented, refused := map[string]bool{}, map[string]bool{}
	helpers := map[string][]string{} // by domain
	for _, c := range connections {
		refused[c.Address] = c.State == NeedsReconnecting
		if consented[c.Address] = c.Covers(ScopeFreeBusy); consented[c.Address] {
			helpers[domainOf(c.Address)] = append(helpers[domainOf(c.Address)], c.Address)
		}
	}
	organizer := f.Calendars.Organizer("")
	at := map[string]int{} // group of a domain
	for _, a := range slices.Compact(slices.Sorted(slices.Values(addresses))) {
		if consented[a] {
			groups = append(groups, readers{[]string{a}, []string{a}})
			continue
		}
		domain := domainOf(a)
		if organizer != "" { // one account for all: as few queries as can be
			domain = domainOf(organizer)
		}
		i, ok := at[domain]
		if !ok {
			i = len(groups)
			at[domain] = i
			through := helpers[domain]
			if organizer != "" {
				through = append([]string{organizer}, through...)
			}
			groups = append(groups, readers{through: through[:min(len(through), mostReaders)]})
		}
		g := &groups[i]
		g.ask = append(g.ask, a)
		if organizer == "" && !refused[a] && len(g.through) < mostReaders {
			g.through = append(slices.Clip(g.through), a)
		}
	}
	return groups
}

func domainOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return domain
}

// askThrough asks for when calendars are busy, through the first account that may.
func (f *Flow) askThrough(ctx context.Context, through, ask []string, from, to time.Time) map[string]calsync.Busy {
	why := "not connected"
	for _, account := range through {
		cal, err := f.open(ctx, account, false)
		if err == nil {
			var answers map[string]calsync.Busy
			if answers, err = cal.FreeBusy(ctx, ask, from, to); err == nil {
				return answers
			}
		}
		calErr := asCalendarError(err)
		if calErr == nil {
			continue
		}
		if slices.Contains(ask, account) {
			f.noteRefusal(ctx, account, err)
		}
		if why = calErr.Class.String(); calErr.Class != calsync.AuthLost && calErr.Class != calsync.Denied {
			break // another account would not do better
		}
	}
	out := make(map[string]calsync.Busy, len(ask))
	for _, a := range ask {
		out[a] = calsync.Busy{Unknown: why}
	}
	return out
}

// noteRefusal notes that somebody who has consented to being asked when they are busy
// refuses us: nothing else calls an executive's account, and only its owner can mend
// it. Others, such as an organiser who never permitted that much, have lost nothing.
func (f *Flow) noteRefusal(ctx context.Context, account string, why error) {
	err := f.untilFresh(ctx, func(tx Tx) error {
		c, err := tx.Connections.Get(account)
		if err != nil || !c.Covers(ScopeFreeBusy) {
			return err
		}
		return f.connectionLost(tx, account, why)
	})
	if err != nil {
		f.Log.Warn("that an account refuses us was not noted; the next reading will", "error", err)
	}
}
