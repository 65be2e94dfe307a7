package archtest

import (
	"go/ast"
	"slices"
	"strings"
)

// owner names the packages that may import a library.
type owner struct {
	library  string   // import path; stands for everything below it as well
	packages []string // folders; empty if only tests may
	tests    bool     // every _test.go file and the test-only packages may, too
	instead  string   // what others do
}

// owners lists every library that the product imports. One that is missing here
// may not be imported at all: whoever adds a library decides who owns it. The
// longest matching path counts.
var owners = []owner{
	{library: "gorm.io", packages: []string{"internal/store"}, instead: "ask for a method on a port of internal/flow and write it in internal/store"},
	{library: "github.com/libtnb/sqlite", packages: []string{"internal/store"}, instead: "open databases through internal/store"},
	{library: "modernc.org/sqlite", packages: []string{"internal/store", "internal/jobs"}, instead: "open databases through internal/store"},
	{library: "github.com/pressly/goose", packages: []string{"internal/store"}, instead: "add a migration to internal/store"},
	{library: "github.com/jackc/pgx", packages: []string{"internal/store", "internal/store/pgtest", "internal/jobs"}, instead: "ask for a method on a port of internal/flow and write it in internal/store"},
	{library: "github.com/riverqueue/river", packages: []string{"internal/jobs"}, instead: "enqueue through the port of internal/flow; internal/jobs implements it"},
	{library: "google.golang.org/api", packages: []string{"internal/gcal", "internal/gcal/emulator"}, instead: "use the Calendar port of internal/calsync"},
	{library: "golang.org/x/oauth2", packages: []string{"internal/gcal", "internal/gcal/emulator"}, instead: "let internal/gcal do what needs a token"},
	{library: "github.com/labstack", packages: edges, instead: "take values, not a request: only the HTTP edge knows echo"},
	{library: "github.com/getkin/kin-openapi", packages: []string{"api", "internal/httpapi", "internal/server"}, tests: true, instead: "validate requests at the HTTP edge"},
	{library: "github.com/oapi-codegen", packages: []string{"api/client", "internal/httpapi"}, tests: true, instead: "keep API types in internal/httpapi"},
	{library: "github.com/a-h/templ", packages: []string{"internal/web"}, instead: "render pages in internal/web"},
	{library: "github.com/alexedwards/scs", packages: []string{"internal/auth"}, tests: true, instead: "use the sessions of internal/auth"},
	{library: "github.com/xuri/excelize", packages: []string{"internal/intake", "internal/export"}, tests: true, instead: "read workbooks in internal/intake, write them in internal/export"},
	{library: "github.com/wneessen/go-mail", packages: []string{"internal/mail"}, instead: "send through the Notifier port of internal/notify"},
	{library: "github.com/emersion/go-smtp", packages: []string{"internal/mail", "internal/demo"}, tests: true, instead: "only the sample company and the tests receive mail"},
	{library: "github.com/alecthomas/kong", packages: []string{"cmd/windshield"}, instead: "take options as arguments; the command line is read in cmd/windshield"},
	{library: "github.com/prometheus", packages: []string{"internal/server", "internal/jobs", "internal/app"}, tests: true, instead: "count through a small port; internal/server shows the metrics"},
	{library: "golang.org/x/time", packages: []string{"internal/gcal", "internal/jobs", "internal/auth", "internal/server", "internal/mail"}, instead: "limit rates at the edges"},
	{library: "golang.org/x/sync", packages: []string{"internal/planning/solver", "internal/store", "internal/gcal", "internal/jobs", "internal/server", "internal/app"}, tests: true, instead: "run things side by side in the solver and at the edges only"},
	{library: "golang.org/x/image", packages: []string{"internal/export"}, instead: "write files in internal/export, which holds the letters of PDF"},
	{library: "golang.org/x/net", tests: true, instead: "only tests read HTML back"},
	{library: "golang.org/x/net", tests: true, instead: "the product reads no HTML; its HTTP is the standard library's"},
	{library: "golang.org/x/text", packages: everywhere},
	{library: "github.com/google/uuid", packages: everywhere},
	{library: "gopkg.in/yaml.v3", tests: true, instead: "the product reads no YAML"},
	{library: "go.yaml.in/yaml", tests: true, instead: "the product reads no YAML"},
	{library: "github.com/stretchr/testify", tests: true, instead: "this is for tests"},
	{library: "pgregory.net/rapid", tests: true, instead: "this is for tests"},
	{library: "github.com/chromedp", tests: true, instead: "only tests drive a browser"},
}

// edges are the packages that know HTTP as echo shows it.
var edges = []string{"internal/httpapi", "internal/web", "internal/auth", "internal/server"}

// everywhere marks a library that any package may import.
var everywhere = []string{"*"}

func checkOwners(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.Go {
		if strings.HasPrefix(f.Dir, "tools") {
			continue
		}
		f.imports(func(spec *ast.ImportSpec, target string) {
			first, _, _ := strings.Cut(target, "/")
			if target == t.Module || strings.HasPrefix(target, t.Module+"/") || !strings.Contains(first, ".") {
				return // our own, or the standard library
			}
			o := ownerOf(target)
			switch {
			case o == nil:
				found = append(found, t.at(f, spec.Pos(), "owner",
					"%s has no owner: add it to internal/archtest/owners.go with the one package that may import it", target))
			case slices.Equal(o.packages, everywhere), inside(f.Dir, o.packages):
			case o.tests && (f.Test || forTests(f.Dir)):
			default:
				found = append(found, t.at(f, spec.Pos(), "owner", "%s may not import %s: %s", f.Dir, target, o.instead))
			}
		})
	}
	return found
}

func ownerOf(target string) *owner {
	var best *owner
	for i, o := range owners {
		// A library's major versions and sibling modules count with it (pgx/v5, river/riverdriver).
		if target == o.library || strings.HasPrefix(target, o.library+"/") {
			if best == nil || len(o.library) > len(best.library) {
				best = &owners[i]
			}
		}
	}
	return best
}
