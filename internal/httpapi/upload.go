package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/labstack/echo/v4"

	"windshield/internal/fault"
	"windshield/internal/intake"
)

// Limits of an upload (reliability rule 12).
const (
	mostFile     = 50_000_000
	mostFileName = 255 // characters
)

// upload is what somebody brought to be imported.
type upload struct {
	kind intake.Kind
	name string
	data []byte
}

// readUpload reads the form part by part and names all that is wrong with it.
// size is what the request claims to hold, or -1.
func readUpload(form *multipart.Reader, size int64) (upload, error) {
	var u upload
	var problems []fault.Detail
	seen := map[string]bool{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return u, unreadableForm(err)
		}
		name := part.FormName()
		where := "/" + fault.Short(readable(name))
		switch {
		case name != "kind" && name != "file":
			return u, invalid(append(problems, fault.Detail{Where: where, Expected: "one of: file, kind", Mend: "Remove it, or correct its name."}))
		case seen[name]:
			return u, invalid(append(problems, fault.Detail{Where: where, Expected: "each part once", Mend: "Remove one of the two."}))
		}
		seen[name] = true
		if name == "kind" {
			found, err := u.readKind(part)
			if err != nil {
				return u, err
			}
			problems = append(problems, found...)
			continue
		}
		found, err := u.readFile(part, size)
		if err != nil {
			return u, err
		}
		problems = append(problems, found...)
	}
	if !seen["file"] {
		problems = append(problems, fault.Detail{Where: "/file", Expected: "a CSV file or an XLSX workbook", Mend: "Send it."})
	}
	if !seen["kind"] {
		problems = append(problems, fault.Detail{Where: "/kind", Expected: importKinds, Mend: "Send it."})
	}
	if len(problems) > 0 {
		return u, invalid(problems)
	}
	return u, nil
}

const importKinds = "one of: customers, executives, hosts, visits"

func (u *upload) readKind(part *multipart.Part) ([]fault.Detail, error) {
	text, err := io.ReadAll(io.LimitReader(part, 1000))
	if err != nil {
		return nil, unreadableForm(err)
	}
	if !ImportKind(text).Valid() {
		return []fault.Detail{{Where: "/kind", Value: fault.Short(readable(string(text))), Expected: importKinds}}, nil
	}
	u.kind = intake.Kind(text)
	return nil, nil
}

func (u *upload) readFile(part *multipart.Part, size int64) ([]fault.Detail, error) {
	var problems []fault.Detail
	u.name = part.FileName()
	switch {
	case u.name == "":
		problems = append(problems, fault.Detail{Where: "/file", Expected: "a file with its name", Mend: "Send filename in the part's Content-Disposition."})
	case !plain(u.name) || len([]rune(u.name)) > mostFileName:
		problems = append(problems, fault.Detail{Where: "/file", Value: fault.Short(readable(u.name)), Expected: fmt.Sprintf("a file name in UTF-8 of at most %d characters", mostFileName)})
	}
	var b bytes.Buffer
	if size > 0 {
		b.Grow(int(min(size, mostFile) + bytes.MinRead))
	}
	n, err := b.ReadFrom(io.LimitReader(part, mostFile+1))
	if err != nil {
		return nil, unreadableForm(err)
	}
	if n > mostFile {
		return nil, fault.New(fault.TooLarge, "The file is too large.").With(fault.Detail{Where: "/file", Expected: "at most 50 MB", Mend: "Send it in several parts."})
	}
	if n == 0 {
		problems = append(problems, fault.Detail{Where: "/file", Value: "an empty file", Expected: "a header row and rows below it"})
	}
	u.data = b.Bytes()
	return problems, nil
}

// unreadableForm tells a form that is broken from one that is too large.
func unreadableForm(err error) error {
	var tooLarge *http.MaxBytesError
	var refused *echo.HTTPError
	if errors.As(err, &tooLarge) || errors.As(err, &refused) && refused.Code == http.StatusRequestEntityTooLarge {
		return fault.New(fault.TooLarge, "The file is too large.").Because(err).With(fault.Detail{Where: "/file", Expected: "at most 50 MB", Mend: "Send it in several parts."})
	}
	return fault.Invalidf("The form cannot be read.").Because(err).With(fault.Detail{Where: "body", Expected: "a complete multipart/form-data form with the parts kind and file"})
}
