package store

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"windshield/internal/flow"
)

// personal implements flow.Personal. It asks the database itself what tables there
// are, so that a new one is searched without anybody thinking of it.
type personal struct{ *unit }

// column is a column that can hold text.
type column struct {
	name  string
	json  bool // Postgres only; on SQLite JSON is text
	bytes bool
	key   bool // part of the primary key
	text  bool
}

// unsearched are the tables that hold no personal data or are evidence that must stay as
// it is: frozen lists have the keys of customers only, and hashes stand for them.
var unsearched = regexp.MustCompile(`^(goose_db_version|frames|selection_redraws|audit_head|sessions|login_attempts|river_(client|client_queue|leader|migration|notification|queue))$`)

func (p personal) tables() (map[string][]column, error) {
	query := `SELECT m.name AS t, c.name AS c, lower(c.type) AS k, c.pk > 0 AS pk FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid`
	if p.s.postgres {
		query = `SELECT c.relname AS t, a.attname AS c, format_type(a.atttypid, NULL) AS k, COALESCE(a.attnum = ANY(i.indkey), false) AS pk
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
			LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
			WHERE n.nspname = current_schema() AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum`
	}
	var found []struct {
		T, C, K string
		Pk      bool
	}
	if err := p.db.Raw(query).Scan(&found).Error; err != nil {
		return nil, p.fail(err)
	}
	all := map[string][]column{}
	for _, x := range found {
		if unsearched.MatchString(x.T) {
			continue
		}
		c := column{name: x.C, key: x.Pk, json: x.K == "jsonb" || x.K == "json" || x.K == "jsonb[]", bytes: x.K == "bytea" || x.K == "blob"}
		c.text = x.K == "text" || c.json || c.bytes
		all[x.T] = append(all[x.T], c)
	}
	return all, nil
}

// coded are the text columns in which only this program writes, words of its own and ids
// of ours: there nobody's name stands, and to search them would take as long as all else.
var coded = regexp.MustCompile(`^((visit|plan|customer|executive|host|person|run|selection|claim|frame)_id|date|half|begins|ends|state|from_state|to_state|stage|kind)$`)

// found is a row with what it holds, and whether it is about the person or customer.
type found struct {
	table  string
	values map[string][]byte // by column; nil where NULL
	tied   bool
}

// search calls do for every row that names one of the words, or bears the person's id.
func (p personal) search(d flow.DataOf, do func(cols []column, r found) error) error {
	tables, err := p.tables()
	if err != nil {
		return err
	}
	ids, err := p.tied(d)
	if err != nil {
		return err
	}
	var words []string
	for _, w := range d.Words {
		words = append(words, w.From)
	}
	if len(words) == 0 && d.PersonID == "" {
		return nil
	}
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		cols := tables[table]
		var conditions, names []string
		var args []any
		for _, c := range cols {
			names = append(names, p.quoted(c))
			if !c.text {
				continue
			}
			if c.bytes && (table == "run_files" || table == "import_files") {
				conditions = append(conditions, "length("+c.name+") > 0") // packed: to be looked into
				continue
			}
			if coded.MatchString(c.name) {
				if d.PersonID != "" {
					conditions = append(conditions, p.quoted(c)+" = ?")
					args = append(args, d.PersonID)
				}
				continue
			}
			if d.PersonID != "" {
				conditions = append(conditions, p.asText(c)+" LIKE ?")
				args = append(args, "%"+strings.ToLower(d.PersonID)+"%")
			}
			for _, w := range words {
				condition, pattern := p.naming(c, w)
				conditions = append(conditions, condition)
				args = append(args, pattern)
			}
		}
		if len(conditions) == 0 {
			continue
		}
		if table == "run_files" { // large: one after the other
			var keys []runFileRow
			if err := p.db.Model(&runFileRow{}).Select("run_id", "kind").Find(&keys).Error; err != nil {
				return p.fail(err)
			}
			for _, k := range keys {
				if err := p.rows(table, cols, names, "run_id = ? AND kind = ?", []any{k.RunID, k.Kind}, ids, do); err != nil {
					return err
				}
			}
			continue
		}
		if err := p.rows(table, cols, names, strings.Join(conditions, " OR "), args, ids, do); err != nil {
			return err
		}
	}
	return nil
}

func (p personal) rows(table string, cols []column, names []string, where string, args []any, ids map[string]bool, do func([]column, found) error) error {
	rows, err := p.db.Raw("SELECT "+strings.Join(names, ", ")+" FROM "+table+" WHERE "+where, args...).Rows()
	if err != nil {
		return p.fail(err)
	}
	// Closed before do runs, which may ask more of the one connection; twice does no harm.
	defer rows.Close()
	var all []found
	for rows.Next() {
		raw, into := make([]any, len(cols)), make([]any, len(cols))
		for i := range raw {
			into[i] = &raw[i]
		}
		if err := rows.Scan(into...); err != nil {
			return p.fail(err)
		}
		r := found{table: table, values: map[string][]byte{}}
		for i, c := range cols {
			r.values[c.name] = asBytes(raw[i])
		}
		r.tied = about(r, ids)
		all = append(all, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return p.fail(err)
	}
	for _, r := range all { // after the reading: one connection cannot do both
		if err := do(cols, r); err != nil {
			return err
		}
	}
	return nil
}

func (p personal) quoted(c column) string { return `"` + c.name + `"` }

// asText gives a column as text that LIKE can search. Bytes of Postgres are shown with
// escapes, which leave the letters of names and addresses as they are.
func (p personal) asText(c column) string {
	if p.s.postgres && c.bytes {
		return "lower(encode(" + p.quoted(c) + ", 'escape'))"
	}
	if p.s.postgres {
		return "lower(CAST(" + p.quoted(c) + " AS text))"
	}
	return "CAST(" + p.quoted(c) + " AS text)"
}

// naming gives the condition that a column may hold a word, with its pattern. Neither
// engine is sure to know the other case of a letter that is not English, so such a letter
// stands with all its cases: to leave it open would be to read whole tables for a name
// that has no others.
func (p personal) naming(c column, word string) (condition, pattern string) {
	english := !strings.ContainsFunc(word, func(r rune) bool { return r >= utf8.RuneSelf && unicode.IsLetter(r) })
	switch {
	case english || p.s.postgres && c.bytes:
		return p.asText(c) + ` LIKE ? ESCAPE '\'`, loosely(word)
	case p.s.postgres:
		return "CAST(" + p.quoted(c) + " AS text) ~ ?", anyCase(word, ".*")
	}
	return p.asText(c) + " GLOB ?", "*" + anyCase(word, "*") + "*"
}

// anyCase writes each letter of a word as the set of its cases, and what is neither a
// letter nor a digit as between.
func anyCase(word, between string) string {
	var b strings.Builder
	for _, r := range word {
		switch {
		case unicode.IsLetter(r):
			b.WriteByte('[')
			b.WriteRune(r)
			for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
				b.WriteRune(x)
			}
			b.WriteByte(']')
		case unicode.IsDigit(r):
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), between):
			b.WriteString(between)
		}
	}
	return b.String()
}

// loosely gives a pattern that finds a word in any case, also where a JSON text escapes
// what is neither a letter nor a digit.
func loosely(word string) string {
	var b strings.Builder
	b.WriteByte('%')
	for _, r := range strings.ToLower(word) {
		switch {
		case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		default:
			b.WriteByte('%')
		}
	}
	b.WriteByte('%')
	return b.String()
}

func asBytes(v any) []byte {
	switch v := v.(type) {
	case nil:
		return nil
	case []byte:
		return v
	case string:
		return []byte(v)
	case time.Time:
		return []byte(v.UTC().Format(instantText))
	}
	return []byte(fmt.Sprint(v))
}

// about says whether a row bears one of the ids, alone or in a text such as "visit/ID".
func about(r found, ids map[string]bool) bool {
	for _, v := range r.values {
		for id := range strings.FieldsFuncSeq(string(v), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' }) {
			if ids[id] {
				return true
			}
		}
	}
	return false
}

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

func (p personal) Held(d flow.DataOf) ([]flow.HeldRow, error) {
	var out []flow.HeldRow
	words := newReplacing(d.Words)
	err := p.search(d, func(cols []column, r found) error {
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
	all := stampsOfTables()
	p.stamp(all...)
	if err := p.countStamps(); err != nil {
		return nil, nil, err
	}
	if err := p.appendAudit(); err != nil { // what was said in this transaction is blanked too
		return nil, nil, err
	}
	words := newReplacing(d.Words)
	err := p.atomic(func() error {
		return p.search(d, func(cols []column, r found) error {
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

// replacing writes the replacements over texts.
type replacing struct {
	all []replacement
}

type replacement struct {
	find     *regexp.Regexp
	from, to string
	anywhere bool
}

func newReplacing(words []flow.Word) replacing {
	var out replacing
	for _, w := range words {
		from := strings.TrimSpace(w.From)
		pattern := regexp.QuoteMeta(from)
		pattern = strings.ReplaceAll(pattern, " ", `\s+`)
		out.all = append(out.all, replacement{regexp.MustCompile("(?i)" + pattern), from, w.To, w.Anywhere})
	}
	// The longest first: an address may begin with a name.
	slices.SortStableFunc(out.all, func(a, b replacement) int { return len(b.from) - len(a.from) })
	return out
}

// in narrows the words to those that count in a row: all where the row is about the
// person, or has a word that names nobody else. In the rows that are somebody else, only
// an address counts.
func (r replacing) in(row found, d flow.DataOf) replacing {
	id := string(row.values["id"])
	somebody := row.table == "people" && id != d.PersonID || row.table == "customers" && id != d.CustomerID
	mine := row.tied && !somebody
	for _, w := range r.all {
		if !mine && !somebody && w.anywhere {
			for _, v := range row.values {
				mine = mine || w.where(string(v)) != nil
			}
		}
	}
	if mine {
		return r
	}
	return replacing{slices.DeleteFunc(slices.Clone(r.all), func(w replacement) bool {
		return !w.anywhere || somebody && !strings.Contains(w.from, "@")
	})}
}

// where gives the places of whole words. Of an address, a dot with more behind or before
// it is a part: jo.smith@acme.com and smith@acme.com are two people.
func (w replacement) where(s string) (places [][]int) {
	mail := strings.Contains(w.from, "@")
	part := func(r, beyond rune) bool {
		word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
		return word(r) || mail && (strings.ContainsRune("_+-", r) || r == '.' && word(beyond))
	}
	for _, at := range w.find.FindAllStringIndex(s, -1) {
		before, n := utf8.DecodeLastRuneInString(s[:at[0]])
		further, _ := utf8.DecodeLastRuneInString(s[:at[0]-n])
		after, n := utf8.DecodeRuneInString(s[at[1]:])
		beyond, _ := utf8.DecodeRuneInString(s[at[1]+n:])
		if (at[0] == 0 || !part(before, further)) && (at[1] == len(s) || !part(after, beyond)) {
			places = append(places, at)
		}
	}
	return places
}

func (r replacing) text(s string) string {
	for _, w := range r.all {
		places := w.where(s)
		for i := len(places) - 1; i >= 0; i-- {
			s = s[:places[i][0]] + w.to + s[places[i][1]:]
		}
	}
	return s
}

// blank gives a column's value without the words, and whether it had any.
func (r replacing) blank(c column, v []byte) (now []byte, yes bool) {
	if len(v) == 0 || len(r.all) == 0 || !c.text {
		return v, false
	}
	switch {
	case c.bytes && bytes.HasPrefix(v, []byte("\x1f\x8b")):
		return r.packed(v)
	case c.bytes && bytes.HasPrefix(v, []byte("PK\x03\x04")):
		return []byte{}, true // a workbook that nobody has confirmed: what is in it cannot be told without reading it
	}
	s := string(v)
	if t := strings.TrimSpace(s); c.json || strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
		var x any
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		if d.Decode(&x) == nil && !d.More() {
			touched := false
			x = r.walk(x, &touched)
			if !touched {
				return v, false
			}
			b, err := json.Marshal(x)
			return b, err == nil
		}
	}
	s = r.text(s)
	return []byte(s), s != string(v)
}

func (r replacing) walk(x any, touched *bool) any {
	switch x := x.(type) {
	case string:
		s := r.text(x)
		*touched = *touched || s != x
		return s
	case []any:
		for i := range x {
			x[i] = r.walk(x[i], touched)
		}
	case map[string]any:
		for _, k := range slices.Collect(maps.Keys(x)) {
			v := r.walk(x[k], touched)
			delete(x, k)
			to := r.text(k)
			*touched = *touched || to != k
			x[to] = v
		}
	}
	return x
}

// packed looks into a compressed file.
func (r replacing) packed(v []byte) ([]byte, bool) {
	z, err := gzip.NewReader(bytes.NewReader(v))
	if err != nil {
		return v, false
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		return v, false
	}
	now, yes := r.blank(column{text: true}, plain)
	if !yes {
		return v, false
	}
	var b bytes.Buffer
	out := gzip.NewWriter(&b)
	if _, err := out.Write(now); err != nil || out.Close() != nil {
		return v, false
	}
	return b.Bytes(), true
}
