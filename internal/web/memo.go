package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/insight"
)

// Understanding are the use cases of the memo of understanding, and of what customers
// answer after a visit.
type Understanding interface {
	Memo(ctx context.Context, a access.Actor, visitID string) (flow.MemoView, error)
	SaveMemo(ctx context.Context, a access.Actor, visitID string, version int, lines []insight.Line) (flow.MemoView, error)
	SendMemo(ctx context.Context, a access.Actor, visitID string, version int, lines []insight.Line, email string) (flow.MemoView, error)
	AskObjective(ctx context.Context, a access.Actor, visitID, email string) error
	AfterVisit(ctx context.Context, token, remote string) (flow.AfterPage, error)
	AnswerAfter(ctx context.Context, token, remote string, met insight.Met, replies []flow.AfterReply) (flow.AfterPage, error)
}

type memoModel struct {
	flow.MemoView
	Entered []insight.Line
	Email   string
	Stale   bool
	Error   shownError
}

func (p *Pages) memo(c echo.Context) error {
	v, err := p.Flow.Memo(ctx(c), auth.Actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	return p.showMemo(c, http.StatusOK, memoModel{MemoView: v})
}

func (p *Pages) showMemo(c echo.Context, status int, m memoModel) error {
	f := p.frame(c, "Memo: "+m.Customer.Name+", "+dayShort(ctx(c), m.Visit.Slot.Date))
	f.Narrow = true
	return p.show(c, status, memoPage(f, m))
}

// writeMemo keeps the memo, or sends it.
func (p *Pages) writeMemo(c echo.Context) error {
	ver, err := version(c)
	if err != nil {
		return err
	}
	id, email := c.Param("id"), strings.TrimSpace(c.FormValue("email"))
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("This form cannot be read.")
	}
	var lines []insight.Line
	for i, text := range form["text"] {
		if text = strings.TrimSpace(text); text != "" && i < len(form["about"]) && len(lines) <= insight.MaxLines {
			lines = append(lines, insight.Line{About: insight.About(form["about"][i]), Text: text})
		}
	}
	code := "memo_saved"
	if c.FormValue("do") == "send" {
		code = "memo_sent"
		_, err = p.Flow.SendMemo(ctx(c), auth.Actor(c), id, ver, lines, email)
	} else {
		_, err = p.Flow.SaveMemo(ctx(c), auth.Actor(c), id, ver, lines)
	}
	if err == nil && c.FormValue("do") == "mail" {
		return c.Redirect(http.StatusSeeOther, "/visits/"+url.PathEscape(id)+"/mail?kind="+string(flow.ThanksMail))
	}
	if err == nil {
		return back(c, "/visits/"+url.PathEscape(id)+"/memo", code)
	}
	status, yes := formError(err)
	stale := fault.Is(err, fault.Stale)
	if !yes && !stale {
		return err
	}
	v, e := p.Flow.Memo(ctx(c), auth.Actor(c), id)
	if e != nil {
		return err
	}
	m := memoModel{MemoView: v, Entered: lines, Email: email, Stale: stale}
	if stale {
		status = http.StatusConflict
	} else {
		text, details := fault.Shown(err)
		fields := []string{"email"}
		for i := range details {
			if g := inList.FindStringSubmatch(details[i].Where); g != nil {
				n, _ := strconv.Atoi(g[2]) // the expression wants digits
				details[i].Where = "line_" + itoa(n+1)
				fields = append(fields, details[i].Where)
			}
		}
		m.Error = shown(fault.Invalidf("%s", text).With(details...), fields...)
	}
	return p.showMemo(c, status, m)
}

// askObjective asks the customer whether their objective was met.
func (p *Pages) askObjective(c echo.Context) error {
	if err := p.Flow.AskObjective(ctx(c), auth.Actor(c), c.Param("id"), strings.TrimSpace(c.FormValue("email"))); err != nil {
		return err
	}
	return back(c, "/visits/"+url.PathEscape(c.Param("id"))+"/memo", "asked_customer")
}

// lines gives the lines to be edited, with two empty ones.
func (m memoModel) lines() []insight.Line {
	all := m.Memo.Lines
	if m.Entered != nil {
		all = m.Entered
	}
	all = append([]insight.Line{}, all...)
	for n := 0; n < 2 && len(all) < insight.MaxLines; n++ {
		all = append(all, insight.Line{About: insight.Situation})
	}
	return all
}

type afterModel struct {
	flow.AfterPage
	Token  string
	Thanks bool
	Error  shownError
	Typed  map[int]flow.AfterReply // what came back
}

func (p *Pages) afterVisit(c echo.Context) error {
	v, err := p.Flow.AfterVisit(ctx(c), c.Param("token"), c.RealIP())
	if err != nil {
		return p.noLink(c, err)
	}
	return p.show(c, http.StatusOK, afterPage(p.outsideFrame(c, "After our visit"), afterModel{AfterPage: v, Token: c.Param("token")}))
}

func (p *Pages) answerAfter(c echo.Context) error {
	token := c.Param("token")
	form, err := c.FormParams()
	if err != nil {
		return fault.Invalidf("This form cannot be read.")
	}
	var replies []flow.AfterReply
	for i := range insight.MaxLines {
		reply := insight.Reply(form.Get("reply_" + itoa(i)))
		if reply == "" {
			continue
		}
		r := flow.AfterReply{Line: i, Reply: reply}
		if reply == insight.Corrected {
			r.Correction = strings.TrimSpace(form.Get("correction_" + itoa(i)))
		}
		replies = append(replies, r)
	}
	v, err := p.Flow.AnswerAfter(ctx(c), token, c.RealIP(), insight.Met(form.Get("met")), replies)
	if err == nil {
		return p.show(c, http.StatusOK, afterPage(p.outsideFrame(c, "Thank you"), afterModel{AfterPage: v, Token: token, Thanks: true}))
	}
	status, yes := formError(err)
	if fault.KindOf(err) == fault.TooMany || !yes {
		return p.noLink(c, err)
	}
	v, e := p.Flow.AfterVisit(ctx(c), token, c.RealIP())
	if e != nil {
		return p.noLink(c, e)
	}
	m := afterModel{AfterPage: v, Token: token, Error: shown(err), Typed: map[int]flow.AfterReply{}}
	for _, r := range replies {
		m.Typed[r.Line] = r
	}
	return p.show(c, status, afterPage(p.outsideFrame(c, "After our visit"), m))
}

// reply gives what the form shows for a line: what was just entered, or what is kept.
func (m afterModel) reply(i int) (insight.Reply, string) {
	if r, ok := m.Typed[i]; ok {
		return r.Reply, r.Correction
	}
	l := m.Lines[i]
	if l.Reply == "" {
		return insight.Silent, ""
	}
	return l.Reply, l.Correction
}

var replyNames = map[insight.Reply]string{insight.Confirms: "That is right", insight.Corrected: "Not quite", insight.Silent: "No answer"}

var replyOrder = []insight.Reply{insight.Confirms, insight.Corrected, insight.Silent}

// replyText says what became of a line that was sent.
func replyText(l insight.Line) string {
	switch l.Reply {
	case insight.Confirms:
		return "✓ confirmed"
	case insight.Corrected:
		return "corrected"
	}
	return "no answer: still our guess"
}

func replyClass(l insight.Line) string {
	switch l.Reply {
	case insight.Confirms:
		return "tag ok"
	case insight.Corrected:
		return "tag warn"
	}
	return "tag dash"
}

var yourParts = map[insight.About]string{insight.Situation: "Your situation", insight.Goals: "Your goals", insight.Obstacles: "What stands in the way", insight.NextSteps: "Next steps"}
