package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/intake"
)

// takePlace waits for nobody: where too many files are being read, the asker is
// told to come back.
func (a *API) takePlace() (leave func(), err error) {
	select {
	case a.files <- struct{}{}:
		return func() { <-a.files }, nil
	default:
		return nil, fault.Temporaryf("Other files are being read right now. Please try again in a moment.")
	}
}

// UploadImport takes a file.
func (a *API) UploadImport(ctx context.Context, r UploadImportRequestObject) (UploadImportResponseObject, error) {
	c := callOf(ctx)
	// Asked again by the use case; here so that nobody else's file is even read.
	if err := access.Require(c.actor, access.ImportRoster, access.Subject{}); err != nil {
		return nil, err
	}
	leave, err := a.takePlace()
	if err != nil {
		return nil, err
	}
	defer leave()
	u, err := readUpload(r.Body, c.echo.Request().ContentLength)
	if err != nil {
		return nil, err
	}
	c.hash = contentHash(c.echo.Request(), u.data, []byte(u.kind), []byte(u.name))
	v, err := a.flow.Upload(ctx, c.actor, c.key(r.Params.IdempotencyKey), u.kind, u.name, u.data)
	if err != nil {
		return nil, err
	}
	return UploadImport201JSONResponse{Body: importDetail(v),
		Headers: UploadImport201ResponseHeaders{ETag: some(etag(v.Version)), Location: some("/api/v1/imports/" + v.ID)}}, nil
}

// ListImports gives the newest imports.
func (a *API) ListImports(ctx context.Context, _ ListImportsRequestObject) (ListImportsResponseObject, error) {
	imports, err := a.flow.Imports(ctx, callOf(ctx).actor)
	if err != nil {
		return nil, err
	}
	return ListImports200JSONResponse{Items: list(imports, importOf)}, nil
}

// GetImport gives an import with a fresh check of its file.
func (a *API) GetImport(ctx context.Context, r GetImportRequestObject) (GetImportResponseObject, error) {
	leave, err := a.takePlace()
	if err != nil {
		return nil, err
	}
	defer leave()
	v, err := a.flow.Import(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetImport200JSONResponse{Body: importDetail(v), Headers: GetImport200ResponseHeaders{ETag: some(etag(v.Version))}}, nil
}

// MapImport changes which column means what.
func (a *API) MapImport(ctx context.Context, r MapImportRequestObject) (MapImportResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	leave, err := a.takePlace()
	if err != nil {
		return nil, err
	}
	defer leave()
	v, err := a.flow.MapImport(ctx, callOf(ctx).actor, r.Id, n, intake.Mapping(r.Body.Mapping))
	if err != nil {
		return nil, err
	}
	return MapImport200JSONResponse{Body: importDetail(v), Headers: MapImport200ResponseHeaders{ETag: some(etag(v.Version))}}, nil
}

// ConfirmImport writes a file's rows.
func (a *API) ConfirmImport(ctx context.Context, r ConfirmImportRequestObject) (ConfirmImportResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	leave, err := a.takePlace()
	if err != nil {
		return nil, err
	}
	defer leave()
	c := callOf(ctx)
	v, err := a.flow.ConfirmImport(ctx, c.actor, c.key(r.Params.IdempotencyKey), r.Id, n)
	if err != nil {
		return nil, err
	}
	return ConfirmImport200JSONResponse{Body: importDetail(v), Headers: ConfirmImport200ResponseHeaders{ETag: some(etag(v.Version))}}, nil
}

// GetRejectedRows gives the rows with problems as a CSV file.
func (a *API) GetRejectedRows(ctx context.Context, r GetRejectedRowsRequestObject) (GetRejectedRowsResponseObject, error) {
	leave, err := a.takePlace()
	if err != nil {
		return nil, err
	}
	defer leave()
	c := callOf(ctx)
	var b bytes.Buffer
	if err := a.flow.RejectedRows(ctx, c.actor, r.Id, &b); err != nil {
		return nil, err
	}
	attach(c.echo.Response().Header(), "rejected.csv")
	return GetRejectedRows200TextcsvResponse{Body: &b, ContentLength: int64(b.Len())}, nil
}

// GetImportTemplate gives an empty file with the right columns.
func (a *API) GetImportTemplate(ctx context.Context, r GetImportTemplateRequestObject) (GetImportTemplateResponseObject, error) {
	var b bytes.Buffer
	if err := intake.Template(&b, intake.Kind(r.Kind)); err != nil {
		return nil, err
	}
	attach(callOf(ctx).echo.Response().Header(), string(r.Kind)+".csv")
	return GetImportTemplate200TextcsvResponse{Body: &b, ContentLength: int64(b.Len())}, nil
}

// attach makes browsers save an answer instead of showing it. name is one of ours.
func attach(h http.Header, name string) {
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
}

func importOf(i flow.Import) Import {
	return Import{Id: i.ID, Kind: ImportKind(i.Kind), FileName: i.FileName, State: ImportState(i.State), Counts: importCounts(i.Counts),
		CreatedAt: i.CreatedAt.UTC(), CreatedBy: i.CreatedBy, DoneAt: someTime(i.DoneAt), Version: i.Version}
}

func importCounts(c intake.Counts) ImportCounts {
	return ImportCounts{Rows: c.Rows, Create: c.Create, Update: c.Update, Unchanged: c.Unchanged, Problem: c.Problem}
}

func importDetail(v flow.ImportView) ImportDetail {
	i := importOf(v.Import)
	mapping := Mapping(v.Mapping)
	if mapping == nil {
		mapping = Mapping{}
	}
	out := ImportDetail{Id: i.Id, Kind: i.Kind, FileName: i.FileName, State: i.State, Counts: i.Counts, CreatedAt: i.CreatedAt, CreatedBy: i.CreatedBy,
		DoneAt: i.DoneAt, Version: i.Version, Headers: texts(v.Headers), Sample: list(v.Sample, texts), Mapping: mapping,
		Guesses: list(v.Guesses, func(g intake.Guess) Guess {
			return Guess{Column: g.Column, Header: g.Header, Field: some(g.Field), Confidence: GuessConfidence(g.Confidence)}
		})}
	if v.Report != nil {
		out.Report = importReport(v.Report)
	}
	if v.MappingProblem != nil {
		text, details := fault.Shown(v.MappingProblem)
		out.MappingProblem = &MappingProblem{Detail: text, Problems: list(details, problemDetail)}
	}
	return out
}

func importReport(r *intake.Report) *ImportReport {
	return &ImportReport{Ok: r.OK(), ProblemTotal: r.ProblemTotal, Groups: list(r.Groups, problemGroup), Warnings: list(r.Warnings, problemGroup),
		Ignored: texts(r.Ignored), Absent: texts(r.Absent), Problems: list(r.Problems, func(p intake.Problem) RowProblem {
			return RowProblem{Line: p.Line, Field: some(p.Field), Column: some(p.Column), Trouble: p.Trouble,
				Where: some(p.Where), Value: some(p.Value), Expected: some(p.Expected), Mend: some(p.Mend)}
		})}
}

func problemGroup(g intake.Group) ProblemGroup {
	lines := g.Lines
	if lines == nil {
		lines = []int{}
	}
	return ProblemGroup{Field: some(g.Field), Column: some(g.Column), Trouble: g.Trouble, Rows: g.Rows, Lines: lines, First: problemDetail(g.First),
		Values: list(g.Values, func(v intake.ValueCount) ValueCount { return ValueCount{Value: v.Value, Rows: v.Rows} })}
}
