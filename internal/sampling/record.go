package sampling

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"windshield/internal/fault"
)

// RecordFormat names the form in which a draw is published.
const RecordFormat = "windshield.draw/1"

// Record is a draw with all that it was made of: whoever holds it can repeat the
// draw and compare every byte.
type Record struct {
	Format   string      `json:"format"` // RecordFormat
	Hash     string      `json:"frame_hash"`
	Units    []Unit      `json:"units"`    // by ID
	Excluded []Exclusion `json:"excluded"` // by ID
	Design   Design      `json:"design"`   // with the seed
	Draw     Selection   `json:"draw"`
}

// MakeRecord draws and puts the draw on record. Errors: those of Select.
func MakeRecord(f Frame, d Design) (Record, error) {
	s, err := Select(f, d)
	if err != nil {
		return Record{}, err
	}
	return Record{RecordFormat, f.Hash, f.Units, f.Excluded, d.complete(), s}, nil
}

// Encode writes a record in its one form: JSON in UTF-8 with the fields in the
// order of Record, the keys of maps sorted, no blanks, numbers as ECMAScript
// prints them, and a line feed at the end.
func (r Record) Encode() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil // cannot be: there is nothing in it that JSON does not know
	}
	return b.Bytes()
}

// Digest is the SHA-256 of an encoded record in hexadecimal, to be published.
func Digest(encoded []byte) string {
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// Decode reads an encoded record. Error: fault.Invalid where it is none.
func Decode(encoded []byte) (Record, error) {
	var r Record
	d := json.NewDecoder(bytes.NewReader(encoded))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || r.Format != RecordFormat {
		return Record{}, fault.Invalidf("This is no record of a draw.").With(fault.Detail{Where: "format", Value: fault.Short(r.Format), Expected: RecordFormat})
	}
	return r, nil
}

// Replay repeats the draw of an encoded record from its customers, design and
// seed alone, and says whether every byte comes out again; where not, where is
// the place of the first difference in words. Errors: fault.Invalid where it is
// no record, and those of Freeze and Select.
func Replay(encoded []byte) (same bool, where string, err error) {
	r, err := Decode(encoded)
	if err != nil {
		return false, "", err
	}
	f, err := Freeze(r.Units, r.Excluded)
	if err != nil {
		return false, "", err
	}
	if f.Hash != r.Hash {
		return false, "the customer list has another hash", nil
	}
	again, err := MakeRecord(f, r.Design)
	if err != nil {
		return false, "", err
	}
	if bytes.Equal(again.Encode(), encoded) {
		return true, "", nil
	}
	return false, again.differs(r), nil
}

// differs says where two records of one frame part.
func (r Record) differs(other Record) string {
	if len(r.Draw.Rows) != len(other.Draw.Rows) {
		return "the number of customers on record"
	}
	for i := range r.Draw.Rows {
		if r.Draw.Rows[i] != other.Draw.Rows[i] {
			return place(r.Draw.Rows[i].ID)
		}
	}
	return "the strata, the merge log or the design"
}

// Hash names a design without its seed: SHA-256 in hexadecimal. Defaults that
// are spelled out and defaults left open give the same hash.
func (d Design) Hash() string {
	d = d.complete()
	d.Seed = ""
	raw, err := json.Marshal(d)
	if err != nil {
		return "" // cannot be: check refuses numbers that JSON does not know
	}
	return Digest(raw)
}
