package notify

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

// Render gives the message with an HTML page made from its subject and its text:
// paragraphs, lists ("- "), quotations ("> ") and links. Only addresses under
// baseURL become links; one that stands alone on a line, or at its end behind a colon,
// becomes a button. Everything else is shown as the characters that it is. The page
// loads nothing from anywhere. BaseURL has no slash at the end; where it is "" nothing
// is a link. HTML is "" where it would be longer than MaxHTML: the text says it all.
func Render(m Message, baseURL string) Message {
	var b strings.Builder
	b.WriteString(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>` + escape(m.Subject) + `</title>
<style>` + darkStyle + `</style>
</head>
<body class="ws-page" style="margin:0;padding:0;background:#f6f7f9">
<div class="ws-page" style="padding:16px 8px;background:#f6f7f9">
<div class="ws-sheet" dir="auto" style="` + sheetStyle + `">
`)
	for _, block := range blocks(m.Text) {
		block.write(&b, baseURL)
		if b.Len() > MaxHTML {
			m.HTML = ""
			return m
		}
	}
	b.WriteString("</div>\n</div>\n</body>\n</html>\n")
	if m.HTML = b.String(); len(m.HTML) > MaxHTML {
		m.HTML = ""
	}
	return m
}

// Mail programs take styles from the elements themselves; those that know dark
// colours take them from the head.
const (
	darkStyle = `:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){.ws-page{background:#0f1216!important}.ws-sheet{background:#171b21!important;color:#e8ebf0!important;border-color:#2b323c!important}` +
		`.ws-quote{color:#aab3c0!important;border-color:#6d7786!important}.ws-link{color:#8ab4ff!important}.ws-button{background:#8ab4ff!important;color:#0f1216!important}}`
	sheetStyle = `max-width:560px;margin:0 auto;padding:20px 16px;background:#ffffff;color:#14171c;border:1px solid #d9dee5;border-radius:8px;` +
		`font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5;text-align:start;overflow-wrap:anywhere;word-break:break-word`
	buttonStyle = `display:inline-block;padding:10px 16px;background:#1a56c4;color:#ffffff;border-radius:4px;text-decoration:none;font-weight:600`
	linkStyle   = `color:#1a56c4`
	quoteStyle  = `margin:0 0 16px;padding:0 0 0 12px;border-inline-start:3px solid #8a93a1;color:#4a5261`
)

// shape is what the lines of a block have in common.
type shape int

const (
	paragraph shape = iota
	list
	quotation
)

// block is a run of lines of one shape, without what marks it.
type block struct {
	shape shape
	lines []string
}

func blocks(text string) []block {
	var out []block
	open := false // the last block takes further lines of its shape
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimRight(line, " \t"); strings.TrimSpace(line) == "" {
			open = false
			continue
		}
		s := paragraph
		if rest, ok := strings.CutPrefix(line, "- "); ok {
			s, line = list, rest
		} else if rest, ok := strings.CutPrefix(line, ">"); ok {
			s, line = quotation, strings.TrimPrefix(rest, " ")
		}
		if !open || out[len(out)-1].shape != s {
			out, open = append(out, block{shape: s}), true
		}
		last := &out[len(out)-1]
		last.lines = append(last.lines, line)
	}
	return out
}

func (k block) write(b *strings.Builder, baseURL string) {
	switch k.shape {
	case list:
		b.WriteString(`<ul style="margin:0 0 16px;padding-inline-start:20px">` + "\n")
		for _, line := range k.lines {
			b.WriteString(`<li dir="auto" style="margin:0 0 4px">` + links(line, baseURL) + "</li>\n")
		}
		b.WriteString("</ul>\n")
	case quotation:
		b.WriteString(`<blockquote dir="auto" class="ws-quote" style="` + quoteStyle + `">`)
		for i, line := range k.lines {
			if i > 0 {
				b.WriteString("<br>\n")
			}
			b.WriteString(links(line, baseURL))
		}
		b.WriteString("</blockquote>\n")
	default:
		k.writeParagraph(b, baseURL)
	}
}

// writeParagraph ends the paragraph before a button and begins another behind it.
func (k block) writeParagraph(b *strings.Builder, baseURL string) {
	open := false
	end := func() {
		if open {
			b.WriteString("</p>\n")
		}
		open = false
	}
	for _, line := range k.lines {
		if label, url, ok := button(line, baseURL); ok {
			end()
			b.WriteString(`<p style="margin:0 0 16px"><a class="ws-button" href="` + escape(url) + `" style="` + buttonStyle + `">` + escape(label) + "</a></p>\n")
			continue
		}
		if open {
			b.WriteString("<br>\n")
		} else {
			b.WriteString(`<p dir="auto" style="margin:0 0 16px">`)
			open = true
		}
		b.WriteString(links(line, baseURL))
	}
	end()
}

// mostLabel is how many characters a button's text may have.
const mostLabel = 60

// unnamed is the text of a button for an address that stands alone.
const unnamed = "Open the page"

// button recognises a line that is one of our addresses, or ends in one behind a
// colon: what stands before it is the button's text.
func button(line, baseURL string) (label, url string, ok bool) {
	line = strings.TrimSpace(line)
	label, url = unnamed, line
	if at := strings.LastIndexByte(line, ' '); at >= 0 {
		var colon bool
		if label, colon = strings.CutSuffix(strings.TrimSpace(line[:at]), ":"); !colon || len([]rune(label)) > mostLabel || strings.TrimSpace(label) == "" {
			return "", "", false
		}
		url = line[at+1:]
	}
	return label, url, ours(url, baseURL)
}

// Link is an address of ours in a text, with the words that stand for it.
type Link struct{ Label, URL string }

// Links gives the addresses under baseURL in a text, in order, each once, for channels
// that show buttons. A label has at most 60 characters. BaseURL is as for Render.
func Links(text, baseURL string) []Link {
	var out []Link
	seen := map[string]bool{}
	add := func(l Link) {
		if !seen[l.URL] {
			seen[l.URL] = true
			out = append(out, l)
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if label, url, ok := button(strings.TrimPrefix(line, "- "), baseURL); ok {
			add(Link{Label: OneLine(label, mostLabel), URL: url})
			continue
		}
		for _, at := range Addresses(line) {
			if url := line[at[0]:at[1]]; ours(url, baseURL) {
				add(Link{Label: unnamed, URL: url})
			}
		}
	}
	return out
}

// ours says whether url is an address under baseURL, which has no slash at the end.
// It is false for every url where baseURL is "".
func ours(url, baseURL string) bool {
	rest, ok := strings.CutPrefix(url, baseURL)
	return ok && strings.HasPrefix(baseURL, "http") && plain(url, "") && !strings.ContainsAny(url, `<>"'\`+"`") &&
		(rest == "" || strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, "?"))
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"'\x60]+`)

// Addresses gives where web addresses stand in a text, as pairs of begin and end.
// Punctuation that ends a sentence is not taken as part of an address.
func Addresses(text string) [][]int {
	found := webAddress.FindAllStringIndex(text, -1)
	for _, at := range found {
		at[1] = at[0] + len(strings.TrimRight(text[at[0]:at[1]], ".,;:!?)]}"))
	}
	return found
}

// links escapes a line and links the addresses in it that are ours.
func links(line, baseURL string) string {
	var b strings.Builder
	last := 0
	for _, at := range Addresses(line) {
		url := line[at[0]:at[1]]
		if !ours(url, baseURL) {
			continue
		}
		b.WriteString(escape(line[last:at[0]]) + `<a class="ws-link" href="` + escape(url) + `" style="` + linkStyle + `">` + escape(url) + "</a>")
		last = at[1]
	}
	b.WriteString(escape(line[last:]))
	return b.String()
}

// escape makes text of what may come from anywhere: it can neither end an attribute
// nor begin an element. Characters that HTML does not allow, and those that turn the
// direction of what follows, are left out.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return html.EscapeString(s)
}
