package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed all:dist
var dist embed.FS

// assets are the built scripts, styles and pictures, by the name under which
// they are served: it holds a hash of the content, so that browsers may keep
// them forever.
type assets struct {
	byEntry map[string]string // "web/css/main.css" -> "main-ABC123.css"
	files   map[string]file
}

type file struct {
	mime        string
	plain, gzip []byte // gzip is nil where it would not be smaller
}

// errNoBundle tells whoever started a half-built binary what to do.
var errNoBundle = errors.New(`web: the scripts and styles of the pages are not built in: run "make build" and start again`)

// entries must all be in the bundle.
var entries = []string{"web/css/main.css", "web/css/year.css", "web/css/present.css", "web/css/coverage.css", "web/css/paper.css", "web/css/reply.css", "web/ts/main.ts", "web/ts/plan.ts", "web/ts/run.ts", "web/ts/debrief.ts", "web/ts/present.ts", "web/icon.svg"}

func bundled() (*assets, error) { return readBundle(dist) }

// readBundle reads dist/meta.json, written by the bundler, and the files it names.
func readBundle(from fs.FS) (*assets, error) {
	raw, err := fs.ReadFile(from, "dist/meta.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoBundle
	}
	if err != nil {
		return nil, err
	}
	var meta struct {
		Outputs map[string]struct {
			EntryPoint string `json:"entryPoint"`
		} `json:"outputs"`
	}
	if err := json.Unmarshal(raw, &meta); err != nil {
		return nil, fmt.Errorf(`web: dist/meta.json cannot be read, run "make build" again: %w`, err)
	}
	a := &assets{byEntry: map[string]string{}, files: map[string]file{}}
	for out, o := range meta.Outputs {
		name := path.Base(out)
		data, err := fs.ReadFile(from, "dist/"+name)
		if err != nil {
			return nil, fmt.Errorf("%w (%s is missing)", errNoBundle, name)
		}
		a.files[name] = pack(name, data)
		if o.EntryPoint != "" {
			a.byEntry[o.EntryPoint] = name
		}
	}
	for _, e := range entries {
		if a.byEntry[e] == "" {
			return nil, fmt.Errorf("%w (%s is missing)", errNoBundle, e)
		}
	}
	return a, nil
}

var mimes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

func pack(name string, data []byte) file {
	f := file{mime: mimes[path.Ext(name)], plain: data}
	if f.mime == "" {
		f.mime = "application/octet-stream"
	}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = w.Write(data) // a buffer takes everything
	_ = w.Close()
	if b.Len() < len(data) {
		f.gzip = b.Bytes()
	}
	return f
}

// url gives the address of a built file by its source's name.
func (a *assets) url(entry string) string { return "/assets/" + a.byEntry[entry] }

// icon leads browsers that ask without having read a page, or on a page of the
// API, to the one icon there is.
func (p *Pages) icon(c echo.Context) error {
	return c.Redirect(http.StatusFound, p.assets.url("web/icon.svg"))
}

func (p *Pages) asset(c echo.Context) error {
	f, ok := p.assets.files[c.Param("name")]
	if !ok {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Add("Vary", "Accept-Encoding")
	if f.gzip != nil && strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		return c.Blob(http.StatusOK, f.mime, f.gzip)
	}
	return c.Blob(http.StatusOK, f.mime, f.plain)
}
