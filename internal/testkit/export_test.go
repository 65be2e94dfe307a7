package testkit_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"windshield/api/client"
	"windshield/internal/flow"
	"windshield/internal/roster"
	. "windshield/internal/testkit"
	"windshield/internal/visit"
)

// A plan leaves as five files and a page for paper, which all show the same visits;
// executives and hosts take out their own, and nobody takes out what is not to be
// handed on.
func TestAPlanLeavesAsFiles(t *testing.T) {
	h := New(t, SQLite)
	vp := h.Small(16)
	plan := h.Year(vp, 12)
	visits := h.Visits(plan, visit.Published)
	v := visits[0]
	executive, host := h.Person(v.ExecutiveID), h.Person(v.HostID)

	// What a customer is called and what is noted of it comes from outside.
	var customer roster.Customer
	var selection string
	require.NoError(t, h.App.Store.Write(t.Context(), func(tx flow.Tx) error {
		p, err := tx.Plans.Get(plan)
		if err != nil {
			return err
		}
		selection = p.SelectionID
		found, err := tx.Customers.ByIDs(v.CustomerID)
		if err != nil {
			return err
		}
		customer = found[0]
		customer.Name = `=HYPERLINK("http://evil.example")<script>alert(1)</script>`
		customer.Contact = roster.Contact{Name: "Secret Person", Email: "secret@customer.example", Phone: "+41 secret"}
		if err := tx.Customers.Save(&customer); err != nil {
			return err
		}
		x, err := tx.Visits.Get(v.ID)
		if err != nil {
			return err
		}
		x.Objective, x.AnswerNote, x.Theirs.Words = "secret objective", "secret note", "secret words"
		return tx.Visits.Save(&x)
	}))

	at := "/plans/" + plan
	file := func(as, path string) []byte {
		status, body := h.Get(h.As(as), path)
		require.Equal(t, http.StatusOK, status, "%s %s: %s", as, path, body)
		return []byte(body)
	}
	var texts []string // of all files together, to look for what must not be in them

	list := readList(t, file(VP, at+"/plan.csv"))
	require.Len(t, list, len(visits)+1)
	i := slices.IndexFunc(list, func(r []string) bool { return r[0] == v.Label })
	require.Equal(t, []string{v.Label, v.Slot.Date.String(), string(v.Slot.Half)}, list[i][:3])
	require.Equal(t, []string{executive.Name, "'" + customer.Name}, list[i][6:8], "nothing that a spreadsheet would run")
	require.Equal(t, "yes", list[i][15], "that it has an objective, and not which")
	texts = append(texts, strings.Join(slices.Concat(list...), "\n"))

	book, err := excelize.OpenReader(bytes.NewReader(file(VP, at+"/plan.xlsx")))
	require.NoError(t, err)
	defer book.Close()
	rows, err := book.GetRows("Visits")
	require.NoError(t, err)
	for i := range rows { // without empty cells at the end, of who has no window
		rows[i] = append(rows[i], make([]string, len(rows[0])-len(rows[i]))...)
	}
	require.Equal(t, list, rows, "both lists are one")
	planned, err := book.CalcCellValue("Coverage", "D5")
	require.NoError(t, err)
	deck, err := h.App.Flow.Deck(t.Context(), System, plan)
	require.NoError(t, err)
	require.Equal(t, len(deck.Slides[0].Bars), len(deck.Groups))
	require.Contains(t, deck.Slides[0].Bars[0].Text, planned+" of ", "the workbook counts what the slide says")
	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet)
		require.NoError(t, err)
		texts = append(texts, strings.Join(slices.Concat(rows...), "\n"))
	}

	said := slideTexts(t, file(VP, at+"/plan.pptx"))
	require.Len(t, said, len(deck.Slides))
	for i, s := range deck.Slides {
		require.Contains(t, said[i], s.Title)
		require.Contains(t, said[i], deck.Footer)
	}
	texts = append(texts, said...)

	pdf := file(VP, at+"/plan.pdf")
	require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-1.4\n")))
	require.True(t, bytes.HasSuffix(pdf, []byte("%%EOF\n")))

	all := events(t, file(VP, at+"/plan.ics"))
	require.Len(t, all, len(visits))
	require.Contains(t, all, v.ID+"@windshield")
	texts = append(texts, string(file(VP, at+"/plan.ics")), string(file(VP, at+"/print")))
	for _, text := range texts {
		require.NotContains(t, strings.ToLower(text), "secret")
	}
	require.NotContains(t, texts[len(texts)-1], "<script>alert")
	require.Contains(t, texts[len(texts)-1], executive.Name)

	// Whoever goes there takes out own visits, as lists, and nothing of a draft.
	for as, mine := range map[string]func(visit.Visit) bool{
		executive.Email: func(x visit.Visit) bool { return x.ExecutiveID == executive.ID },
		host.Email:      func(x visit.Visit) bool { return x.HostID == host.ID },
	} {
		own := pick(visits, mine)
		require.Less(t, len(own), len(visits))
		require.Len(t, readList(t, file(as, at+"/plan.csv")), len(own)+1)
		got := events(t, file(as, at+"/plan.ics"))
		require.Len(t, got, len(own))
		for _, x := range own {
			require.Contains(t, got, x.ID+"@windshield")
		}
		for _, path := range []string{"/plan.xlsx", "/plan.pptx", "/plan.pdf", "/print"} {
			status, _ := h.Get(h.As(as), at+path)
			require.Equal(t, http.StatusForbidden, status, "%s %s", as, path)
		}
	}
	draft := h.Draft(vp, selection, 2, 200)
	for _, kind := range []client.PlanFileFormat{client.PlanFileFormatCsv, client.PlanFileFormatIcs} {
		r, err := h.API(executive.Email).GetPlanFileWithResponse(t.Context(), draft, kind)
		require.NoError(t, err)
		require.Equal(t, http.StatusForbidden, r.StatusCode(), "%s", r.Body)
	}
	status, _ := h.Get(h.As(VP), "/plans/none/plan.csv")
	require.Equal(t, http.StatusNotFound, status)
	status, _ = h.Get(h.As(VP), at+"/plan.exe")
	require.Equal(t, http.StatusNotFound, status)

	// The API gives the same files.
	for _, kind := range flow.PlanFileKinds() {
		r, err := vp.GetPlanFileWithResponse(t.Context(), plan, client.PlanFileFormat(kind))
		require.NoError(t, err)
		require.NoError(t, client.Check(r))
		require.Contains(t, r.HTTPResponse.Header.Get("Content-Disposition"), "."+string(kind)+`"`)
		require.NotEmpty(t, r.Body)
		if kind == flow.PlanCSV {
			require.Equal(t, list, readList(t, r.Body))
		}
	}
	r, err := vp.GetPlanFileWithResponse(t.Context(), plan, "exe")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnprocessableEntity, r.StatusCode(), "%s", r.Body)
}

func readList(t *testing.T, file []byte) [][]string {
	t.Helper()
	text, marked := strings.CutPrefix(string(file), "\uFEFF")
	require.True(t, marked)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	return rows
}

// slideTexts gives what stands on each slide.
func slideTexts(t *testing.T, file []byte) (out []string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, "ppt/slides/slide") {
			continue
		}
		r, err := f.Open()
		require.NoError(t, err)
		var b strings.Builder
		for d := xml.NewDecoder(r); ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			require.NoError(t, err, f.Name)
			if text, is := token.(xml.CharData); is {
				b.Write(text)
				b.WriteByte('\n')
			}
		}
		out = append(out, b.String())
	}
	return out
}

// events gives the names of a calendar's events.
func events(t *testing.T, file []byte) (out []string) {
	t.Helper()
	require.True(t, bytes.HasPrefix(file, []byte("BEGIN:VCALENDAR\r\n")))
	for _, l := range strings.Split(strings.ReplaceAll(string(file), "\r\n ", ""), "\r\n") {
		require.NotContains(t, l, "\n")
		if id, is := strings.CutPrefix(l, "UID:"); is {
			out = append(out, id)
		}
	}
	require.Equal(t, strings.Count(string(file), "BEGIN:VEVENT\r\n"), len(out))
	return out
}
