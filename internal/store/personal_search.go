package store

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"windshield/internal/flow"
)

// column is a column that can hold text.
type column struct {
	name  string
	json  bool // Postgres only; on SQLite JSON is text
	bytes bool
	key   bool // part of the primary key
	text  bool
}

// unsearched are the tables that hold no personal data or are evidence that must stay as
// it is: frozen lists have the keys of customers only, and hashes stand for them. Looks are
// deleted whole.
var unsearched = regexp.MustCompile(`^(goose_db_version|frames|looks|selection_redraws|audit_head|sessions|login_attempts|river_(client|client_queue|leader|migration|notification|queue))$`)

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

// search calls do for every row that names one of the words, or bears the person's id: of
// the tables that are named, of all where none is.
func (p personal) search(d flow.DataOf, only []string, do func(cols []column, r found) error) error {
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
		if len(only) > 0 && !slices.Contains(only, table) {
			continue
		}
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
