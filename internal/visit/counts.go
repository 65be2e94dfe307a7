package visit

// Lapse is why a visit does not stop the 30-day clock. Ledgers keep it beside the
// visit, and pages count it; Says is what people read.
type Lapse string

const (
	NoLapse      Lapse = ""             // it counts
	NotThere     Lapse = "no_show"      // the day came, the visit did not happen
	Unconfirmed  Lapse = "unconfirmed"  // nobody has said that it was held
	UnknownPlace Lapse = "unknown_kind" // held, but nobody has said where
	AtTradeShow  Lapse = "trade_show"
	AtConference Lapse = "conference"
	MetOnline    Lapse = "online"
	WithoutHost  Lapse = "without_host"
	InFuture     Lapse = "future"        // held on a day that has not come yet
	BeforeJoined Lapse = "before_joined" // from before the person was with us
	AfterLeft    Lapse = "after_left"    // from after the person was with us
)

// Lapses lists every reason in the order in which pages show them.
var Lapses = []Lapse{NotThere, Unconfirmed, UnknownPlace, AtTradeShow, AtConference, MetOnline, WithoutHost, InFuture, BeforeJoined, AfterLeft}

// Says gives the sentence for the ledger, without capital and full stop; "" for
// no lapse and for one that is not known.
func (l Lapse) Says() string {
	switch l {
	case NotThere:
		return "the visit did not take place"
	case Unconfirmed:
		return "nobody has confirmed that the visit was held"
	case UnknownPlace:
		return "nobody has said where it took place"
	case AtTradeShow:
		return "a trade show is not the customer's place"
	case AtConference:
		return "a user conference is not the customer's place"
	case MetOnline:
		return "an online meeting is not at the customer's place"
	case WithoutHost:
		return "the host was not there"
	case InFuture:
		return "its date lies in the future"
	case BeforeJoined:
		return "it was before the person joined"
	case AfterLeft:
		return "it was after the person left"
	}
	return ""
}

// Counts says whether the visit stops the 30-day clock: held, at the customer's
// place, with the host. Where it does not, whyNot is the sentence for the ledger.
func (v Visit) Counts() (counts bool, whyNot string) {
	l := v.Lapse()
	return l == NoLapse, l.Says()
}

// Lapse says why the visit does not stop the clock, NoLapse where it does. It
// knows the visit alone: what a date means for a person, package alert knows.
func (v Visit) Lapse() Lapse {
	switch {
	case v.State == NoShow:
		return NotThere
	case !v.State.Happened():
		return Unconfirmed
	}
	switch v.Kind {
	case AtCustomer:
		if !v.WithHost {
			return WithoutHost
		}
		return NoLapse
	case TradeShow:
		return AtTradeShow
	case Conference:
		return AtConference
	case Online:
		return MetOnline
	}
	return UnknownPlace
}
