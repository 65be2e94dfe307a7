package intake

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"windshield/internal/fault"
)

func readCSV(data []byte, o Options) (*Table, error) {
	t := &Table{Format: "csv"}
	data, t.Encoding = decode(data)
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, fault.Invalidf("The file holds zero bytes, which no text has.").With(fault.Detail{
			Where: where(1+bytes.Count(data[:i], []byte("\n")), ""), Expected: "text", Mend: "Save the file as CSV (UTF-8) or XLSX and try again."})
	}
	if bytes.IndexByte(data, '\n') < 0 { // line ends of old Macs
		data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	}
	t.Separator = o.Separator
	if t.Separator == 0 {
		t.Separator = sniffSeparator(data)
	}
	// Excel writes "sep=;" into the first line of some files.
	skipped := 0
	if line, rest, _ := bytes.Cut(data, []byte("\n")); len(line) <= 6 && strings.HasPrefix(strings.ToLower(string(line)), "sep=") {
		if s := bytes.TrimRight(line[4:], "\r"); len(s) == 1 {
			t.Separator, data, skipped = rune(s[0]), rest, 1
		}
	}
	if t.Separator == '"' || t.Separator == '\r' || t.Separator == '\n' || !utf8.ValidRune(t.Separator) || t.Separator == utf8.RuneError {
		return nil, fault.Invalidf("This separator cannot be used.").With(fault.Detail{Value: string(t.Separator), Expected: "a comma, a semicolon or a tab"})
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = t.Separator
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, badQuotes(err, skipped)
		}
		line, _ := r.FieldPos(0)
		line += skipped
		if len(t.Headers) == 0 {
			if strings.TrimSpace(strings.Join(cells, "")) != "" {
				if err := t.setHeaders(line, cells); err != nil {
					return nil, err
				}
			}
			continue
		}
		if err := t.add(line, cells); err != nil {
			return nil, err
		}
	}
}

func badQuotes(err error, skipped int) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return fault.Invalidf("The file could not be read to its end.").Because(err)
	}
	return fault.Invalidf("The quotes of this file do not match.").With(fault.Detail{
		Where:    where(p.StartLine+skipped, ""),
		Expected: `a cell with quotes, separators or line breaks in quotes, and quotes inside it doubled: "the ""big"" one"`,
		Mend:     "Look for a quote too many or too few in or just above this row.",
	}).Because(err)
}

// sniffSeparator takes the separator that cuts the first lines into the most
// cells while giving the same number in each. Quoted text does not count.
func sniffSeparator(data []byte) rune {
	for { // the header is the first line with text
		line, rest, more := bytes.Cut(data, []byte("\n"))
		if !more || len(bytes.Trim(line, " \t\r,;|")) > 0 {
			break
		}
		data = rest
	}
	best, bestScore := ',', 0
	for _, sep := range []rune{',', ';', '\t', '|'} {
		counts, count, quoted := []int{}, 0, false
		for i := 0; i < len(data) && i < 64<<10 && len(counts) < 20; i++ {
			switch c := data[i]; {
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == '\n':
				counts = append(counts, count)
				count = 0
			case rune(c) == sep:
				count++
			}
		}
		if count > 0 || len(counts) == 0 {
			counts = append(counts, count)
		}
		// The header decides; rows that agree with it count for it.
		score := 0
		if counts[0] > 0 {
			score = counts[0]
			for _, c := range counts[1:] {
				if c == counts[0] {
					score += counts[0]
				}
			}
		}
		if score > bestScore {
			best, bestScore = sep, score
		}
	}
	return best
}

// decode gives the text as UTF-8 without a byte order mark, and what it was.
// Text that is neither marked nor valid UTF-8 nor plainly UTF-16 is taken for
// Windows-1252, in which every byte means something.
func decode(data []byte) ([]byte, string) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		if utf8.Valid(data[3:]) {
			return data[3:], "utf-8"
		}
		return fromWindows(data[3:]), "windows-1252"
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return fromUTF16(data[2:], binary.LittleEndian), "utf-16le"
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return fromUTF16(data[2:], binary.BigEndian), "utf-16be"
	}
	if order, ok := looksUTF16(data); ok {
		if order == binary.ByteOrder(binary.LittleEndian) {
			return fromUTF16(data, order), "utf-16le"
		}
		return fromUTF16(data, order), "utf-16be"
	}
	if utf8.Valid(data) {
		return data, "utf-8"
	}
	return fromWindows(data), "windows-1252"
}

func fromWindows(data []byte) []byte {
	out, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return data // cannot happen: every byte has a meaning
	}
	return out
}

// looksUTF16 says whether unmarked text is UTF-16: in tables of western
// text nearly every second byte is zero, in UTF-8 none is.
func looksUTF16(data []byte) (binary.ByteOrder, bool) {
	n := min(len(data), 4096) &^ 1
	if n < 4 || len(data)%2 != 0 {
		return nil, false
	}
	var zeros [2]int
	for i := range n {
		if data[i] == 0 {
			zeros[i%2]++
		}
	}
	switch half := n / 2; {
	case zeros[1] >= half*7/10 && zeros[0] == 0:
		return binary.LittleEndian, true
	case zeros[0] >= half*7/10 && zeros[1] == 0:
		return binary.BigEndian, true
	}
	return nil, false
}

// fromUTF16 turns broken surrogates and a last odd byte into U+FFFD.
func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	out := make([]byte, 0, len(data)/2+len(data)/8)
	for i := 0; i+1 < len(data); i += 2 {
		r := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if i+3 < len(data) {
				low = rune(order.Uint16(data[i+2:]))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				i += 2
			}
		}
		out = utf8.AppendRune(out, r)
	}
	if len(data)%2 == 1 {
		out = utf8.AppendRune(out, utf8.RuneError)
	}
	return out
}
