package emulator

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"windshield/internal/fault"
	"windshield/internal/slot"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle []byte

var pages = template.Must(template.New("page").Parse(pageText))

func eventPath(calendar, id string) string {
	return "/people/" + url.PathEscape(calendar) + "/events/" + url.PathEscape(id)
}

// Page gives the pages on which one plays the people: choose a person, see the
// events, accept, decline, move, delete. Mount it at the root of its own port.
func (s *Server) Page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showPeople)
	mux.HandleFunc("GET /mails", s.showMails)
	mux.HandleFunc("GET /people/{who}", s.showPerson)
	mux.HandleFunc("POST /people/{who}", s.beAway)
	mux.HandleFunc("GET /people/{who}/events/{id}", s.showEvent)
	mux.HandleFunc("POST /people/{who}/events/{id}", s.actOnEvent)
	mux.HandleFunc("GET /page.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Write(pageStyle)
	})
	return http.NewCrossOriginProtection().Handler(mux)
}

// show renders a page into memory first, so that a failure is not half a page.
func show(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	formAction := "'self'"
	if name == "consent" { // its answer is a redirect to the application, which browsers count as the form's target
		formAction = "http: https:"
	}
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action "+formAction+"; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

func (s *Server) showPeople(w http.ResponseWriter, r *http.Request) {
	if who := fold(r.FormValue("who")); who != "" {
		http.Redirect(w, r, "/people/"+url.PathEscape(who), http.StatusSeeOther)
		return
	}
	type row struct {
		Address string
		Path    string
		Events  int
	}
	var rows []row
	for _, p := range s.People() {
		rows = append(rows, row{p, "/people/" + url.PathEscape(p), len(s.Live(p))})
	}
	show(w, http.StatusOK, "people", rows)
}

func (s *Server) showMails(w http.ResponseWriter, r *http.Request) {
	mails := s.Ledger().Mails
	slices.Reverse(mails)
	show(w, http.StatusOK, "mails", mails[:min(len(mails), 500)])
}

// eventRow is an event as the page shows it: times in the event's own zone.
type eventRow struct {
	View
	Path, Date, Time, Half, Mine string
	Organises                    bool
}

func rowOf(v View, who string) eventRow {
	loc, err := slot.LoadZone(v.Zone)
	if err != nil {
		loc = time.UTC
	}
	at := slot.FromInstant(v.Start, loc)
	e := eventRow{View: v, Path: eventPath(who, v.ID), Date: at.Date.String(), Half: string(at.Half), Mine: v.Guest(who).Answer, Organises: v.Organizer == who,
		Time: v.Start.In(loc).Format("15:04") + "–" + v.End.In(loc).Format("15:04")}
	if v.AllDay {
		e.Time = "all day"
	}
	return e
}

type personPage struct {
	Who, Path string
	Events    []eventRow
	Event     *eventRow
	Done      string
	Wrong     string
}

func (s *Server) showPerson(w http.ResponseWriter, r *http.Request) {
	s.personPage(w, r, http.StatusOK, "")
}

func (s *Server) personPage(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	who := fold(r.PathValue("who"))
	p := personPage{Who: who, Path: "/people/" + url.PathEscape(who), Done: done[r.FormValue("done")], Wrong: wrong}
	for _, v := range s.Live(who) {
		p.Events = append(p.Events, rowOf(v, who))
	}
	slices.SortStableFunc(p.Events, func(a, b eventRow) int { return a.Start.Compare(b.Start) })
	show(w, status, "person", p)
}

// beAway puts an absence of half a day into a person's calendar, in its zone.
func (s *Server) beAway(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	who := fold(r.PathValue("who"))
	s.mu.Lock()
	zone := s.opts.Zone
	if k := s.calendar(who); k != nil {
		zone = k.Zone
	}
	s.unlock()
	start, end, err := newTime(View{Zone: zone}, r.PostFormValue("date"), r.PostFormValue("half"), "")
	if err == nil {
		_, err = s.Block(who, r.PostFormValue("action"), start, end, r.PostFormValue("mode"), strings.TrimSpace(r.PostFormValue("comment")))
	}
	if err != nil {
		t, _ := fault.Shown(err)
		s.personPage(w, r, http.StatusUnprocessableEntity, t)
		return
	}
	http.Redirect(w, r, "/people/"+url.PathEscape(who)+"?done=away", http.StatusSeeOther)
}

var done = map[string]string{
	"accepted":  "Accepted. The organiser sees it.",
	"declined":  "Declined. The organiser sees it.",
	"tentative": "Answered “maybe”. The organiser sees it.",
	"move":      "Moved.",
	"copy":      "Only your own copy has moved: this event may be changed by its organiser alone.",
	"delete":    "Deleted from this calendar.",
	"away":      "Noted. Invitations in that time are treated as you chose.",
}

func (s *Server) showEvent(w http.ResponseWriter, r *http.Request) {
	s.eventPage(w, r, http.StatusOK, "")
}

func (s *Server) eventPage(w http.ResponseWriter, r *http.Request, status int, wrong string) {
	who := fold(r.PathValue("who"))
	v, found := s.Event(who, r.PathValue("id"))
	p := personPage{Who: who, Path: "/people/" + url.PathEscape(who), Done: done[r.FormValue("done")], Wrong: wrong}
	if !found || v.Status == "cancelled" {
		p.Wrong = "There is no such event in this calendar (any more)."
		show(w, http.StatusNotFound, "event", p)
		return
	}
	e := rowOf(v, who)
	p.Event = &e
	show(w, status, "event", p)
}

func (s *Server) actOnEvent(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	who, id := fold(r.PathValue("who")), r.PathValue("id")
	v, found := s.Event(who, id)
	if !found {
		s.eventPage(w, r, http.StatusNotFound, "")
		return
	}
	action := r.PostFormValue("action")
	back, said := eventPath(who, id), action
	var err error
	switch action {
	case "accepted", "declined", "tentative":
		err = s.Respond(who, id, action, strings.TrimSpace(r.PostFormValue("comment")))
	case "move":
		var start, end time.Time
		if start, end, err = newTime(v, r.PostFormValue("date"), r.PostFormValue("half"), r.PostFormValue("time")); err == nil {
			err = s.Move(who, id, start, end)
		}
		if v.Organizer != who && !v.MayMove {
			said = "copy"
		}
	case "delete":
		err = s.DeleteAs(who, id)
		back = "/people/" + url.PathEscape(who)
	default:
		err = fault.Invalidf("Choose one of the buttons.")
	}
	if err != nil {
		t, _ := fault.Shown(err)
		s.eventPage(w, r, http.StatusUnprocessableEntity, t)
		return
	}
	http.Redirect(w, r, back+"?done="+url.QueryEscape(said), http.StatusSeeOther)
}

// newTime reads the form: a date, and a half-day or a time of day. A time of day
// keeps the event's length.
func newTime(v View, date, half, at string) (start, end time.Time, err error) {
	d, err := slot.ParseDate(date)
	if err != nil {
		return start, end, fault.Invalidf("Choose a date such as 2027-03-04.")
	}
	zone := v.Zone
	if zone == "" {
		zone = "UTC"
	}
	if at == "" {
		h, err := slot.ParseHalf(half)
		if err != nil {
			return start, end, fault.Invalidf("Choose the morning or the afternoon.")
		}
		return slot.Slot{Date: d, Half: h}.Bounds(zone)
	}
	loc, err := slot.LoadZone(zone)
	if err != nil {
		return start, end, err
	}
	start, err = time.ParseInLocation("2006-01-02 15:04", date+" "+at, loc)
	if err != nil {
		return start, end, fault.Invalidf("Choose a time such as 09:30.")
	}
	return start.UTC(), start.Add(v.End.Sub(v.Start)).UTC(), nil
}

func renderConsent(w http.ResponseWriter, form url.Values) {
	type field struct{ Name, Value string }
	var fields []field
	for _, k := range []string{"client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method", "access_type", "include_granted_scopes", "nonce"} {
		if v := form.Get(k); v != "" {
			fields = append(fields, field{k, v})
		}
	}
	show(w, http.StatusOK, "consent", map[string]any{"Fields": fields, "Scopes": splitScope(form.Get("scope"))})
}
