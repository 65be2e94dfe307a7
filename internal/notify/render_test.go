package notify

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"windshield/internal/fault"
)

const base = "https://windshield.example.com"

// page is what a mail program reads out of an HTML page.
type page struct {
	words    string   // all text, with single spaces
	links    []string // href of each link, in order
	buttons  []string // text of the links that are buttons
	elements map[string]int
}

// dissect fails on anything that Render never writes, so nothing foreign has become
// an element or an attribute.
func dissect(t require.TestingT, source string) page {
	allowed := map[string]string{"html": "lang", "head": "", "meta": "charset name content", "title": "", "style": "", "body": "class style",
		"div": "class style dir", "p": "style dir", "ul": "style", "li": "style dir", "blockquote": "style class dir", "br": "", "a": "class href style"}
	root, err := html.Parse(strings.NewReader(source))
	require.NoError(t, err)
	p := page{elements: map[string]int{}}
	var words []string
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			if n.Parent.Data != "style" && n.Parent.Data != "title" {
				words = append(words, strings.Fields(n.Data)...)
			}
			if n.Parent.Data == "style" {
				require.Equal(t, darkStyle, n.Data)
			}
		case html.CommentNode:
			require.Fail(t, "a comment", n.Data)
		case html.ElementNode:
			p.elements[n.Data]++
			attributes, ok := allowed[n.Data]
			require.True(t, ok, n.Data)
			class := ""
			for _, a := range n.Attr {
				require.Contains(t, strings.Fields(attributes), a.Key, n.Data)
				switch a.Key {
				case "href":
					require.True(t, ours(a.Val, base), a.Val)
					p.links = append(p.links, a.Val)
				case "class":
					class = a.Val
				case "style":
					require.NotContains(t, a.Val, "url(")
				}
			}
			if class == "ws-button" {
				p.buttons = append(p.buttons, n.FirstChild.Data)
			}
		}
	}
	p.words = strings.Join(words, " ")
	return p
}

func TestRender(t *testing.T) {
	m := Message{Subject: "Grüße & <more>", Text: `Hello Ana Castro,

one line
and a second. See https://windshield.example.com/me?a=1&b=2, and https://other.example/x.
- first thing
-  second: https://windshield.example.com/x
- third

> They said <b>no</b>
> twice
The brief: https://windshield.example.com/visits/1/brief

https://windshield.example.com
Not ours: https://windshield.example.com.evil.example/
https://windshield.example.com@evil.example/
A label that is far too long to stand on a button and so stays what it is: https://windshield.example.com/y
`}
	got := Render(m, base)
	require.Equal(t, m.Text, got.Text)
	p := dissect(t, got.HTML)
	require.Equal(t, []string{"https://windshield.example.com/me?a=1&b=2", "https://windshield.example.com/x", "https://windshield.example.com/visits/1/brief",
		"https://windshield.example.com", "https://windshield.example.com/y"}, p.links)
	require.Equal(t, []string{"The brief", "Open the page"}, p.buttons)
	require.Equal(t, 3, p.elements["li"])
	require.Equal(t, 1, p.elements["ul"])
	require.Equal(t, 1, p.elements["blockquote"])
	require.Contains(t, p.words, "They said <b>no</b> twice")
	require.Contains(t, p.words, "https://windshield.example.com@evil.example/")
	for _, part := range []string{`<html lang="en">`, `<meta name="color-scheme" content="light dark">`, "<title>Grüße &amp; &lt;more&gt;</title>", "prefers-color-scheme:dark"} {
		require.Equal(t, 1, strings.Count(got.HTML, part), part)
	}

	require.Empty(t, dissect(t, Render(m, "").HTML).links, "without a base nothing is ours")
	require.Equal(t, []Link{{"Open the page", "https://windshield.example.com/me?a=1&b=2"}, {"second", "https://windshield.example.com/x"},
		{"The brief", "https://windshield.example.com/visits/1/brief"}, {"Open the page", "https://windshield.example.com"},
		{"Open the page", "https://windshield.example.com/y"}}, Links(m.Text+m.Text, base))
	require.Empty(t, Links(m.Text, ""))
	got.ID, got.To = "1@x.example", "a@example.com"
	require.NoError(t, got.Check())
	require.Equal(t, got, Render(got, base), "the same again")
}

// Whatever stands in a text becomes neither an element nor an attribute nor a link
// elsewhere, and no word is lost.
func TestRenderedTextIsInert(t *testing.T) {
	pieces := []string{"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</title></style></head>", "<!--", "-->", "]]>", "<![CDATA[", "&lt;", "&#x3c;script&#62;",
		"javascript:alert(1)", base, base + "/", base + "/a", base + `/"onmouseover="alert(1)`, base + "/'x'", base + `\@evil.example/`, base + ".evil.example", base + "@evil.example",
		"https://evil.example/" + base, "- ", "> ", ">", "\n", "\n\n", ": ", " ", "\t", "\u202e", "\u2066", "\u2028", "\x1b[31m", "word", "日本語", "{{.}}", "url(x)", "\xff"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.String()), 0, 30).Draw(t, "text"), "")
		m := Render(Message{Subject: text, Text: text}, base)
		p := dissect(t, m.HTML)
		// Every word is there still, apart from the marks of lists and quotations.
		lost := strings.NewReplacer("-", "", ">", "", ":", "").Replace
		var want strings.Builder
		for _, w := range strings.Fields(escapeless(text)) {
			want.WriteString(lost(w))
		}
		var shown strings.Builder
		for _, w := range strings.Fields(p.words) {
			shown.WriteString(lost(w))
		}
		if len(p.buttons) == 0 && shown.String() != want.String() {
			t.Fatalf("shown %q\nwant  %q", shown.String(), want.String())
		}
	})
}

// escapeless is text without the characters that no page may hold.
func escapeless(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&#34;", `"`, "&#39;", "'").Replace(escape(s))
}

func TestRenderIsBounded(t *testing.T) {
	for _, line := range []string{"- '\n", "'", "<", "a\n\n", "> a\n\n", base + "/\n"} {
		m := Render(Message{ID: "1@x.example", To: "a@example.com", Subject: "x", Text: strings.Repeat(line, MaxText/len(line))}, base)
		require.NoError(t, m.Check(), line)
	}
	require.Empty(t, Render(Message{Text: strings.Repeat("- '\n", MaxText/4)}, base).HTML, "the text says it all")
	require.NotEmpty(t, Render(Message{Text: strings.Repeat("An ordinary line.\n", 5000)}, base).HTML)
}

func TestOurs(t *testing.T) {
	for _, url := range []string{base, base + "/", base + "/me", base + "?x=1"} {
		require.True(t, ours(url, base), url)
	}
	for _, url := range []string{"", "https://windshield.example.co", base + ".evil.example", base + "@evil.example", base + ":8080/", base + `\x`, base + "/a b",
		base + "/ü", base + "/\u202e", base + "/\x00", base + `/"`, "http://windshield.example.com/", base + "#x"} {
		require.False(t, ours(url, base), url)
	}
	require.False(t, ours("javascript:alert(1)", ""))
	require.False(t, ours("javascript:alert(1)", "javascript:alert(1)"))
}

func TestCheckOfPartsAndFiles(t *testing.T) {
	file := Attachment{Name: "visit.ics", Type: "text/calendar; method=PUBLISH; charset=utf-8", Data: []byte("x")}
	good := Message{ID: "1@x.example", To: "a@example.com", Subject: "x", Text: "y", HTML: "<p>y</p>", Attachments: []Attachment{file},
		Unsubscribe: "https://x.example/stop?a=b", Kind: "memo answered/3", About: "alert/ana/2026-12-20"}
	require.NoError(t, good.Check())
	for _, stop := range []string{"", "http://127.0.0.1:8080/stop/x", "http://[::1]/stop", "http://localhost:8080/stop", "https://x.example:8443/a%20b"} {
		m := good
		m.Unsubscribe = stop
		require.NoError(t, m.Check(), stop)
	}
	tests := map[string]func(*Message){
		"HTML not UTF-8":        func(m *Message) { m.HTML = "\xff" },
		"HTML with CR":          func(m *Message) { m.HTML = "a\r\nb" },
		"HTML with NUL":         func(m *Message) { m.HTML = "\x00" },
		"too much HTML":         func(m *Message) { m.HTML = strings.Repeat("a", MaxHTML+1) },
		"kind of two lines":     func(m *Message) { m.Kind = "a\nb" },
		"long about":            func(m *Message) { m.About = strings.Repeat("a", MaxKind+1) },
		"about with a line":     func(m *Message) { m.About = "a\u2028b" },
		"six files":             func(m *Message) { m.Attachments = []Attachment{file, file, file, file, file, file} },
		"plain http":            func(m *Message) { m.Unsubscribe = "http://x.example/stop" },
		"a mail address":        func(m *Message) { m.Unsubscribe = "mailto:stop@x.example" },
		"an address in two":     func(m *Message) { m.Unsubscribe = "https://x.example/>, <https://y.example/" },
		"an address with lines": func(m *Message) { m.Unsubscribe = "https://x.example/\r\nBcc: b@example.com" },
		"an address not plain":  func(m *Message) { m.Unsubscribe = "https://x.example/ü" },
		"a sign-in":             func(m *Message) { m.Unsubscribe = "https://u:p@x.example/" },
		"no host":               func(m *Message) { m.Unsubscribe = "https:///x" },
		"a long address":        func(m *Message) { m.Unsubscribe = "https://x.example/" + strings.Repeat("a", 900) },
	}
	for name, change := range map[string]func(*Attachment){
		"no name": func(a *Attachment) { a.Name = "" }, "a folder": func(a *Attachment) { a.Name = "../x" }, "a folder of Windows": func(a *Attachment) { a.Name = `a\b` },
		"hidden": func(a *Attachment) { a.Name = ".bashrc" }, "two lines": func(a *Attachment) { a.Name = "a\r\nb" }, "NUL": func(a *Attachment) { a.Name = "a\x00.ics" },
		"turned round": func(a *Attachment) { a.Name = "cod\u202excse.exe" }, "quoted": func(a *Attachment) { a.Name = `a"; x="b` }, "not UTF-8": func(a *Attachment) { a.Name = "\xff" },
		"long": func(a *Attachment) { a.Name = strings.Repeat("a", 121) }, "no type": func(a *Attachment) { a.Type = "" }, "half a type": func(a *Attachment) { a.Type = "text" },
		"type with lines": func(a *Attachment) { a.Type = "text/plain;\r\n x=y" }, "type of parts": func(a *Attachment) { a.Type = "multipart/mixed; boundary=x" },
		"a mail": func(a *Attachment) { a.Type = "message/rfc822" }, "type with a name": func(a *Attachment) { a.Type = "text/plain; name=x" },
		"nothing": func(a *Attachment) { a.Data = nil }, "too much": func(a *Attachment) { a.Data = make([]byte, MaxAttachmentBytes) },
	} {
		tests["file: "+name] = func(m *Message) {
			bad := file
			change(&bad)
			m.Attachments = []Attachment{file, bad}
		}
	}
	for name, change := range tests {
		m := good
		change(&m)
		require.True(t, fault.Is(m.Check(), fault.Invalid), name)
	}
}
