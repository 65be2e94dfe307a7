package flow

import (
	"time"

	"windshield/internal/notify"
	"windshield/internal/slot"
)

// KeptPreference is what somebody has chosen about notices, as it is kept.
type KeptPreference struct {
	PersonID string
	notify.Preference
	Sealed  string // the address of the own Slack, sealed; "" where there is none
	Version int    // 0 where nothing was chosen
}

// Told names a message that was made, whatever became of it.
type Told struct {
	About, PersonID, Kind string
}

// Notices keeps what people find on their own page of notices, and what they chose.
type Notices interface {
	// Preferences gives what the people named have chosen, all where none is named;
	// nothing for those who have chosen nothing.
	Preferences(personIDs ...string) ([]KeptPreference, error)
	SavePreference(p *KeptPreference) error
	// Page gives a person's notices, newest first, and the next cursor, "" at the end.
	Page(personID, after string, limit int) (rows []Delivery, next string, err error)
	// Notice gives one of them; NotFound where it is somebody else's.
	Notice(personID, id string) (Delivery, error)
	Unread(personID string) (int, error)
	// Read marks those named as read, all where none is.
	Read(personID string, ids ...string) error
	// ByTicket gives the message that carried a secret, by its hash.
	ByTicket(hash string) (Delivery, error)
}

// Outbox keeps what is to go out.
type Outbox interface {
	// Due gives what waited for a time that has come, at most so many, oldest first; of
	// one person where one is named.
	Due(now time.Time, personID string, most int) ([]Delivery, error)
	// Gathering gives what waits for a digest, by person, oldest first.
	Gathering() ([]Delivery, error)
	// Made gives which messages about these subjects were made, by whatever channel.
	Made(about ...string) ([]Told, error)
	// Standing gives how each channel stands. Counts of sent and refused are since.
	Standing(since time.Time) ([]ChannelStanding, error)
	// Waiting gives the ids of what is to go out by a channel, oldest first.
	Waiting(channel notify.Channel, most int) ([]string, error)
	// Refused gives what a channel will never take, newest first.
	Refused(most int) ([]Delivery, error)
	// Move makes those named, which are held, into what they are now; ones that moved
	// meanwhile stay. It gives the ids of those that did.
	Move(to DeliveryState, why string, ids ...string) (moved []string, err error)
}

// ChannelStanding is how a channel stands.
type ChannelStanding struct {
	Channel  notify.Channel
	Held     int       // for a time or a digest
	Waiting  int       // to go out
	Failing  int       // of those, tried without success
	Oldest   time.Time // when the oldest of those that fail was made; zero where none fails
	Error    string    // the last error of one that fails, for people
	Sent     int
	Refused  int
	LastSent time.Time // zero where nothing ever went
}

// Dead says whether a channel takes nothing although something is to go out.
func (c ChannelStanding) Dead() bool { return c.Failing > 0 }

// NoticeSettings are the company's own, for the administrator.
type NoticeSettings struct {
	Zone    string        `json:"zone"`    // of people whose zone is not known
	Webhook []notify.Kind `json:"webhook"` // the kinds that go to the webhook
	Slack   []notify.Kind `json:"slack"`   // the kinds that go to the company's Slack
}

// digestSubject is what a person's digest of a day is about. It names the person: what is
// asked about a subject must not find the digests of the whole company.
func digestSubject(day slot.Date, personID string) string {
	return "digest/" + day.String() + "/" + personID
}
