package intake

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"

	"windshield/internal/fault"
)

func mustRead(t testing.TB, data []byte) *Table {
	t.Helper()
	table, err := Read(bytes.NewReader(data), Options{})
	require.NoError(t, err)
	return table
}

func rowsOf(t *Table) [][]string {
	var out [][]string
	for r := range t.Rows(t.Len()) {
		out = append(out, r)
	}
	return out
}

func toUTF16(s string, order binary.AppendByteOrder, mark bool) []byte {
	var out []byte
	if mark {
		out = order.AppendUint16(out, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func TestEncodings(t *testing.T) {
	const text = "key,name,city\r\nc1,Zürich & Söhne – “quoted”,Genève\r\nc2,\"A, \"\"B\"\"\r\nsecond line\",Bern\r\n"
	windows, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		data     []byte
		encoding string
	}{
		"utf-8":                     {[]byte(text), "utf-8"},
		"utf-8 with mark":           {[]byte("\ufeff" + text), "utf-8"},
		"utf-16le with mark":        {toUTF16(text, binary.LittleEndian, true), "utf-16le"},
		"utf-16be with mark":        {toUTF16(text, binary.BigEndian, true), "utf-16be"},
		"utf-16le":                  {toUTF16(text, binary.LittleEndian, false), "utf-16le"},
		"utf-16be":                  {toUTF16(text, binary.BigEndian, false), "utf-16be"},
		"windows-1252":              {windows, "windows-1252"},
		"windows-1252 under a mark": {append([]byte("\xef\xbb\xbf"), windows...), "windows-1252"},
	} {
		t.Run(name, func(t *testing.T) {
			table := mustRead(t, c.data)
			require.Equal(t, c.encoding, table.Encoding)
			require.Equal(t, []string{"key", "name", "city"}, table.Headers)
			require.Equal(t, [][]string{{"c1", "Zürich & Söhne – “quoted”", "Genève"}, {"c2", "A, \"B\"\nsecond line", "Bern"}}, rowsOf(table))
			require.Equal(t, 2, table.Line(0))
			require.Equal(t, 3, table.Line(1))
		})
	}
}

func TestUTF16BeyondTheFirstPlaneAndBroken(t *testing.T) {
	table := mustRead(t, toUTF16("key\n😀\n", binary.LittleEndian, true))
	require.Equal(t, "😀", table.Cell(0, 0))
	broken := append(toUTF16("key\nx", binary.LittleEndian, true), 0x00, 0xd8, 'y')
	require.Equal(t, "x\ufffd\ufffd", mustRead(t, broken).Cell(0, 0))
}

func TestSeparators(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want rune
	}{
		"comma":                {"a,b,c\n1,2;2,3\n", ','},
		"semicolon":            {"a;b;c\n1,5;2,5;3,5\n", ';'},
		"tab":                  {"a\tb\tc\n1,0\t2;0\t3\n", '\t'},
		"bar":                  {"a|b|c\n1|2|3\n", '|'},
		"told by Excel":        {"sep=;\na;b;c\n1;2;3\n", ';'},
		"in quotes":            {"\"a;x;y;z\",b,c\n1,2,3\n", ','},
		"lists of spans":       {"key,windows,tags\nc1,2027-01-01..2027-01-02|2027-02-01,a|b|c\n", ','},
		"old line ends":        {"a;b;c\r1;2;3\r", ';'},
		"empty lines on top":   {"\n\n;;\na;b;c\n1;2;3", ';'},
		"no line end, 3 cells": {"a,b,c\n1,2,3", ','},
	} {
		t.Run(name, func(t *testing.T) {
			table := mustRead(t, []byte(c.text))
			require.Equal(t, string(c.want), string(table.Separator))
			require.Len(t, table.Headers, 3)
			require.Equal(t, 3, table.Width(0))
		})
	}
	one := mustRead(t, []byte("key\nc1\nc2\n"))
	require.Equal(t, 2, one.Len())
	_, err := Read(strings.NewReader("a,b\n1,2"), Options{Separator: '"'})
	require.True(t, fault.Is(err, fault.Invalid))
}

func TestRefusedFiles(t *testing.T) {
	big := func(n int, unit string) io.Reader {
		return io.MultiReader(strings.NewReader("key\n"), strings.NewReader(strings.Repeat(unit, n)))
	}
	for name, c := range map[string]struct {
		r    io.Reader
		kind fault.Kind
		text string
	}{
		"empty":              {strings.NewReader(""), fault.Invalid, "The file is empty"},
		"only blanks":        {strings.NewReader(" , ,\n\n"), fault.Invalid, "The file is empty"},
		"zero bytes":         {strings.NewReader("key,name\nc1,a\x00b\n"), fault.Invalid, "row 2"},
		"zero bytes, utf-16": {bytes.NewReader(toUTF16("key,name\nc1,a\x00b\n", binary.LittleEndian, true)), fault.Invalid, "zero bytes"},
		"open quote":         {strings.NewReader("key,name\nc1,\"a\nc2,b\n"), fault.Invalid, "row 2"},
		"stray quote":        {strings.NewReader("key,name\nc1,a\"b\n"), fault.Invalid, "quotes"},
		"too large":          {big(MaxFileBytes/400+1, strings.Repeat("x", 399)+"\n"), fault.TooLarge, "at most 50 MB"},
		"too many rows":      {big(MaxRows+1, "x\n"), fault.TooLarge, "at most 250,000 rows"},
		"too many columns":   {strings.NewReader(strings.Repeat("a,", MaxColumns) + "b\n1\n"), fault.TooLarge, "at most 200 columns"},
		"row too wide":       {strings.NewReader("key\n" + strings.Repeat("a,", MaxColumns) + "b\n"), fault.TooLarge, "row 2"},
		"cell too long":      {strings.NewReader("key,name\nc1," + strings.Repeat("x", MaxCellBytes+1) + "\n"), fault.TooLarge, "row 2, column name"},
		"header too long":    {strings.NewReader(strings.Repeat("x", MaxCellBytes+1) + "\n"), fault.Invalid, "column names"},
		"old Excel":          {strings.NewReader("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 rest"), fault.Invalid, "old Excel file"},
		"PDF":                {strings.NewReader("%PDF-1.7"), fault.Invalid, "no table"},
		"broken zip":         {strings.NewReader("PK\x03\x04 rest"), fault.Invalid, "cannot be read"},
		"failing reader":     {io.MultiReader(strings.NewReader("key\n"), failing{}), fault.Invalid, "to its end"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(c.r, Options{})
			require.Error(t, err)
			require.Equal(t, c.kind, fault.KindOf(err), err.Error())
			require.ErrorContains(t, err, c.text)
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, fmt.Errorf("the network went away") }

func workbook(t testing.TB, change func(f *excelize.File), rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, r := range rows {
		cell, _ := excelize.CoordinatesToCellName(1, i+1)
		require.NoError(t, f.SetSheetRow("Sheet1", cell, &r))
	}
	if change != nil {
		change(f)
	}
	var b bytes.Buffer
	require.NoError(t, f.Write(&b))
	return b.Bytes()
}

func TestXLSX(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		_, err := f.NewSheet("Other")
		require.NoError(t, err)
		require.NoError(t, f.SetSheetRow("Other", "A1", &[]any{"key"}))
		require.NoError(t, f.SetSheetRow("Other", "A2", &[]any{"other"}))
		require.NoError(t, f.SetCellFormula("Sheet1", "B4", `HYPERLINK("http://evil.example","x")`))
	}, []any{"key", "name", "revenue", "must_visit"}, []any{"c1", "Zürich", 1234.5, true}, []any{}, []any{1002, nil, 7}, []any{"c3"})
	table := mustRead(t, data)
	require.Equal(t, "xlsx", table.Format)
	require.Equal(t, []string{"Sheet1", "Other"}, table.Sheets)
	require.Equal(t, [][]string{{"c1", "Zürich", "1234.5", "1"}, {"1002", `=HYPERLINK("http://evil.example","x")`, "7", ""}, {"c3", "", "", ""}}, rowsOf(table))
	require.Equal(t, []int{2, 4, 5}, []int{table.Line(0), table.Line(1), table.Line(2)})

	other, err := Read(bytes.NewReader(data), Options{Sheet: " other "})
	require.NoError(t, err)
	require.Equal(t, "other", other.Cell(0, 0))
	_, err = Read(bytes.NewReader(data), Options{Sheet: "Third"})
	require.ErrorContains(t, err, "one of Sheet1, Other")
}

func TestXLSXLimits(t *testing.T) {
	wide := make([]any, MaxColumns+1)
	for i := range wide {
		wide[i] = "x"
	}
	_, err := Read(bytes.NewReader(workbook(t, nil, wide)), Options{})
	require.Equal(t, fault.TooLarge, fault.KindOf(err))
	_, err = Read(bytes.NewReader(workbook(t, nil, []any{"key"}, wide)), Options{})
	require.Equal(t, fault.TooLarge, fault.KindOf(err))
	_, err = Read(bytes.NewReader(workbook(t, nil)), Options{})
	require.ErrorContains(t, err, "The file is empty")
	far := workbook(t, func(f *excelize.File) { require.NoError(t, f.SetCellValue("Sheet1", "XFD1048576", "x")) }, []any{"key"}, []any{"c1"})
	_, err = Read(bytes.NewReader(far), Options{})
	require.Equal(t, fault.TooLarge, fault.KindOf(err))
}

// rezip copies a workbook and replaces or adds parts.
func rezip(t *testing.T, data []byte, parts map[string]string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		if _, replaced := parts[f.Name]; !replaced {
			require.NoError(t, out.Copy(f))
		}
	}
	for name, text := range parts {
		if n, ok := strings.CutPrefix(text, "blanks "); ok {
			megabytes, err := strconv.Atoi(n)
			require.NoError(t, err)
			packed, sum := blanks(t, megabytes)
			w, err := out.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CRC32: sum,
				CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(megabytes) << 20})
			require.NoError(t, err)
			_, err = w.Write(packed)
			require.NoError(t, err)
			continue
		}
		w, err := out.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
	return b.Bytes()
}

// blanks gives so many megabytes of spaces, packed: a packed megabyte repeated,
// which is what makes a bomb cheap.
func blanks(t *testing.T, megabytes int) (packed []byte, sum uint32) {
	t.Helper()
	chunk := bytes.Repeat([]byte(" "), 1<<20)
	var one bytes.Buffer
	w, err := flate.NewWriter(&one, flate.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(chunk)
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	block := bytes.Clone(one.Bytes())
	one.Reset()
	require.NoError(t, w.Close())
	for range megabytes {
		packed = append(packed, block...)
		sum = crc32.Update(sum, crc32.IEEETable, chunk)
	}
	return append(packed, one.Bytes()...), sum
}

func TestBombs(t *testing.T) {
	good := workbook(t, nil, []any{"key"}, []any{"c1"})
	for name, data := range map[string][]byte{
		"a sheet of 400 MB":    rezip(t, good, map[string]string{"xl/worksheets/sheet1.xml": "blanks 400"}),
		"texts of 400 MB":      rezip(t, good, map[string]string{"xl/sharedStrings.xml": "blanks 400"}),
		"a hidden part":        rezip(t, good, map[string]string{"xl/media/image1.png": "blanks 301"}),
		"styles of 40 MB":      rezip(t, good, map[string]string{"xl/styles.xml": "blanks 40"}),
		"many parts":           rezip(t, good, manyParts(maxParts)),
		"two sheets of 200 MB": rezip(t, good, map[string]string{"xl/worksheets/a.xml": "blanks 200", "xl/worksheets/b.xml": "blanks 200"}),
	} {
		t.Run(name, func(t *testing.T) {
			require.Less(t, len(data), 2<<20)
			_, err := Read(bytes.NewReader(data), Options{})
			require.Equal(t, fault.TooLarge, fault.KindOf(err), "%v", err)
		})
	}
	t.Run("a part that is longer than it says", func(t *testing.T) {
		data := rezip(t, good, map[string]string{"xl/worksheets/sheet1.xml": "blanks 64"})
		_, err := Read(bytes.NewReader(lieAboutSize(t, data, 1000)), Options{})
		require.Error(t, err)
	})
	t.Run("a row far down", func(t *testing.T) {
		data := rezip(t, good, map[string]string{"xl/worksheets/sheet1.xml": `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` +
			`<row r="1"><c r="A1" t="inlineStr"><is><t>key</t></is></c></row><row r="2000000000"><c r="A2000000000"><v>1</v></c></row></sheetData></worksheet>`})
		_, err := Read(bytes.NewReader(data), Options{})
		require.Error(t, err)
	})
	t.Run("a zip that is no workbook", func(t *testing.T) {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		_, err := w.Create("readme.txt")
		require.NoError(t, err)
		require.NoError(t, w.Close())
		_, err = Read(bytes.NewReader(b.Bytes()), Options{})
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	})
}

func manyParts(n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprintf("xl/x%d.xml", i)] = ""
	}
	return m
}

// lieAboutSize overwrites the declared unpacked size of every part over 1 MB in
// the central directory.
func lieAboutSize(t *testing.T, data []byte, size uint32) []byte {
	data = bytes.Clone(data)
	found := false
	for i := 0; ; {
		j := bytes.Index(data[i:], []byte("PK\x01\x02"))
		if j < 0 {
			break
		}
		i += j
		if binary.LittleEndian.Uint32(data[i+24:]) > 1<<20 {
			binary.LittleEndian.PutUint32(data[i+24:], size)
			found = true
		}
		i += 4
	}
	require.True(t, found)
	return data
}

// Whatever the cells hold, a table written as CSV comes back as it was.
func TestCSVRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		separator := rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "separator")
		columns := rapid.IntRange(2, 6).Draw(t, "columns")
		cell := rapid.Custom(func(t *rapid.T) string {
			s := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "ü", "“", "😀", "\"", ",", ";", "\t", "\n", " ", "=1+1", "7"}), 1, 8).Draw(t, "cell"), "")
			if strings.TrimSpace(s) == "" {
				return "x"
			}
			return s
		})
		var rows [][]string
		header := make([]string, columns)
		for i := range header {
			header[i] = fmt.Sprintf("h%d", i)
		}
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			rows = append(rows, rapid.SliceOfN(cell, columns, columns).Draw(t, "row"))
		}
		var b strings.Builder
		quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		for i, r := range append([][]string{header}, rows...) {
			for j, c := range r {
				if j > 0 {
					b.WriteRune(separator)
				}
				if i == 0 {
					b.WriteString(c)
				} else {
					b.WriteString(quote(c))
				}
			}
			b.WriteString("\r\n")
		}
		data := []byte(b.String())
		switch rapid.IntRange(0, 2).Draw(t, "encoding") {
		case 1:
			data = toUTF16(b.String(), binary.LittleEndian, true)
		case 2:
			data = toUTF16(b.String(), binary.BigEndian, true)
		}
		table, err := Read(bytes.NewReader(data), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := rowsOf(table); fmt.Sprint(got) != fmt.Sprint(rows) || len(table.Headers) != columns {
			t.Fatalf("wrote %q, read %q", rows, got)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("key,name\nc1,a\n"))
	f.Add([]byte("\xff\xfek\x00e\x00"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Read(bytes.NewReader(data), Options{})
		if err != nil {
			require.Contains(t, []fault.Kind{fault.Invalid, fault.TooLarge}, fault.KindOf(err))
			return
		}
		report, err := Parse(Hosts, table, Mapping{"key": 0, "name": 0, "email": 0}, Existing{})
		require.Error(t, err)
		require.Nil(t, report)
	})
}

// A row of nothing but separators is refused before the library holds its cells,
// wherever the row breaks its lines.
func TestEndlessRowsTakeNoMemory(t *testing.T) {
	const head = "key,name\n"
	for name, c := range map[string]struct {
		row  string
		line string
	}{
		"commas":                   {strings.Repeat(",", 20<<20), "row 2"},
		"lines within quotes":      {strings.Repeat("\"\n\","+strings.Repeat(",", 999), 20<<10), "row 2"},
		"after a row with a break": {"a,\"b\nc\"\n" + strings.Repeat(",", 20<<20), "row 4"},
	} {
		var before, after runtime.MemStats
		data := []byte(head + c.row)
		runtime.ReadMemStats(&before)
		_, err := Read(bytes.NewReader(data), Options{})
		runtime.ReadMemStats(&after)
		require.Equal(t, fault.TooLarge, fault.KindOf(err), name)
		require.ErrorContains(t, err, "at most 200 columns", name)
		require.ErrorContains(t, err, c.line, name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), name)
	}
	list := strings.Repeat(",", MaxCellBytes)
	table := mustRead(t, []byte(head+"a,\""+list+"\"\nb,\"1\n"+list[2:]+"\"\n"))
	require.Equal(t, 2, table.Len(), "separators within quotes are text")
}
