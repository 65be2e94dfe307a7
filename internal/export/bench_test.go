package export_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/export"
)

// Two hundred executives with twelve visits each: every file in less than a second.
func BenchmarkFiles(b *testing.B) {
	y, p := sampleYear(200, 12, "Alpine Instruments"), sampleSlides(200, "Alpine Instruments")
	for name, write := range map[string]func(io.Writer) error{
		"xlsx": func(w io.Writer) error { return export.YearXLSX(w, y) },
		"pptx": p.Write,
		"pdf":  func(w io.Writer) error { return export.YearPDF(w, y) },
		"csv":  func(w io.Writer) error { return export.VisitsCSV(w, y.Visits) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, write(io.Discard))
			}
			require.Less(b, b.Elapsed().Seconds()/float64(b.N), 1.0)
		})
	}
}
