package intake

import (
	"bufio"
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

// readCSV reads while the file comes in, so that no more than the table itself
// is held in memory; what the file is shows in its first bytes.
func readCSV(in *bufio.Reader, o Options) (*Table, error) {
	t := &Table{Format: "csv", Separator: o.Separator}
	text := in
	switch order, mark := byteOrder(in); {
	case order != nil:
		t.Encoding = "utf-16le"
		if order == binary.ByteOrder(binary.BigEndian) {
			t.Encoding = "utf-16be"
		}
		in.Discard(mark)
		text = bufio.NewReaderSize(&utf16Reader{in: in, order: order}, peekBytes)
	default:
		t.Encoding = "utf-8"
		in.Discard(mark)
	}
	head, _ := text.Peek(peekBytes)
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 { // line ends of old Macs
		text = bufio.NewReaderSize(oldMac{text}, peekBytes)
		head, _ = text.Peek(peekBytes)
	}
	if t.Separator == 0 {
		t.Separator = sniffSeparator(head)
	}
	// Excel writes "sep=;" into the first line of some files.
	skipped := 0
	if line, _, _ := bytes.Cut(head, []byte("\n")); len(line) <= 6 && strings.HasPrefix(strings.ToLower(string(line)), "sep=") {
		if s := bytes.TrimRight(line[4:], "\r"); len(s) == 1 {
			t.Separator, skipped = rune(s[0]), 1
			text.Discard(len(line) + 1)
		}
	}
	if t.Separator == '"' || t.Separator == '\r' || t.Separator == '\n' || !utf8.ValidRune(t.Separator) || t.Separator == utf8.RuneError {
		return nil, fault.Invalidf("This separator cannot be used.").With(fault.Detail{Value: string(t.Separator), Expected: "a comma, a semicolon or a tab"})
	}
	r := csv.NewReader(&narrow{in: text, separator: separatorByte(t.Separator), line: 1 + skipped})
	r.Comma = t.Separator
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, badQuotes(err, skipped)
		}
		line, _ := r.FieldPos(0)
		line += skipped
		if len(t.Headers) > 0 {
			err = t.add(line, cells)
		} else if strings.TrimSpace(strings.Join(cells, "")) != "" {
			err = t.setHeaders(line, cells)
		}
		if err != nil {
			return nil, err
		}
	}
	t.decodeWindows()
	return t, nil
}

// mostSeparators is far above MaxColumns, since spreadsheets may leave thousands
// of empty columns behind the last name.
const mostSeparators = 20_000

// narrow ends the reading of a row with too many cells while it comes in. The
// library would first hold all of them, which takes fifty times the file's size.
type narrow struct {
	in        io.Reader
	separator byte
	line      int // in which the row begins
	lines     int // of the row so far
	found     int
	quoted    bool
}

// separatorByte gives the last byte of a separator, the one to count.
func separatorByte(separator rune) byte {
	b := utf8.AppendRune(nil, separator)
	return b[len(b)-1]
}

func (n *narrow) Read(p []byte) (int, error) {
	size, err := n.in.Read(p)
	for _, c := range p[:size] {
		switch {
		case c == '"':
			n.quoted = !n.quoted // twice for a quote within quotes
		case c == '\n':
			if n.lines++; !n.quoted {
				n.line, n.lines, n.found = n.line+n.lines, 0, 0
			}
		case c == n.separator && !n.quoted:
			if n.found++; n.found > mostSeparators {
				return 0, tooManyColumns(n.line)
			}
		}
	}
	return size, err
}

func badQuotes(err error, skipped int) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f // a limit of the file
	}
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

// byteOrder says whether the text is UTF-16, and how many bytes of a byte order
// mark to skip. Unmarked UTF-16 is recognised in tables of western text, where
// nearly every second byte is zero; in UTF-8 none is.
func byteOrder(in *bufio.Reader) (order binary.ByteOrder, mark int) {
	head, _ := in.Peek(4096)
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return nil, 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return binary.LittleEndian, 2
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return binary.BigEndian, 2
	}
	n := len(head) &^ 1
	var zeros [2]int
	for i := range n {
		if head[i] == 0 {
			zeros[i%2]++
		}
	}
	switch half := n / 2; {
	case n < 4:
	case zeros[1] >= half*7/10 && zeros[0] == 0:
		return binary.LittleEndian, 0
	case zeros[0] >= half*7/10 && zeros[1] == 0:
		return binary.BigEndian, 0
	}
	return nil, 0
}

// utf16Reader turns UTF-16 into UTF-8; broken surrogates and a last odd byte
// become U+FFFD.
type utf16Reader struct {
	in      *bufio.Reader
	order   binary.ByteOrder
	pending []byte
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.pending) == 0 {
		r, err := u.rune()
		if err != nil {
			return 0, err
		}
		u.pending = utf8.AppendRune(u.pending[:0], r)
		for len(u.pending) < 4096 {
			if r, err = u.rune(); err != nil {
				break // comes again at the next call
			}
			u.pending = utf8.AppendRune(u.pending, r)
		}
	}
	n := copy(p, u.pending)
	u.pending = u.pending[n:]
	return n, nil
}

func (u *utf16Reader) rune() (rune, error) {
	unit, err := u.in.Peek(2)
	if len(unit) == 0 {
		return 0, err
	}
	u.in.Discard(len(unit))
	if len(unit) == 1 {
		return utf8.RuneError, nil
	}
	r := rune(u.order.Uint16(unit))
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	low, _ := u.in.Peek(2)
	if len(low) < 2 {
		return utf8.RuneError, nil
	}
	if r = utf16.DecodeRune(r, rune(u.order.Uint16(low))); r != utf8.RuneError {
		u.in.Discard(2)
	}
	return r, nil
}

// oldMac turns carriage returns into line feeds.
type oldMac struct{ in io.Reader }

func (o oldMac) Read(p []byte) (int, error) {
	n, err := o.in.Read(p)
	for i := range n {
		if p[i] == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// decodeWindows takes text that is not valid UTF-8 for Windows-1252, in which
// every byte means something. It shares the separators, quotes and line ends of
// UTF-8, so that it makes no difference to do this last; but it must be all
// cells or none.
func (t *Table) decodeWindows() {
	valid := true
	for _, h := range t.Headers {
		valid = valid && utf8.ValidString(h)
	}
	for i := 0; i < len(t.text) && valid; i++ {
		valid = utf8.ValidString(t.text[i])
	}
	if valid || t.Encoding != "utf-8" {
		return
	}
	t.Encoding = "windows-1252"
	for i, h := range t.Headers {
		t.Headers[i] = fromWindows(h)
	}
	for i := range t.text {
		cells := t.Row(i)
		var b strings.Builder
		for j, c := range cells {
			b.WriteString(fromWindows(c))
			t.ends[t.first[i]+uint32(j)] = uint32(b.Len())
		}
		t.text[i] = b.String()
	}
}

func fromWindows(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] < 0x80
	}
	if plain {
		return s
	}
	out, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return s // cannot happen: every byte has a meaning
	}
	return out
}
