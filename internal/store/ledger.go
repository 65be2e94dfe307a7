package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strconv"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"windshield/internal/fault"
	"windshield/internal/flow"
)

type entryRow struct {
	Seq     int64 `gorm:"primaryKey;autoIncrement:false"`
	At      instant
	ActorID string
	Action  string
	Subject string
	Detail  string
	Prev    string
	Hash    string
}

func (entryRow) TableName() string { return "audit" }

func (r entryRow) entry() flow.Entry {
	return flow.Entry{Seq: r.Seq, At: r.At.time(), ActorID: r.ActorID, Action: r.Action, Subject: r.Subject, Detail: r.Detail, Prev: r.Prev, Hash: r.Hash}
}

// print gives the hash of an entry: SHA-256 over a JSON list of the entry before
// and all fields, in which no two different entries look the same.
func (r entryRow) print() string {
	at, _ := r.At.Value()
	b, _ := json.Marshal([]any{r.Prev, r.Seq, at, r.ActorID, r.Action, r.Subject, r.Detail})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

type headRow struct {
	ID   int `gorm:"primaryKey;autoIncrement:false"`
	Seq  int64
	Hash string
}

func (headRow) TableName() string { return "audit_head" }

type keyRow struct {
	ActorID   string `gorm:"primaryKey"`
	Key       string `gorm:"primaryKey"`
	Hash      string
	Done      bool
	Answer    []byte
	CreatedAt instant `gorm:"autoCreateTime:false"`
}

func (keyRow) TableName() string { return "idempotency_keys" }

type settingRow struct {
	Name  string `gorm:"primaryKey"`
	Value string
}

func (settingRow) TableName() string { return "settings" }

// ledger implements flow.Ledger.
type ledger struct{ *unit }

// Audit keeps the entry until just before the commit: the end of the chain is
// locked from then on, and everybody who writes needs it.
func (l ledger) Audit(e flow.Entry) error {
	if !l.write {
		return fault.New(fault.Internal, "an audit entry in a transaction for reading")
	}
	l.entries = append(l.entries, e)
	return nil
}

// appendAudit writes the entries that wait to the end of the chain.
func (u *unit) appendAudit() error {
	if len(u.entries) == 0 {
		return nil
	}
	waiting := u.entries
	u.entries = nil
	return u.atomic(func() error {
		var head headRow
		if err := u.db.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = 1").Take(&head).Error; err != nil {
			return err
		}
		for _, e := range waiting {
			r := entryRow{Seq: head.Seq + 1, At: instant(u.stamped(e.At)), ActorID: e.ActorID, Action: e.Action, Subject: e.Subject,
				Detail: e.Detail, Prev: head.Hash}
			r.Hash = r.print()
			if err := u.db.Create(&r).Error; err != nil {
				return err
			}
			head.Seq, head.Hash = r.Seq, r.Hash
		}
		return u.db.Model(&headRow{}).Where("id = 1").Updates(map[string]any{"seq": head.Seq, "hash": head.Hash}).Error
	})
}

func (l ledger) Entries(q flow.EntryQuery) ([]flow.Entry, string, error) {
	if err := l.appendAudit(); err != nil {
		return nil, "", err
	}
	limit := q.Limit
	if limit < 1 {
		limit = maxPage / 10
	}
	limit = min(limit, maxPage)
	db := l.db.Order("seq DESC").Limit(limit + 1)
	if q.After != "" {
		at, err := readCursor("audit", q.After, 1)
		if err != nil {
			return nil, "", err
		}
		seq, err := strconv.ParseInt(at[0], 10, 64)
		if err != nil {
			return nil, "", fault.Invalidf("The page cannot be found.").Because(err)
		}
		db = db.Where("seq < ?", seq)
	}
	if q.ActorID != "" {
		db = db.Where("actor_id = ?", q.ActorID)
	}
	if q.Subject != "" {
		db = db.Where("subject = ?", q.Subject)
	}
	if q.Kind != "" {
		db = db.Where("subject = ? OR subject >= ? AND subject < ?", q.Kind, q.Kind+"/", q.Kind+"0") // "0" comes after "/"
	}
	if !q.From.IsZero() {
		db = db.Where("at >= ?", instant(q.From))
	}
	if !q.To.IsZero() {
		db = db.Where("at < ?", instant(q.To))
	}
	var rows []entryRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, "", l.fail(err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = cursor("audit", strconv.FormatInt(rows[limit-1].Seq, 10))
	}
	return each(rows, entryRow.entry), next, nil
}

func (l ledger) Verify() (entries, brokenAt int64, err error) {
	if err := l.appendAudit(); err != nil {
		return 0, 0, err
	}
	var head headRow
	if err := l.db.Where("id = 1").Take(&head).Error; err != nil {
		return 0, 0, l.fail(err)
	}
	var last entryRow
	blanked := map[int64]string{} // entries that do not hash to what they did, with what they hash to
	for {
		var rows []entryRow
		if err := l.db.Where("seq > ?", last.Seq).Order("seq").Limit(maxPage).Find(&rows).Error; err != nil {
			return 0, 0, l.fail(err)
		}
		for _, r := range rows {
			if r.Seq != last.Seq+1 {
				return head.Seq, earliest(blanked, last.Seq+1), nil // taken out of the middle
			}
			if r.Prev != last.Hash {
				return head.Seq, earliest(blanked, r.Seq), nil
			}
			if print := r.print(); print != r.Hash {
				blanked[r.Seq] = print
			} else if r.Action == flow.EraseAction {
				explained(r.Detail, blanked)
			}
			last = r
		}
		if len(rows) < maxPage {
			break
		}
	}
	switch {
	case len(blanked) > 0:
		return head.Seq, earliest(blanked, math.MaxInt64), nil
	case last.Seq != head.Seq:
		return head.Seq, min(last.Seq, head.Seq) + 1, nil // taken off, or put on, behind our back
	case last.Hash != head.Hash:
		return head.Seq, max(last.Seq, 1), nil
	}
	return head.Seq, 0, nil
}

// earliest gives the first of the entries and n.
func earliest(blanked map[int64]string, n int64) int64 {
	for seq := range blanked {
		n = min(n, seq)
	}
	return n
}

// explained takes out the entries of which an erasure says that it blanked them to just
// what they are. An erasure that is overtaken by another one explains nothing any more,
// which does no harm: the later one names the entry again.
func explained(detail string, blanked map[int64]string) {
	var d struct {
		Blanked map[string]string `json:"blanked"`
	}
	if json.Unmarshal([]byte(detail), &d) != nil {
		return
	}
	for seq, print := range d.Blanked {
		if n, err := strconv.ParseInt(seq, 10, 64); err == nil && blanked[n] == print {
			delete(blanked, n)
		}
	}
}

// Begin on Postgres refuses at once while another transaction has the key; on
// SQLite that one has the only writing connection, so that Begin comes after it.
func (l ledger) Begin(k flow.Key) (answer []byte, done bool, err error) {
	if k.Key == "" {
		return nil, false, nil
	}
	if len([]rune(k.Key)) > 200 {
		return nil, false, fault.Invalidf("The idempotency key is too long.").With(fault.Detail{
			Where: "Idempotency-Key", Value: fault.Short(k.Key), Expected: "1 to 200 characters"})
	}
	id := [2]string{k.ActorID, k.Key}
	running := fault.Conflictf("The same request is being worked on; ask again in a moment.")
	if l.begun[id] {
		return nil, false, running
	}
	err = l.atomic(func() error {
		free := true
		if l.s.postgres {
			sum := sha256.Sum256([]byte("key\x00" + k.ActorID + "\x00" + k.Key))
			if err := l.db.Raw("SELECT pg_try_advisory_xact_lock(?)", lockNumber(sum)).Scan(&free).Error; err != nil {
				return err
			}
		}
		if !free {
			return running
		}
		r := keyRow{ActorID: k.ActorID, Key: k.Key, Hash: k.Hash, Answer: []byte{}, CreatedAt: instant(micro(l.s.now()))}
		created := l.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
		if created.Error != nil {
			return created.Error
		}
		if created.RowsAffected == 1 {
			l.begun[id] = true
			return nil
		}
		var stored keyRow
		if err := l.db.Where("actor_id = ? AND key = ?", k.ActorID, k.Key).Take(&stored).Error; err != nil {
			return err
		}
		switch {
		case stored.Hash != k.Hash:
			return fault.Invalidf("This idempotency key was used for another request.").With(fault.Detail{
				Where: "Idempotency-Key", Value: fault.Short(k.Key), Expected: "a new key for each request"})
		case !stored.Done:
			return running
		}
		answer, done = stored.Answer, true
		return nil
	})
	return answer, done, err
}

func (l ledger) Finish(k flow.Key, answer []byte) error {
	if k.Key == "" {
		return nil
	}
	id := [2]string{k.ActorID, k.Key}
	if !l.begun[id] {
		return fault.New(fault.Internal, "an idempotency key is finished that was not begun in this transaction")
	}
	if answer == nil {
		answer = []byte{}
	}
	err := l.atomic(func() error {
		return l.db.Model(&keyRow{}).Where("actor_id = ? AND key = ?", k.ActorID, k.Key).
			Updates(map[string]any{"done": true, "answer": answer}).Error
	})
	if err == nil {
		delete(l.begun, id)
	}
	return err
}

func (l ledger) Setting(name string) (string, error) {
	var r settingRow
	err := l.db.Where("name = ?", name).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = nil
	}
	if err == nil && l.write {
		if l.known == nil {
			l.known = map[string]string{}
		}
		l.known[name] = r.Value
	}
	return r.Value, l.fail(err)
}

// SetSetting writes over what was read, and nothing else: at READ COMMITTED two may have
// read the same.
func (l ledger) SetSetting(name, value string) error {
	was, read := l.known[name]
	if read {
		l.known[name] = value
	}
	return l.atomic(func() error {
		if read && was != "" {
			done := l.db.Model(&settingRow{}).Where("name = ? AND value = ?", name, was).Update("value", value)
			return written(done)
		}
		if read {
			return written(l.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&settingRow{name, value}))
		}
		return l.db.Clauses(clause.OnConflict{UpdateAll: true, Columns: []clause.Column{{Name: "name"}}}).Create(&settingRow{name, value}).Error
	})
}

// written says whether a setting was written over what was read.
func written(done *gorm.DB) error {
	if done.Error == nil && done.RowsAffected == 0 {
		return fault.Stalef("Somebody changed this at the same moment. Look at how it stands now, and send yours again if it is still right.")
	}
	return done.Error
}
