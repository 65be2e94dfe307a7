package emulator

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"windshield/internal/fault"
)

// line is one line of the journal: the newest state of one thing. The last line
// about a thing counts.
type line struct {
	Calendar *calendar `json:",omitempty"`
	Event    *record   `json:",omitempty"`
	Mail     *Mail     `json:",omitempty"`
	Revoked  string    `json:",omitempty"`
	Granted  string    `json:",omitempty"`
	Epoch    int64     `json:",omitempty"`
	Grant    *grant    `json:",omitempty"`
	Channel  *channel  `json:",omitempty"`
	Errand   *errand   `json:",omitempty"`
	Buried   string    `json:",omitempty"` // calendar and event whose tombstone is gone
}

// open reads the journal, rewrites it with the newest state only, and keeps it
// open for what follows. A torn last line, as a killed process leaves it, is
// dropped.
func (s *Server) open(path string) error {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fault.Invalidf("The calendar emulator cannot read its journal %s.", path).Because(err)
	default:
		err := s.load(f)
		f.Close()
		if err != nil {
			return fault.Invalidf("The calendar emulator's journal %s is damaged; move it away to start anew.", path).Because(err)
		}
	}
	folder := filepath.Dir(path)
	temp, err := os.CreateTemp(folder, ".emulator-*")
	if err != nil {
		return fault.Invalidf("The calendar emulator cannot write beside its journal %s.", path).Because(err)
	}
	defer os.Remove(temp.Name())
	if err = s.dump(temp); err == nil {
		err = temp.Sync()
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err == nil { // the new name itself must outlive a loss of power
		err = syncFolder(folder)
	}
	if err != nil {
		temp.Close()
		return fault.Invalidf("The calendar emulator cannot write its journal %s.", path).Because(err)
	}
	s.journal, s.dirty = temp, nil
	return nil
}

// load reads a journal. What a killed process or a loss of power left behind is
// dropped: a last line without its end, or a tail of which nothing can be read.
// Something unreadable before readable lines is damage of another kind.
func (s *Server) load(f io.Reader) error {
	in := bufio.NewReader(f)
	var damage error
	for n := 0; ; n++ {
		raw, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // what follows the last newline is torn
		}
		if err != nil {
			return err
		}
		var l line
		err = json.Unmarshal(raw, &l)
		switch {
		case err == nil && damage != nil, err != nil && n == 0:
			return errors.Join(damage, err)
		case err != nil:
			damage = err
		default:
			s.apply(l)
		}
	}
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (s *Server) apply(l line) {
	switch {
	case l.Calendar != nil:
		if old := s.calendars[l.Calendar.ID]; old != nil {
			l.Calendar.events = old.events
		} else {
			l.Calendar.events = map[string]*record{}
		}
		s.calendars[l.Calendar.ID] = l.Calendar
		for _, v := range l.Calendar.Changed {
			s.version = max(s.version, v)
		}
	case l.Event != nil:
		if c := s.calendars[l.Event.Calendar]; c != nil {
			c.events[l.Event.ID] = l.Event
		}
		s.version = max(s.version, l.Event.Version)
		s.order = max(s.order, l.Event.Order)
	case l.Mail != nil:
		s.ledger.Mails = append(s.ledger.Mails, *l.Mail)
	case l.Revoked != "":
		s.revoked[l.Revoked] = true
	case l.Granted != "":
		delete(s.revoked, l.Granted)
	case l.Epoch > 0:
		s.epoch = l.Epoch
	case l.Buried != "":
		id, event, _ := strings.Cut(l.Buried, " ")
		if c := s.calendars[id]; c != nil {
			delete(c.events, event)
		}
	case l.Grant != nil:
		s.grants[l.Grant.ID] = l.Grant
	case l.Channel != nil:
		s.channels[l.Channel.ID] = l.Channel
	case l.Errand != nil:
		s.errands = slices.DeleteFunc(s.errands, func(e *errand) bool { return e.N == l.Errand.N })
		if !l.Errand.Done {
			s.errands = append(s.errands, l.Errand)
		}
		s.order = max(s.order, l.Errand.N)
	}
}

// dump writes the whole state.
func (s *Server) dump(w io.Writer) error {
	out := bufio.NewWriter(w)
	e := json.NewEncoder(out)
	var lines []line
	for _, c := range s.sortedCalendars() {
		lines = append(lines, line{Calendar: c})
		for _, r := range s.sorted(c) {
			lines = append(lines, line{Event: r})
		}
	}
	for i := range s.ledger.Mails {
		lines = append(lines, line{Mail: &s.ledger.Mails[i]})
	}
	for _, g := range sortedKeys(s.revoked) {
		lines = append(lines, line{Revoked: g})
	}
	for _, id := range sortedKeys(s.grants) {
		lines = append(lines, line{Grant: s.grants[id]})
	}
	for _, id := range sortedKeys(s.channels) {
		lines = append(lines, line{Channel: s.channels[id]})
	}
	for _, er := range s.errands {
		lines = append(lines, line{Errand: er})
	}
	if s.epoch > 0 {
		lines = append(lines, line{Epoch: s.epoch})
	}
	for _, l := range lines {
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	return out.Flush()
}

// file is what the journal needs of an open file.
type file interface {
	io.Writer
	Sync() error
	Close() error
}

// flush hands what changed to the journal in one write.
func (s *Server) flush() error {
	dirty := s.dirty
	s.dirty = nil
	if s.opts.File == "" || len(dirty) == 0 {
		return nil
	}
	if s.broken != nil {
		return s.broken
	}
	var all []byte
	for _, l := range dirty {
		b, err := json.Marshal(l)
		if err != nil {
			return err
		}
		all = append(append(all, b...), '\n')
	}
	if _, err := s.journal.Write(all); err != nil {
		s.broken = err // half a line may stand there now: nothing may follow it
		return err
	}
	s.written++
	return nil
}

// release flushes, gives the lock back, and waits until the disk holds what was
// written, so that nothing that was answered is lost when the machine stops.
// Calls that wait at the same time share one sync of the file.
func (s *Server) release() error {
	err := s.flush()
	n := s.written
	s.mu.Unlock()
	if err != nil || n == 0 {
		return err
	}
	s.syncing.Lock()
	defer s.syncing.Unlock()
	if s.synced >= n {
		return nil
	}
	s.mu.Lock()
	n, journal, broken := s.written, s.journal, s.broken
	s.mu.Unlock()
	if broken != nil {
		return broken
	}
	if err := journal.Sync(); err != nil { // after that nobody knows what the disk holds
		s.mu.Lock()
		s.broken = err
		s.mu.Unlock()
		return err
	}
	s.synced = n
	return nil
}

// unlock is release for methods that have no error to give: what the journal
// lost, the next write reports.
func (s *Server) unlock() { _ = s.release() }
