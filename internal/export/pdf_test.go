package export_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/export"
)

// parts reads what a reader of PDF reads first: the table of places, from the end.
func parts(t *testing.T, file []byte) (objects map[int]string, content string) {
	t.Helper()
	end := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(file)
	require.NotNil(t, end)
	start, err := strconv.Atoi(string(end[1]))
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(file[start:], []byte("xref\n0 8\n")))
	objects = map[int]string{}
	for i, m := range regexp.MustCompile(`(\d{10}) 00000 n `).FindAllSubmatch(file[start:], -1) {
		at, err := strconv.Atoi(string(m[1]))
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(file[at:], []byte(fmt.Sprintf("%d 0 obj\n", i+1))), "object %d", i+1)
		body, _, found := bytes.Cut(file[at:], []byte("\nendobj\n"))
		require.True(t, found)
		objects[i+1] = string(body)
	}
	head, stream, found := strings.Cut(objects[6], "stream\n")
	require.True(t, found)
	stream = strings.TrimSuffix(stream, "\nendstream")
	require.Contains(t, head, fmt.Sprintf("/Length %d ", len(stream)))
	z, err := zlib.NewReader(strings.NewReader(stream))
	require.NoError(t, err)
	b, err := io.ReadAll(z)
	require.NoError(t, err)
	return objects, string(b)
}

func TestPage(t *testing.T) {
	file := func() []byte {
		p := export.NewPage("Zürich (draft)")
		p.Text(40, 50, 12, true, `Łódź, Αθήνα: 5 % of (visits) \ more`)
		p.Right(300, 60, 9, false, "1,234")
		p.Rule(40, 70, 555, 70, 0.5)
		p.Box(40, 80, 100, 10, 0.8)
		b, err := p.Bytes()
		require.NoError(t, err)
		return b
	}
	first := file()
	require.Equal(t, first, file(), "the same page gives the same bytes")
	objects, content := parts(t, first)
	require.Len(t, objects, 7)
	require.Contains(t, objects[7], "/Title (Z\xfcrich \\(draft\\))")
	require.Contains(t, content, "(L\xf3dz, ?????: 5 % of")
	require.Contains(t, content, `5 % of \(visits\) \\ more) Tj`)
	require.Contains(t, content, "BT /F2 12.00 Tf 40.00 792.00 Td")
	require.Contains(t, content, "0.80 g 40.00 752.00 100.00 10.00 re f")
}

// Lines are no wider than asked for, and no word is lost.
func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([A-Za-z0-9%,.äß–]{1,12} ?){0,40}`).Draw(t, "text")
		width, bold := rapid.Float64Range(20, 400).Draw(t, "width"), rapid.Bool().Draw(t, "bold")
		lines := export.Wrap(text, width, 9, bold)
		for _, l := range lines {
			if strings.Contains(l, " ") {
				require.LessOrEqual(t, export.Width(l, 9, bold), width)
			}
		}
		require.Equal(t, strings.Join(strings.Fields(text), " "), strings.Join(lines, " "))
		require.LessOrEqual(t, export.Width(export.Cut(text, width, 9, bold), 9, bold), max(width, export.Width("…", 9, bold)))
	})
}
