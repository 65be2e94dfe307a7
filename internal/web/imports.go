package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/intake"
)

// maxUpload bounds a file in bytes; the server bounds the request as well.
const maxUpload = 50 << 20

var kindLabels = map[intake.Kind]string{
	intake.Hosts: "Hosts", intake.Executives: "Executives", intake.Customers: "Customers", intake.PastVisits: "Past visits",
}

var kindHints = map[intake.Kind]string{
	intake.Hosts:      "salespeople who own accounts and go along",
	intake.Executives: "everybody who is asked to visit customers, with office and limits",
	intake.Customers:  "whom to visit, with city, host, attributes and windows",
	intake.PastVisits: "what happened before Windshield, so that the 30-day clock is right from the first day",
}

var importStates = map[flow.ImportState]struct{ text, class string }{
	flow.Uploaded: {"not yet written", "tag dash"}, flow.Confirmed: {"✓ written", "tag ok"},
}

func (p *Pages) imports(c echo.Context) error {
	rows, err := p.Flow.Imports(ctx(c), auth.Actor(c))
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, importsPage(p.frame(c, "Import"), rows))
}

type newImportModel struct {
	Kind  intake.Kind
	Key   string
	Error shownError
}

func (p *Pages) newImport(c echo.Context) error {
	kind := intake.Kind(c.QueryParam("kind"))
	if kindLabels[kind] == "" {
		kind = intake.Hosts
	}
	return p.showNewImport(c, http.StatusOK, kind, nil)
}

func (p *Pages) showNewImport(c echo.Context, status int, kind intake.Kind, err error) error {
	f := p.frame(c, "Import: upload")
	f.Narrow = true
	return p.show(c, status, newImportPage(f, newImportModel{Kind: kind, Key: p.NewKey(), Error: shown(err, "file", "kind")}))
}

func (p *Pages) upload(c echo.Context) error {
	// Before anything is read: nobody else's megabytes are worth the memory.
	if err := access.Require(auth.Actor(c), access.ImportRoster, access.Subject{}); err != nil {
		return err
	}
	kind := intake.Kind(c.FormValue("kind"))
	name, data, err := uploaded(c)
	if err == nil && kindLabels[kind] == "" {
		err = fault.Invalidf("Please say what is in the file.").With(fault.Detail{Where: "kind", Value: fault.Short(string(kind)), Expected: "one of the choices"})
	}
	var v flow.ImportView
	if err == nil {
		v, err = p.Flow.Upload(ctx(c), auth.Actor(c), key(c, string(kind), name, string(data)), kind, name, data)
	}
	if status, yes := formError(err); err != nil && yes {
		return p.showNewImport(c, status, kind, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/imports/"+url.PathEscape(v.ID)+"/match", "")
}

// uploaded reads the file of the form.
func uploaded(c echo.Context) (name string, data []byte, err error) {
	h, err := c.FormFile("file")
	if err != nil || h.Size == 0 {
		return "", nil, fault.Invalidf("No file was sent.").With(fault.Detail{Where: "file", Expected: "a CSV or XLSX file that is not empty"})
	}
	if h.Size > maxUpload {
		return "", nil, fault.New(fault.TooLarge, "The file is larger than 50 MB.").With(fault.Detail{Where: "file", Value: num(ctx(c), h.Size) + " bytes", Expected: "at most 50 MB", Mend: "Split it into several files."})
	}
	f, err := h.Open()
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	data, err = io.ReadAll(f)
	return h.Filename, data, err
}

// template gives the CSV template of a kind; the name in the address is "hosts.csv".
func (p *Pages) template(c echo.Context) error {
	name, ok := strings.CutSuffix(c.Param("file"), ".csv")
	kind := intake.Kind(name)
	if !ok || kindLabels[kind] == "" {
		return fault.NotFoundf("There is no template of this name.")
	}
	var b bytes.Buffer
	if err := intake.Template(&b, kind); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="windshield-`+string(kind)+`.csv"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", b.Bytes())
}

// importModel is one import at a step of the wizard.
type importModel struct {
	flow.ImportView
	Here    string
	Step    int // 1 upload, 2 match, 3 check, 4 confirm
	Columns []column
	Problem shownError // what is wrong with the columns as they are matched
	Key     string
	Error   shownError
	Stale   bool
}

// column is a column of the file on the match step.
type column struct {
	Index     int
	Header    string
	Samples   string
	Field     string // what it is mapped to, "" for nothing
	Guess     string // how sure the guess is, in words
	Unsure    bool
	Dimension string // name of the dimension, where it is one
}

// asDimension is the choice of the match step that makes a column an attribute
// under its own header.
const asDimension = "dimension"

func (p *Pages) importModelOf(c echo.Context, v flow.ImportView, step int) importModel {
	m := importModel{ImportView: v, Here: "/imports/" + url.PathEscape(v.ID), Step: step, Key: p.NewKey()}
	byColumn := map[int]string{}
	for field, i := range v.Mapping {
		byColumn[i] = field
	}
	for i, h := range v.Headers {
		col := column{Index: i, Header: h, Field: byColumn[i]}
		var samples []string
		for _, row := range v.Sample {
			if i < len(row) && row[i] != "" && len(samples) < 3 {
				samples = append(samples, fault.Short(row[i]))
			}
		}
		col.Samples = strings.Join(samples, " · ")
		if d, ok := strings.CutPrefix(col.Field, intake.DimensionPrefix); ok {
			col.Dimension = d
		}
		col.Guess, col.Unsure = guessText(v.Guesses, i, col.Field)
		m.Columns = append(m.Columns, col)
	}
	m.Problem = shown(v.MappingProblem)
	return m
}

func guessText(guesses []intake.Guess, i int, field string) (text string, unsure bool) {
	for _, g := range guesses {
		if g.Column != i {
			continue
		}
		if g.Field != field {
			return "chosen by hand", false
		}
		switch g.Confidence {
		case intake.Exact:
			return "same name", false
		case intake.Synonym:
			return "known other name", false
		case intake.Fuzzy:
			return "a guess: please check", true
		}
	}
	return "not used", false
}

var stepNames = []string{"Upload", "Match columns", "Check", "Confirm"}

func (p *Pages) importHome(c echo.Context) error {
	v, err := p.Flow.Import(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	if v.State == flow.Confirmed {
		f := p.frame(c, "Import: "+v.FileName)
		f.Narrow = true
		return p.show(c, http.StatusOK, importedPage(f, p.importModelOf(c, v, 5)))
	}
	return back(c, "/imports/"+url.PathEscape(v.ID)+"/match", "")
}

func (p *Pages) importMatch(c echo.Context) error { return p.importStep(c, 2, nil) }

func (p *Pages) importCheck(c echo.Context) error { return p.importStep(c, 3, nil) }

func (p *Pages) importConfirm(c echo.Context) error { return p.importStep(c, 4, nil) }

// importStep shows a step of the wizard; refused is why a form came back.
func (p *Pages) importStep(c echo.Context, step int, refused error) error {
	v, err := p.Flow.Import(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	if v.State != flow.Uploaded {
		return back(c, "/imports/"+url.PathEscape(v.ID), "")
	}
	if v.Report == nil && step > 2 {
		return back(c, "/imports/"+url.PathEscape(v.ID)+"/match", "")
	}
	m := p.importModelOf(c, v, step)
	status := http.StatusOK
	if refused != nil {
		if m.Stale = fault.Is(refused, fault.Stale); m.Stale {
			status = http.StatusConflict
		} else {
			status, _ = formError(refused)
			m.Error = shown(refused)
		}
		if step == 2 && !m.Stale {
			m.keepTyped(c)
		}
	}
	f := p.frame(c, "Import: "+strings.ToLower(stepNames[step-1]))
	pages := map[int]func(frame, importModel) pageBody{2: matchStep, 3: checkStep, 4: confirmStep}
	return p.show(c, status, pages[step](f, m))
}

// keepTyped puts back what the reader had chosen on the match step.
func (m *importModel) keepTyped(c echo.Context) {
	for i := range m.Columns {
		m.Columns[i].Field = chosenField(c, i, m.Columns[i].Header)
	}
}

// chosenField gives the field that the form maps a column to.
func chosenField(c echo.Context, i int, header string) string {
	field := c.FormValue("column-" + strconv.Itoa(i))
	if field == asDimension {
		return intake.DimensionPrefix + intake.DimensionName(header)
	}
	return field
}

func (p *Pages) mapImport(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	a, id := auth.Actor(c), c.Param("id")
	v, err := p.Flow.Import(ctx(c), a, id)
	if err != nil {
		return err
	}
	mapping := intake.Mapping{}
	var bad []fault.Detail
	for i, h := range v.Headers {
		field := chosenField(c, i, h)
		if field == "" {
			continue
		}
		if other, twice := mapping[field]; twice {
			bad = append(bad, fault.Detail{Where: "column " + h, Value: fieldName(field), Expected: "every field once",
				Mend: "It is chosen for column " + v.Headers[other] + " already."})
			continue
		}
		mapping[field] = i
	}
	if len(bad) > 0 {
		err = fault.Invalidf("The columns do not fit yet.").With(bad...)
	} else {
		_, err = p.Flow.MapImport(ctx(c), a, id, ver, mapping)
	}
	if _, yes := formError(err); err != nil && (yes || fault.Is(err, fault.Stale)) {
		return p.importStep(c, 2, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/imports/"+url.PathEscape(id)+"/check", "mapped")
}

func (p *Pages) confirmImport(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	id := c.Param("id")
	_, err = p.Flow.ConfirmImport(ctx(c), auth.Actor(c), key(c, itoa(ver)), id, ver)
	if _, yes := formError(err); err != nil && (yes || fault.Is(err, fault.Stale)) {
		return p.importStep(c, 4, err)
	}
	if err != nil {
		return err
	}
	return back(c, "/imports/"+url.PathEscape(id), "imported")
}

func (p *Pages) rejected(c echo.Context) error {
	var b bytes.Buffer // whole first, so that a failure is an error page and not half a file
	if err := p.Flow.RejectedRows(ctx(c), auth.Actor(c), c.Param("id"), &b); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="rejected.csv"`)
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", b.Bytes())
}

// fieldName gives a field in words, for people.
func fieldName(field string) string {
	if d, ok := strings.CutPrefix(field, intake.DimensionPrefix); ok {
		return "attribute " + strings.ReplaceAll(d, "_", " ")
	}
	return intake.FieldLabel(field)
}

// lines writes line numbers: "2, 7, 19 and 109 more".
func lines(ctx context.Context, shownLines []int, rows int) string {
	var parts []string
	for _, n := range shownLines {
		parts = append(parts, strconv.Itoa(n))
	}
	s := strings.Join(parts, ", ")
	if more := rows - len(shownLines); more > 0 {
		s += " and " + num(ctx, more) + " more"
	}
	return s
}

// known says whether a field is one of the kind's own, apart from attributes.
func known(kind intake.Kind, field string) bool {
	return slices.ContainsFunc(intake.Fields(kind), func(f intake.Field) bool { return f.Name == field })
}
