package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var sectionHref = regexp.MustCompile(`<a href="([^"]+)" aria-expanded="(true|false)" role="button" data-section>\s*[▸▾]\s*([^<]+?)\s*</a>`)

// Where a plan has more rows than a page can show, they are in groups that are closed: a
// link opens one, with all that the page shows of fewer rows.
func TestManyRowsAreInGroupsThatOpen(t *testing.T) {
	s := makeStory(size{executives: 620, customers: 6200, visits: 6000}).live()
	site := open(t, s, actors(s)["vp"])
	path := "/plans/" + s.plan.ID
	type section struct {
		href string
		open bool
	}
	look := func(query string) (page string, groups map[string]section, names []string) {
		t.Helper()
		w := site.get(query)
		require.Equal(t, http.StatusOK, w.Code, query)
		page = w.Body.String()
		grid := page[strings.Index(page, `role="grid"`):]
		groups = map[string]section{}
		for _, m := range sectionHref.FindAllStringSubmatch(grid, -1) {
			groups[m[3]] = section{strings.ReplaceAll(m[1], "&amp;", "&"), m[2] == "true"}
			names = append(names, m[3])
		}
		return page, groups, names
	}
	chips := func(page string) int { return strings.Count(page, `class="v `) }

	closed, groups, names := look(path)
	require.Zero(t, chips(closed))
	require.Less(t, len(closed), 100_000, "bytes")
	require.Contains(t, closed, `aria-rowcount="`+fmt.Sprint(620+len(groups)+2)+`"`)
	require.Contains(t, closed, "620 executives in "+fmt.Sprint(len(groups))+" groups")
	require.Contains(t, names, "Board member", "the groups of which a page can show one: %v", names)
	sums := strings.Count(closed[strings.Index(closed, "tl-sect"):], `role="gridcell"`)
	require.Greater(t, sums, 100, "the sums of closed groups")

	_, groups, names = look(path + "?by=country")
	require.Contains(t, groups["CH"].href, "open=CH")
	one, after, _ := look(groups["CH"].href)
	require.True(t, after["CH"].open)
	require.False(t, after["SG"].open)
	require.Greater(t, chips(one), 500)
	two, after, _ := look(after["SG"].href)
	require.True(t, after["CH"].open && after["SG"].open, "one more opens, the other stays")
	require.Greater(t, chips(two), chips(one))
	again, _, _ := look(path + "?by=country&open=CH")
	require.Equal(t, chips(one), chips(again))
	shut, _, _ := look(path + "?by=country&open=CH&zoom=quarter&from=2027-W14")
	require.Less(t, chips(shut), chips(one))

	// The largest has more rows than a page: it comes in parts, with names.
	var part string
	for _, n := range names {
		if strings.HasPrefix(n, "US: ") {
			part = n
		}
	}
	require.NotEmpty(t, part, "%v", names)
	require.Contains(t, part, " to ")
	page, after, _ := look(groups[part].href)
	require.True(t, after[part].open)
	require.LessOrEqual(t, strings.Count(page, `class="tl-name"`)-len(after)-2, 100)

	// Who is found is seen, and so is whose visit is looked at.
	page, after, _ = look(path + "?q=Mira+Gupta")
	require.Empty(t, after)
	require.Positive(t, chips(page))
	v := s.visits[len(s.visits)-1]
	page, after, _ = look(path + "?visit=" + v.Label)
	require.Contains(t, page, `visit=`+v.Label+`"`)
	require.Contains(t, page, `id="drawer"`)
	opened := 0
	for _, x := range after {
		if x.open {
			opened++
		}
	}
	require.Equal(t, 1, opened, "the group with the visit")

	// Who asks for the longest gaps sees the first of them, and may close even these.
	page, after, names = look(path + "?sort=gap")
	require.Equal(t, []string{"1 to 100", "101 to 200"}, names[:2])
	require.True(t, after["1 to 100"].open)
	require.Positive(t, chips(page))
	page, after, _ = look(after["1 to 100"].href)
	require.Zero(t, chips(page))
	page, after, _ = look(after["101 to 200"].href)
	require.True(t, after["101 to 200"].open && !after["1 to 100"].open)
	require.Positive(t, chips(page))
	for _, strange := range []string{"?open=nobody", "?open=none", "?open=%3Cb%3E", "?by=function", "?by=region&open=US~99", "?fold=US"} {
		_, _, names = look(path + strange)
		require.NotEmpty(t, names, strange)
	}
	for i := range s.people { // every other one has a function of their own
		if i%2 == 0 {
			s.people[i].Function = fmt.Sprintf("Adviser %03d", i)
		}
	}
	_, groups, names = look(path + "?by=function")
	require.Less(t, len(names), 30, "groups of one come together: %v", names)
	require.Contains(t, names[0], "Adviser 000 to Adviser ")
	page, after, _ = look(groups[names[0]].href)
	require.True(t, after[names[0]].open)
	require.Positive(t, chips(page))
	require.Contains(t, site.get(path+"?by=country&open=CH").Body.String(), "groups that fit")
}

// Paper shows the first of many executives; the others are a link away, everybody a choice.
func TestPaperOfManyComesInParts(t *testing.T) {
	s := makeStory(size{executives: 450, customers: 4500, visits: 4500}).live()
	site := open(t, s, actors(s)["vp"])
	path := "/plans/" + s.plan.ID + "/print"
	sheets := func(query string) (int, string) {
		t.Helper()
		w := site.get(path + query)
		require.Equal(t, http.StatusOK, w.Code)
		return strings.Count(w.Body.String(), `<section class="sheet">`), w.Body.String()
	}
	n, page := sheets("")
	require.Equal(t, 5, n)
	require.Contains(t, page, "1 / 12")
	for _, link := range []string{"?part=1", "?part=2", "?part=3", "?part=all"} {
		require.Contains(t, page, `href="`+path+link+`"`)
	}
	n, page = sheets("?part=3")
	require.Equal(t, 2, n)
	require.Contains(t, page, "11 / 12")
	n, _ = sheets("?part=all")
	require.Equal(t, 12, n)
	for _, wrong := range []string{"?part=0", "?part=-1", "?part=x"} {
		require.Equal(t, http.StatusNotFound, site.get(path+wrong).Code, wrong)
	}
}
