package flow

import (
	"context"
	"errors"
	"slices"
	"time"

	"windshield/internal/access"
	"windshield/internal/calsync"
	"windshield/internal/fault"
)

// CalendarChannel is a push channel of a calendar as it is stored. The rows of
// channels that ended stay for a while, so that their late notices are known.
type CalendarChannel struct {
	calsync.Channel
	Noticed time.Time // of the last notice that asked to read the calendar
	Version int
}

// Channels keeps the push channels of calendars, and tells what waits.
type Channels interface {
	Get(id string) (CalendarChannel, error)
	// Of gives a calendar's channels, oldest first; with "" those of all calendars.
	Of(calendar string) ([]CalendarChannel, error)
	// Save inserts (Version 0) or changes one.
	Save(c *CalendarChannel) error
	// Sweep deletes channels that expired before.
	Sweep(before time.Time) error
	// Oldest gives, calendar by calendar, since when its oldest waiting event waits.
	Oldest() (map[string]time.Time, error)
}

// channelsKept is how long the rows of channels stay after their end.
const channelsKept = 30 * 24 * time.Hour

// handful is how many events somebody changes at once who waits for them; more
// come from a file or a plan.
const handful = 5

// pullAll enqueues a reading of every calendar that holds events of ours, spread
// over the interval named (0: all at once), and looks after their push channels.
func (f *Flow) pullAll(ctx context.Context, every time.Duration) error {
	now := f.Now().UTC()
	return f.Store.Write(ctx, func(tx Tx) error {
		tally, err := tx.Calendars.Tally()
		if err != nil || len(tally) == 0 {
			return err
		}
		rows, err := tx.Channels.Of("")
		if err != nil {
			return err
		}
		channels := map[string][]calsync.Channel{}
		for _, c := range rows {
			channels[c.Calendar] = append(channels[c.Calendar], c.Channel)
		}
		var jobs []Job
		for calendar := range tally {
			if every > 0 {
				jobs = append(jobs, Job{Kind: JobPoll, Key: calendar, At: now.Add(calsync.PollOffset(f.Env, calendar, now, every))})
			} else {
				jobs = append(jobs, Job{Kind: JobPull, Key: calendar})
			}
			if calsync.ChannelsDue(channels[calendar], f.PushURL, now) {
				jobs = append(jobs, Job{Kind: JobWatch, Key: calendar})
			}
		}
		return tx.Queue.Enqueue(jobs...)
	})
}

// tendChannels opens, renews and closes the push channels of one calendar. What
// the server refuses is stored with the channel and tried again when it is time;
// the calendar is read at intervals whatever happens here.
func (f *Flow) tendChannels(ctx context.Context, calendar string) error {
	var needsAction bool
	rows, err := read(ctx, f, func(tx Tx) ([]CalendarChannel, error) {
		c, err := tx.Calendars.Cursor(calendar)
		if err != nil {
			return nil, err
		}
		needsAction = c.NeedsAction
		return tx.Channels.Of(calendar)
	})
	if err != nil || needsAction {
		return err
	}
	cal, err := f.open(ctx, calendar, false)
	if err != nil {
		return nil //nolint:nilerr // the readings say what is wrong with the connection
	}
	watcher, can := cal.(calsync.Watcher)
	if !can {
		return nil
	}
	err = calsync.Tend(ctx, watcher, f.saveChannel, calsync.Tending{Calendar: calendar, Address: f.PushURL, Now: f.Now().UTC(), NewID: f.NewID, NewToken: f.Token}, channelsOf(rows))
	var calErr *calsync.Error
	if errors.As(err, &calErr) {
		f.Log.Info("a push channel could not be tended", "reason", calErr.Error())
		return nil
	}
	return err
}

func channelsOf(rows []CalendarChannel) []calsync.Channel {
	out := make([]calsync.Channel, len(rows))
	for i, r := range rows {
		out[i] = r.Channel
	}
	return out
}

// saveChannel stores what Tend says of a channel. Its first notice may have come
// meanwhile; what the server answers says the same and more.
func (f *Flow) saveChannel(ctx context.Context, c calsync.Channel) error {
	return f.untilFresh(ctx, func(tx Tx) error {
		row, err := tx.Channels.Get(c.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		row.Channel = c
		return tx.Channels.Save(&row)
	})
}

// Notice takes the announcement that a calendar has changed. Anybody may send
// one, so nothing in it is believed; known says whether it came through a channel
// of ours. Nothing is read from the calendar here: at most one reading is
// enqueued, and most notices of a flood store nothing.
func (f *Flow) Notice(ctx context.Context, n calsync.Notice) (known bool, err error) {
	if !n.Plausible() {
		return false, nil
	}
	var h heardNotice
	if err := f.Store.Read(ctx, func(tx Tx) error { return f.hear(tx, n, &h) }); err != nil || !h.ours || !h.store {
		return h.ours, err
	}
	err = f.untilFresh(ctx, func(tx Tx) error {
		if err := f.hear(tx, n, &h); err != nil || !h.store {
			return err
		}
		if err := tx.Channels.Save(&h.row); err != nil || h.readAt.IsZero() {
			return err
		}
		return tx.Queue.Enqueue(Job{Kind: JobPull, Key: h.row.Calendar, At: h.readAt})
	})
	return true, err
}

// heardNotice is what follows from a notice.
type heardNotice struct {
	row    CalendarChannel // as it is to be stored
	ours   bool
	store  bool
	readAt time.Time // when to read the calendar; zero: no reading is to be asked for
}

func (f *Flow) hear(tx Tx, n calsync.Notice, h *heardNotice) error {
	*h = heardNotice{}
	row, err := tx.Channels.Get(n.Channel)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now := f.Now().UTC()
	after, ours, hint := calsync.Hear(row.Channel, n, now)
	h.ours, h.store = ours, after.State != row.State
	row.Channel = after
	if hint {
		cursor, err := tx.Calendars.Cursor(row.Calendar)
		if err != nil {
			return err
		}
		noticed, err := lastNotice(tx, row.Calendar)
		if err != nil {
			return err
		}
		var fresh bool
		if fresh, h.readAt = calsync.Noticed(noticed, cursor.LastTry, now); fresh {
			row.Noticed, h.store = now, true
		}
	}
	h.row = row
	return nil
}

// lastNotice gives when a calendar's channels last asked to read it.
func lastNotice(tx Tx, calendar string) (last time.Time, err error) {
	rows, err := tx.Channels.Of(calendar)
	for _, r := range rows {
		if r.Noticed.After(last) {
			last = r.Noticed
		}
	}
	return last, err
}

// readAgain asks for another reading where a notice came after the last one began.
func (f *Flow) readAgain(ctx context.Context, calendar string, began time.Time) error {
	last, err := read(ctx, f, func(tx Tx) (time.Time, error) { return lastNotice(tx, calendar) })
	if err != nil {
		return err
	}
	if again, after := calsync.ReadAgain(last, began); again {
		return &Later{After: after, Why: "the calendar changed while it was read"}
	}
	return nil
}

// RetryCalendar tries now what is waiting for one calendar: what is to be written,
// what is to be read, and its push channel.
func (f *Flow) RetryCalendar(ctx context.Context, a access.Actor, calendar string) error {
	if err := access.Require(a, access.ManageConnection, access.Subject{}); err != nil {
		return err
	}
	return f.untilFresh(ctx, func(tx Tx) error {
		tally, err := tx.Calendars.Tally()
		if err != nil {
			return err
		}
		if tally[calendar] == nil {
			return fault.NotFoundf("There is no such calendar.")
		}
		if err := willingly(tx, calendar); err != nil {
			return err
		}
		problems, err := tx.Calendars.Problems()
		if err != nil {
			return err
		}
		// Also what was never tried: its job may have been given up. What a launch
		// holds back stays where it is.
		waiting, err := tx.Connections.Waiting(calendar)
		if err != nil {
			return err
		}
		if err := enqueueApplies(tx, waiting); err != nil {
			return err
		}
		jobs := []Job{{Kind: JobPull, Key: calendar}, {Kind: JobWatch, Key: calendar}}
		for _, e := range problems {
			if e.Calendar == calendar && e.State == EventParked {
				jobs = append(jobs, Job{Kind: JobApply, Key: e.VisitID})
			}
		}
		if err := tx.Queue.Enqueue(jobs...); err != nil {
			return err
		}
		return f.audit(tx, a, "retry calendar", "calendars", nil)
	})
}

// willingly ends the wait of a calendar whose push channel was refused.
func willingly(tx Tx, calendar string) error {
	rows, err := tx.Channels.Of(calendar)
	if err != nil {
		return err
	}
	refused := slices.DeleteFunc(rows, func(r CalendarChannel) bool { return r.State != calsync.ChannelRefused || !r.Next.After(r.Opened) })
	for i := range refused {
		refused[i].Next = refused[i].Opened
		if err := tx.Channels.Save(&refused[i]); err != nil {
			return err
		}
	}
	return nil
}
