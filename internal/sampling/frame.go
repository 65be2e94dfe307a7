package sampling

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"regexp"
	"slices"
	"sort"
	"strings"

	"golang.org/x/text/unicode/norm"

	"windshield/internal/fault"
)

// Unit is one customer as the draw sees it.
type Unit struct {
	ID      string            `json:"id"`      // the customer's lasting key: the draw hangs on it, so it must not change over the years
	Revenue int64             `json:"revenue"` // whole units of the company's currency per year; 0 or more
	Values  map[string]string `json:"values"`  // dimension -> value; a missing or empty value is a value of its own
	Must    bool              `json:"must"`    // taken with certainty
}

// Exclusion is a customer that leaves the frame before the draw, and why.
type Exclusion struct {
	Unit   Unit   `json:"customer"`
	Reason string `json:"reason"` // code in lower case, such as ReasonNoSite
	Note   string `json:"note"`   // in words, for people; not part of the hash
}

// Reasons for leaving the frame. Others may be added by whoever freezes it: any
// code of lower-case letters, digits and underscores will do.
const (
	ReasonNoSite      = "no_site"        // no known place to visit
	ReasonNoHost      = "no_host"        // no salesperson owns the account
	ReasonRefused     = "refused"        // asked not to be visited
	ReasonUnreachable = "unreachable"    // travel there is not possible or not allowed
	ReasonNotBuying   = "not_a_customer" // does not buy from us (any more)
)

// Frame is the frozen list from which a selection is drawn. Make it with Freeze;
// treat it as read-only, for the hash stands for its content.
type Frame struct {
	Units    []Unit      // by ID
	Excluded []Exclusion // by ID
	Hash     string      // SHA-256 of the content in hexadecimal; the order of the input does not matter
}

// reasonCode is what a coded reason may look like.
var reasonCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// maxRevenue bounds the frame's revenue, and so each customer's: sums must fit
// into 64 bits in any currency.
const maxRevenue = 1_000_000_000_000_000_000

// Freeze makes the frame of the customers that may be drawn and of those left
// out. Text is brought to Unicode's composed form (NFC) first, so that two ways
// of typing an umlaut are one customer. It refuses (fault.Invalid, one detail
// per problem, 100 at most) an empty or repeated ID, a negative or absurd
// revenue, and an exclusion without a coded reason.
func Freeze(units []Unit, excluded []Exclusion) (Frame, error) {
	f := Frame{Units: make([]Unit, 0, len(units)), Excluded: make([]Exclusion, 0, len(excluded))}
	var bad []fault.Detail
	for _, u := range units {
		u, d := composed(u)
		f.Units, bad = append(f.Units, u), append(bad, d...)
	}
	for _, e := range excluded {
		u, d := composed(e.Unit)
		e.Unit, e.Reason = u, strings.TrimSpace(e.Reason)
		f.Excluded, bad = append(f.Excluded, e), append(bad, d...)
		if !reasonCode.MatchString(e.Reason) {
			bad = append(bad, fault.Detail{Where: place(u.ID) + ", reason for leaving the frame", Value: fault.Short(e.Reason),
				Expected: "a code in lower case such as " + ReasonNoSite, Mend: "Give every customer that is left out a coded reason."})
		}
	}
	sort.Slice(f.Units, func(i, j int) bool { return f.Units[i].ID < f.Units[j].ID })
	sort.Slice(f.Excluded, func(i, j int) bool { return f.Excluded[i].Unit.ID < f.Excluded[j].Unit.ID })
	bad = append(bad, repeated(f)...)
	bad = append(bad, overflow(f)...)
	if len(bad) > 0 {
		return Frame{}, fault.Invalidf("The customer list cannot be frozen: %d problems.", len(bad)).With(bad[:min(len(bad), 100)]...)
	}
	f.Hash = f.digest()
	return f, nil
}

// composed brings a unit's text to NFC, copies its map and says what is wrong.
func composed(u Unit) (Unit, []fault.Detail) {
	var bad []fault.Detail
	u.ID = norm.NFC.String(u.ID)
	if u.ID == "" {
		bad = append(bad, fault.Detail{Where: "customer without ID", Expected: "a lasting key for every customer", Mend: "Give the customer a key."})
	}
	if u.Revenue < 0 || u.Revenue > maxRevenue {
		bad = append(bad, fault.Detail{Where: place(u.ID) + ", revenue", Value: fmt.Sprint(u.Revenue), Expected: fmt.Sprintf("0 to %d", int64(maxRevenue)),
			Mend: "Correct the revenue, or put 0 where it is not known."})
	}
	values := make(map[string]string, len(u.Values))
	for k, v := range u.Values {
		k, v = norm.NFC.String(k), norm.NFC.String(v)
		if _, twice := values[k]; twice {
			bad = append(bad, fault.Detail{Where: place(u.ID) + ", dimension " + k, Expected: "each dimension once", Mend: "Remove one of the two."})
		}
		if v != "" {
			values[k] = v
		}
	}
	u.Values = values
	return u, bad
}

// repeated names every ID that occurs more than once, in the frame or out of it.
func repeated(f Frame) []fault.Detail {
	ids := make([]string, 0, len(f.Units)+len(f.Excluded))
	for _, u := range f.Units {
		ids = append(ids, u.ID)
	}
	for _, e := range f.Excluded {
		ids = append(ids, e.Unit.ID)
	}
	slices.Sort(ids)
	var bad []fault.Detail
	for i := 1; i < len(ids); i++ {
		if ids[i] == ids[i-1] && ids[i] != "" && (i == 1 || ids[i-2] != ids[i]) {
			bad = append(bad, fault.Detail{Where: place(ids[i]), Expected: "each customer once, drawn from or left out",
				Mend: "Remove the repetition: a customer listed twice would have twice the chance."})
		}
	}
	return bad
}

// overflow says whether the revenues add up to more than can be computed with.
func overflow(f Frame) []fault.Detail {
	sum := int64(0)
	for _, u := range f.Units {
		sum += min(max(u.Revenue, 0), maxRevenue)
		if sum > maxRevenue {
			return []fault.Detail{{Where: "revenue of all customers together", Expected: fmt.Sprintf("at most %d", int64(maxRevenue)),
				Mend: "Give revenues in thousands or millions."}}
		}
	}
	return nil
}

func place(id string) string { return fmt.Sprintf("customer %q", fault.Short(id)) }

// digest hashes a serialisation in which every text carries its length, so no
// two different frames can look alike.
func (f Frame) digest() string {
	h := sha256.New()
	text(h, "windshield/frame/v1")
	number(h, uint64(len(f.Units)))
	for _, u := range f.Units {
		unit(h, u)
	}
	number(h, uint64(len(f.Excluded)))
	for _, e := range f.Excluded {
		unit(h, e.Unit)
		text(h, e.Reason)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func unit(h hash.Hash, u Unit) {
	text(h, u.ID)
	number(h, uint64(u.Revenue))
	must := uint64(0)
	if u.Must {
		must = 1
	}
	number(h, must)
	names := make([]string, 0, len(u.Values))
	for k := range u.Values {
		names = append(names, k)
	}
	slices.Sort(names)
	number(h, uint64(len(names)))
	for _, k := range names {
		text(h, k)
		text(h, u.Values[k])
	}
}

func text(h hash.Hash, s string) {
	number(h, uint64(len(s)))
	h.Write([]byte(s))
}

func number(h hash.Hash, n uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	h.Write(b[:])
}

// intact says whether the frame is what Freeze made: whoever changes a frame
// after the freeze must not be able to draw from it.
func (f Frame) intact() bool { return f.Hash != "" && f.digest() == f.Hash }

// tooMany says that a count cannot be handled: allocation compares products of
// two counts, which must fit into 64 bits.
func tooMany(n int) bool { return n > math.MaxInt32 }
