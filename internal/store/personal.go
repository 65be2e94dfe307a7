package store

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"windshield/internal/flow"
)

// personal implements flow.Personal. It asks the database itself what tables there
// are, so that a new one is searched without anybody thinking of it.
type personal struct{ *unit }

// tied gives the ids by which a row is known to be about the person or the customer:
// their own, those of their visits, and of what hangs on these.
func (p personal) tied(d flow.DataOf) (map[string]bool, error) {
	ids := map[string]bool{}
	where, arg := "customer_id = ?", d.CustomerID
	if d.PersonID != "" {
		where, arg = "executive_id = @id OR host_id = @id", d.PersonID
	}
	ids[arg] = true
	var visits, more []string
	q := p.db.Table("visits").Select("id")
	if d.PersonID != "" {
		q = q.Where(where, map[string]any{"id": arg})
	} else {
		q = q.Where(where, arg)
	}
	if err := q.Scan(&visits).Error; err != nil {
		return nil, p.fail(err)
	}
	if visits == nil { // null is no list to the engines
		visits = []string{}
	}
	for _, id := range visits {
		ids[id] = true
	}
	in, list := p.in("visit_id", visits)
	for _, table := range []string{"visit_links", "loops", "statements"} {
		if err := p.db.Table(table).Select("id").Where(in, list).Scan(&more).Error; err != nil {
			return nil, p.fail(err)
		}
		for _, id := range more {
			ids[id] = true
		}
		more = nil
	}
	return ids, nil
}

// secrets are columns that are never given out.
var secrets = regexp.MustCompile(`^(hash|prev|token|token_hash|ticket|ticket_hash|slack|secret|sealed|folded)$`)

// unsent are the states of messages whose text still has what is blanked once it is sent.
var unsent = map[string]bool{string(flow.OnHold): true, string(flow.ToSend): true, string(flow.Sending): true}

func (p personal) Tables() ([]string, error) {
	tables, err := p.tables()
	return slices.Sorted(maps.Keys(tables)), err
}

func (p personal) Held(d flow.DataOf, tables ...string) ([]flow.HeldRow, error) {
	var out []flow.HeldRow
	words := newReplacing(d.Words)
	err := p.search(d, tables, func(cols []column, r found) error {
		own := d.PersonID != "" && (string(r.values["person_id"]) == d.PersonID || r.table == "people" && string(r.values["id"]) == d.PersonID)
		mine := words.in(r, d)
		h := flow.HeldRow{Table: r.table, Fields: map[string]string{}}
		hit := own
		for _, c := range cols {
			v := r.values[c.name]
			if secrets.MatchString(c.name) || len(v) == 0 {
				continue
			}
			if r.table == "deliveries" && c.name == "body" && unsent[string(r.values["state"])] {
				continue // it may hold a link that lets somebody in
			}
			_, names := mine.blank(c, v)
			names = names || d.PersonID != "" && bytes.Contains(v, []byte(d.PersonID))
			hit = hit || names
			if own || names || c.key || c.name == "at" || c.name == "date" || strings.HasSuffix(c.name, "_at") {
				if c.bytes {
					v = []byte(fmt.Sprintf("a file of %d bytes", len(v)))
				}
				h.Fields[c.name] = strings.ToValidUTF8(string(v), "?")
			}
		}
		if hit {
			out = append(out, h)
		}
		return nil
	})
	return out, err
}

func (p personal) Blank(d flow.DataOf) (map[string]int, map[string]string, error) {
	changed, blanked := map[string]int{}, map[string]string{}
	// All others count up before they append to the trail. Whoever has the end of the
	// trail first and then wants to count would wait for one who waits for the trail.
	all := append(stampsOfTables(), busyStamp) // what was read of a calendar goes too: see whole
	p.stamp(all...)
	if err := p.countStamps(); err != nil {
		return nil, nil, err
	}
	if err := p.appendAudit(); err != nil { // what was said in this transaction is blanked too
		return nil, nil, err
	}
	words := newReplacing(d.Words)
	err := p.atomic(func() error {
		return p.search(d, nil, func(cols []column, r found) error {
			if r.table == "river_job" {
				return p.forgetJob(words.in(r, d), cols, r, changed)
			}
			set := map[string]any{}
			mine := words.in(r, d)
			for _, c := range cols {
				if !c.text || r.values[c.name] == nil {
					continue
				}
				if r.table == "calendar_events" && c.name == "base" && string(r.values["state"]) == string(flow.EventWaiting) {
					continue // what the calendar holds until the new version of the entry is there
				}
				if now, yes := mine.blank(c, r.values[c.name]); yes {
					if set[c.name] = string(now); c.bytes {
						set[c.name] = now
					}
				}
			}
			if len(set) == 0 {
				return nil
			}
			changed[r.table]++
			if whole[r.table] && d.PersonID != "" {
				return p.remove(cols, r)
			}
			if r.table == "audit" {
				return p.blankEntry(r, set, blanked)
			}
			p.endings(cols, r, set)
			return p.write(cols, r, set)
		})
	})
	for _, name := range all { // once is enough
		delete(p.stamps, name)
	}
	return changed, blanked, err
}

// whole are the tables of which one of us leaves no row behind: how their calendar is
// reached, and what was read of it.
var whole = map[string]bool{"calendar_cursors": true, "calendar_channels": true, "connections": true, "busy_readings": true}

func (p personal) remove(cols []column, r found) error {
	var conditions []string
	var args []any
	for _, c := range cols {
		if c.key {
			conditions = append(conditions, p.asKey(c)+" = ?")
			args = append(args, string(r.values[c.name]))
		}
	}
	return p.db.Exec("DELETE FROM "+r.table+" WHERE "+strings.Join(conditions, " AND "), args...).Error
}

// endings ends what an erased address was still good for, and makes whoever edits the
// row at this moment look again.
func (p personal) endings(cols []column, r found, set map[string]any) {
	if _, ok := set["to_address"]; ok && r.table == "deliveries" && string(r.values["state"]) != string(flow.Sent) {
		set["state"], set["error"] = string(flow.Refused), "The recipient was erased."
	}
	if _, ok := set["email"]; ok && r.table == "visit_links" && strings.HasPrefix(string(r.values["withdrawn_at"]), "0001-") {
		set["withdrawn_at"] = instant(p.s.now())
	}
	for _, c := range cols {
		if c.name == "version" {
			if n, err := strconv.Atoi(string(r.values["version"])); err == nil {
				set["version"] = n + 1
			}
		}
	}
}

func (p personal) write(cols []column, r found, set map[string]any) error {
	q := p.db.Table(r.table)
	for _, c := range cols {
		if c.key {
			q = q.Where(p.asKey(c)+" = ?", string(r.values[c.name]))
		}
	}
	return q.Updates(set).Error
}

func (p personal) asKey(c column) string {
	if p.s.postgres || !c.text {
		return "CAST(" + p.quoted(c) + " AS text)"
	}
	return p.quoted(c)
}

// forgetJob deletes a job that is over: the queue keeps it only to be looked at. One that
// is still to be done has an id in it and no name, or it is about a calendar that is gone.
func (p personal) forgetJob(mine replacing, cols []column, r found, changed map[string]int) error {
	hit := false
	for _, c := range cols {
		if c.text {
			plain := c
			plain.json, plain.bytes = false, false // the queue's own forms of JSON
			_, yes := mine.blank(plain, r.values[c.name])
			hit = hit || yes
		}
	}
	if !hit || string(r.values["state"]) == "running" {
		return nil
	}
	changed[r.table]++
	return p.db.Exec("DELETE FROM river_job WHERE id = ?", string(r.values["id"])).Error
}

func (p personal) blankEntry(r found, set map[string]any, blanked map[string]string) error {
	var e entryRow
	seq, err := strconv.ParseInt(string(r.values["seq"]), 10, 64)
	if err != nil {
		return err
	}
	if err := p.db.Where("seq = ?", seq).Take(&e).Error; err != nil {
		return err
	}
	for name, to := range map[string]*string{"actor_id": &e.ActorID, "action": &e.Action, "subject": &e.Subject, "detail": &e.Detail} {
		if v, ok := set[name].(string); ok {
			*to = v
		}
	}
	blanked[strconv.FormatInt(seq, 10)] = e.print()
	return p.db.Model(&entryRow{}).Where("seq = ?", seq).Updates(map[string]any{"actor_id": e.ActorID, "action": e.Action, "subject": e.Subject, "detail": e.Detail}).Error
}
