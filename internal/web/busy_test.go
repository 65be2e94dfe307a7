package web_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/access"
	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
)

func (s *story) Busy(context.Context, access.Actor) (flow.BusyView, error) {
	v := flow.BusyView{Settings: flow.StandardBusySettings()}
	for i, r := range []roster.Reading{
		{},
		{TriedAt: s.now, Unknown: s.nameOf("notFound")},
		{TriedAt: s.now, Unknown: s.nameOf("the calendar asks us to slow down"), ReadAt: s.now.Add(-30 * time.Hour)},
		{TriedAt: s.now, ReadAt: s.now},
	} {
		if len(s.customers) > 0 {
			v.People = append(v.People, flow.BusyPerson{Person: roster.Person{Name: s.nameOf(fmt.Sprint("Amara Abara ", i)), Email: "amara@example.com"}, Reading: r})
		}
	}
	return v, s.failing("busy")
}

func (s *story) SetBusy(_ context.Context, _ access.Actor, in flow.BusySettings, _ string) error {
	return s.change("set busy", in.On, in.Hosts, in.WriteAnyway, in.Rules.Begins, in.Rules.Meeting, in.Every)
}

func (s *story) ReadBusyNow(context.Context, access.Actor) error { return s.change("read busy") }

func TestThePageOfBusyTimes(t *testing.T) {
	for name, z := range map[string]size{"sample": sampleSize, "empty": {}, "hostile": {executives: 9, customers: 90, visits: 60, text: hostile}} {
		s := makeStory(z)
		w := open(t, s, actors(s)["administrator"]).get("/admin/calendar/busy")
		require.Equal(t, 200, w.Code, name)
		sound(t, w.Body.Bytes())
	}
	s := makeStory(sampleSize)
	site := open(t, s, actors(s)["administrator"])
	page := site.get("/admin/calendar/busy").Body.String()
	for _, words := range []string{"not read yet", "not connected", "not read since", "✓ read", "not shared with the account"} {
		require.Contains(t, page, words)
	}
	form := url.Values{"on": {"yes"}, "begins": {"08:30"}, "noon": {"12:30"}, "ends": {"18:00"}, "meeting": {"45"}, "away": {"240"}, "full": {"120"}, "every": {"30"}, "fresh": {"10"}}
	require.Equal(t, "/admin/calendar/busy?done=busy", site.post("/admin/calendar/busy", form).Header().Get("Location"))
	require.Equal(t, 303, site.post("/admin/calendar/busy/now", nil).Code)
	require.Equal(t, []string{"set busy true false false 08:30 45m0s 30m0s", "read busy"}, s.calls)

	form.Set("meeting", "a while")
	w := site.post("/admin/calendar/busy", form)
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), "a while", "what was typed stays")
	sound(t, w.Body.Bytes())
	form.Set("meeting", "30")
	s.fail["set busy"] = fault.Invalidf("Calendars cannot be read like this.").With(fault.Detail{Where: "every", Value: "1m", Expected: "15 to 1440 minutes"})
	w = site.post("/admin/calendar/busy", form)
	require.Equal(t, 422, w.Code)
	sound(t, w.Body.Bytes())

	reader := open(t, s, actors(s)["vp"]).get("/admin/calendar/busy").Body.String()
	require.NotContains(t, reader, ">Save<", "who may only look changes nothing")
}
