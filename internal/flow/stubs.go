package flow

import (
	"context"
	"io"
	"time"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/intake"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

var errSoon = fault.Temporaryf("being written")

// ---- import.go

// Upload keeps a file, reads its headers and guesses what they mean. Nothing is
// written to the roster. Errors: Invalid or TooLarge for files that cannot be read.
func (f *Flow) Upload(ctx context.Context, a access.Actor, k Key, kind intake.Kind, fileName string, data []byte) (ImportView, error) {
	return ImportView{}, errSoon
}

// Import gives an import with a fresh check of its file against today's roster.
func (f *Flow) Import(ctx context.Context, a access.Actor, id string) (ImportView, error) {
	return ImportView{}, errSoon
}

// Imports gives the newest imports.
func (f *Flow) Imports(ctx context.Context, a access.Actor) ([]Import, error) { return nil, errSoon }

// MapImport changes which column means what. version guards against a stale form.
func (f *Flow) MapImport(ctx context.Context, a access.Actor, id string, version int, m intake.Mapping) (ImportView, error) {
	return ImportView{}, errSoon
}

// ConfirmImport writes the file's rows, whole or not at all: one problem row and
// nothing is written (Invalid, with the problems as details).
func (f *Flow) ConfirmImport(ctx context.Context, a access.Actor, k Key, id string, version int) (ImportView, error) {
	return ImportView{}, errSoon
}

// RejectedRows writes the rows with problems as CSV, with a reason column.
func (f *Flow) RejectedRows(ctx context.Context, a access.Actor, id string, w io.Writer) error {
	return errSoon
}

// ---- roster.go

// ---- sample.go

// ---- plan.go

// ---- publish.go

// ---- answer.go, debrief.go

// ---- cover.go

// ---- sync.go

// ---- signin.go

var _ = time.Second
