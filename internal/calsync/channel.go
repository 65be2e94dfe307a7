package calsync

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"time"
)

// Watcher is a calendar server that announces changes. An announcement is only
// ever a hint to read the calendar sooner; reading at intervals goes on without.
type Watcher interface {
	// Watch opens a channel on which the changes of a calendar are announced. With
	// class Unknown it may have been opened.
	Watch(ctx context.Context, calendar string, o Opening) (Opened, error)
	// StopChannel closes a channel. Class Missing: it is closed or has expired.
	StopChannel(ctx context.Context, id, resource string) error
}

// Opening asks for a channel.
type Opening struct {
	ID      string // UUID, never used before
	Token   string // secret that every notice brings back
	Address string // where notices are sent
	Life    time.Duration
}

// Opened is what the server says of a channel.
type Opened struct {
	Resource string    // its name for what is watched
	Expires  time.Time // by its own choice, perhaps earlier than asked for
}

// ChannelState is where a channel stands.
type ChannelState string

const (
	ChannelOpening ChannelState = "opening" // stored before the call; whether it exists may not be known
	ChannelOpen    ChannelState = "open"
	ChannelClosing ChannelState = "closing" // no longer listened to; the server may not know yet
	ChannelClosed  ChannelState = "closed"
	ChannelRefused ChannelState = "refused" // never opened; Problem says why
)

// Channel is one channel as it is stored. Rows of channels that ended stay for a
// while: their notices may still come, and are ignored.
type Channel struct {
	ID       string
	Calendar string
	Address  string // where its notices are sent
	Secret   string // hash of its token
	Resource string // "" as long as the server's answer is not known
	State    ChannelState
	Problem  string // the server's word for why it did not open
	Opened   time.Time
	Expires  time.Time // as the server said; the latest possible while it has not
	Next     time.Time // when to open another: its renewal, or the next attempt after a refusal
}

const (
	// channelLife is what is asked for: Google gives no more, and may give less.
	channelLife = 7 * 24 * time.Hour
	// A refusal that will not change by itself is tried again once a day, anything
	// else sooner.
	refusedFor = 24 * time.Hour
	failedFor  = 5 * time.Minute
	// unsureMost is how many channels of unknown outcome are opened in a day.
	unsureMost = 2
)

// hashToken is what is stored of a channel's token.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Alive says whether notices of a channel are listened to.
func (c Channel) Alive(now time.Time) bool {
	return (c.State == ChannelOpen || c.State == ChannelOpening) && c.Expires.After(now)
}

// renewal gives when a channel is to be renewed: when an eighth to a quarter of
// its life is left, channel by channel at another point, so that those opened
// together are not renewed together.
func renewal(id string, from, expires time.Time) time.Time {
	sum := sha256.Sum256([]byte(id))
	life := expires.Sub(from)
	margin := life/8 + time.Duration(float64(life/8)*float64(binary.BigEndian.Uint32(sum[:4]))/(1<<32))
	return expires.Add(-margin)
}

// Tending is what Tend must know.
type Tending struct {
	Calendar string
	Address  string // where notices are to be sent; "" closes all channels
	Now      time.Time
	NewID    func() string // UUIDs
	NewToken func() string // secrets of 256 bits
}

// ChannelsDue says whether Tend would have anything to do for a calendar's
// channels.
func ChannelsDue(channels []Channel, address string, now time.Time) bool {
	return mayOpen(channels, address, now) || slices.ContainsFunc(channels, func(c Channel) bool { return mustClose(c, channels, address, now) })
}

// mayOpen says whether a new channel is wanted now.
func mayOpen(channels []Channel, address string, now time.Time) bool {
	if address == "" {
		return false
	}
	unsure := 0
	for _, c := range channels {
		switch {
		case c.State == ChannelOpen && c.Alive(now) && c.Address == address && now.Before(c.Next):
			return false
		case c.State == ChannelRefused && c.Address == address && now.Before(c.Next):
			return false
		case c.State == ChannelOpening && now.Sub(c.Opened) < refusedFor:
			if unsure++; now.Before(c.Next) {
				return false
			}
		}
	}
	return unsure < unsureMost
}

// mustClose says whether a channel is to be closed: where notices are no longer
// wanted there, or a younger channel is open.
func mustClose(c Channel, channels []Channel, address string, now time.Time) bool {
	switch {
	case c.State == ChannelClosing:
		return true
	case !c.Alive(now) || c.Resource == "":
		return false // it has gone, or cannot be named to the server and will expire
	case c.Address != address:
		return true
	}
	return slices.ContainsFunc(channels, func(o Channel) bool {
		return o.State == ChannelOpen && o.Alive(now) && o.Address == address && o.Opened.After(c.Opened)
	})
}

// Tend opens a channel for a calendar where one is wanted, lets the old and the
// new one overlap, and closes what is left over. Each channel is saved before the
// call that opens it, so that its first notice, which may come before the answer,
// finds it. The error is that of save, or the last *Error of the server; what was
// saved counts in any case, and Tend may be called again.
func Tend(ctx context.Context, w Watcher, save func(ctx context.Context, c Channel) error, t Tending, channels []Channel) error {
	channels = slices.Clone(channels)
	var failed error
	if mayOpen(channels, t.Address, t.Now) {
		c, refused, err := openChannel(ctx, w, save, t)
		if err != nil {
			return err
		}
		channels, failed = append(channels, c), refused
	}
	for _, c := range channels {
		if !mustClose(c, channels, t.Address, t.Now) {
			continue
		}
		if c.State != ChannelClosing {
			c.State = ChannelClosing
			if err := save(ctx, c); err != nil {
				return err
			}
		}
		err := w.StopChannel(ctx, c.ID, c.Resource)
		if err != nil && !Is(err, Missing) && c.Expires.After(t.Now) {
			failed = err // it is not listened to; stopping it is tried again until it expires
			continue
		}
		c.State = ChannelClosed
		if err := save(ctx, c); err != nil {
			return err
		}
	}
	return failed
}

// openChannel gives the channel as it stands after the attempt, with the server's
// error and that of save.
func openChannel(ctx context.Context, w Watcher, save func(ctx context.Context, c Channel) error, t Tending) (c Channel, refused, err error) {
	id, token := t.NewID(), t.NewToken()
	c = Channel{ID: id, Calendar: t.Calendar, Address: t.Address, Secret: hashToken(token), State: ChannelOpening,
		Opened: t.Now, Expires: t.Now.Add(channelLife), Next: t.Now.Add(failedFor)}
	if err := save(ctx, c); err != nil {
		return c, nil, err
	}
	got, err := w.Watch(ctx, t.Calendar, Opening{ID: id, Token: token, Address: t.Address, Life: channelLife})
	switch {
	case err == nil:
		c = c.opened(got.Resource, got.Expires)
	case Is(err, Unknown):
		return c, err, nil // its first notice will tell, or it expires
	default:
		c.State, c.Problem, c.Expires, c.Next = ChannelRefused, refusal(err), t.Now, t.Now.Add(patienceAfter(err))
	}
	return c, err, save(ctx, c)
}

// opened notes what the server said.
func (c Channel) opened(resource string, expires time.Time) Channel {
	c.State, c.Resource = ChannelOpen, resource
	if expires.After(c.Opened) {
		c.Expires = expires
	}
	c.Next = renewal(c.ID, c.Opened, c.Expires)
	return c
}

// refusal gives the server's word for an error.
func refusal(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Reason != "" {
		return e.Reason
	}
	return ClassOf(err).String()
}

// patienceAfter gives how long to wait with the next attempt to open a channel.
func patienceAfter(err error) time.Duration {
	var e *Error
	switch {
	case !errors.As(err, &e):
		return failedFor
	case e.Reason == "channelIdNotUnique":
		return time.Minute // another id will do
	case e.Class == Permanent, e.Class == Denied, e.Class == Missing:
		return refusedFor
	}
	return max(failedFor, e.RetryAfter)
}

// Notice is what an announcement says of itself. Anybody may send one: nothing in
// it is believed but that whoever knows the channel's token was told it.
type Notice struct {
	Channel  string
	Token    string
	Resource string
	State    string    // "sync" for the first one, which announces nothing
	Expires  time.Time // of the channel; zero where it does not say
}

// Longest values of a notice's fields; what is longer is no channel of ours.
const mostNotice = 256

// Plausible says whether a notice can be one of our channels', before anything is
// looked up.
func (n Notice) Plausible() bool {
	for _, s := range []string{n.Channel, n.Token, n.Resource, n.State} {
		if s == "" || len(s) > mostNotice {
			return false
		}
	}
	return true
}

// Hear judges a notice by the channel that it names. Ours says that it comes from
// whom we told the token; read, that the calendar should be read; and the channel
// is given as it stands afterwards: one whose opening was never answered is known
// to be open by its first notice.
func Hear(c Channel, n Notice, now time.Time) (after Channel, ours, read bool) {
	same := subtle.ConstantTimeCompare([]byte(hashToken(n.Token)), []byte(c.Secret)) &
		subtle.ConstantTimeCompare([]byte(n.Channel), []byte(c.ID))
	if c.Resource != "" {
		same &= subtle.ConstantTimeCompare([]byte(n.Resource), []byte(c.Resource))
	}
	if same != 1 || c.State == ChannelRefused {
		return c, false, false
	}
	if !c.Alive(now) {
		return c, true, false // a late one of a channel that ended
	}
	if c.State == ChannelOpening {
		expires := n.Expires
		if expires.After(c.Expires) {
			expires = c.Expires
		}
		c = c.opened(n.Resource, expires)
	}
	return c, true, n.State != "sync"
}

const (
	// readWindow is the least time between the readings that notices ask for.
	readWindow = 10 * time.Second
	// readDelay lets what belongs together come together before it is read.
	readDelay = 2 * time.Second
	// noticeEvery is how often a calendar's last notice is stored anew.
	noticeEvery = time.Second
)

// Noticed says what to do at a notice that asks to read a calendar: whether to
// store its time, and when to read; the zero time where a reading is to come
// anyway. noticed is the time stored of the last notice before, lastRead the one
// at which the last reading began. However many notices come, a calendar is read
// once in ten seconds, and little is stored.
func Noticed(noticed, lastRead, now time.Time) (store bool, readAt time.Time) {
	if noticed.After(lastRead) {
		return now.Sub(noticed) >= noticeEvery, time.Time{}
	}
	readAt = now.Add(readDelay)
	if next := lastRead.Add(readWindow); next.After(readAt) {
		readAt = next
	}
	return true, readAt
}

// ReadAgain says whether what a notice announced may have happened after a
// reading that began at a time had passed it, and how long to wait with the next.
// A notice whose time was not stored follows one whose reading is still to come.
func ReadAgain(noticed, began time.Time) (again bool, after time.Duration) {
	return noticed.After(began), readWindow
}

// PollOffset gives when, within the interval that begins at round, a calendar is
// to be read: the calendars are spread over it, and each moves a little from one
// interval to the next, so that the time between two readings of one is the
// interval and at most a quarter more or less.
func PollOffset(env, calendar string, round time.Time, every time.Duration) time.Duration {
	part := func(of string) float64 {
		sum := sha256.Sum256([]byte(of))
		return float64(binary.BigEndian.Uint32(sum[:4])) / (1 << 32)
	}
	place := part(env + "\n" + calendar)
	shift := part(env + "\n" + calendar + "\n" + round.UTC().Format(time.RFC3339))
	return time.Duration(float64(every) * (0.75*place + 0.25*shift))
}
