package emulator

import (
	"cmp"
	"slices"
	"strconv"
)

// entry is a line of one of the small lists: rules of sharing, calendars,
// settings.
type entry struct {
	version int64
	gone    bool
	body    object
}

// entries answers a request for a small list, with paging and sync tokens as of
// the events.
func (s *Server) entries(c *call, kind string, all []entry) *reply {
	params := paramsOf(c.query)
	since, offset := int64(-1), 0
	if t := c.query.Get("syncToken"); t != "" {
		var token syncToken
		if !unseal(t, &token) || token.Calendar == "" {
			return invalid("Invalid sync token value.")
		}
		if token.User != c.user || token.Calendar != kind+c.cid || token.Epoch < s.epoch {
			return fullSync()
		}
		since = token.Version
	}
	version := s.version
	if t := c.query.Get("pageToken"); t != "" {
		var token pageToken
		if !unseal(t, &token) || token.User != c.user || token.Calendar != kind+c.cid || token.Since != since {
			return invalid("Invalid page token value.")
		}
		offset, _ = strconv.Atoi(token.After)
		version = token.Version
	}
	all = slices.DeleteFunc(all, func(e entry) bool {
		return since >= 0 && e.version <= since || since < 0 && e.gone && c.query.Get("showDeleted") != "true"
	})
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(text(a.body["id"]), text(b.body["id"])) })
	limit := 100
	if n, err := strconv.Atoi(c.query.Get("maxResults")); err == nil && n > 0 {
		limit = min(n, 250)
	}
	items := []any{}
	for _, e := range all[min(offset, len(all)):min(offset+limit, len(all))] {
		if e.gone && kind == "calendar#calendarList" {
			e.body["deleted"] = true
		}
		items = append(items, e.body)
	}
	o := object{"kind": kind, "etag": etagOf(s.version), "items": items}
	if offset+limit < len(all) {
		o["nextPageToken"] = seal(pageToken{User: c.user, Calendar: kind + c.cid, Params: params, After: strconv.Itoa(offset + limit), Version: version, Since: since, Epoch: s.epoch})
	} else {
		o["nextSyncToken"] = seal(syncToken{User: c.user, Calendar: kind + c.cid, Version: version, Epoch: s.epoch, Issued: s.now().Unix()})
	}
	a := ok(o)
	a.etag = etagOf(s.version)
	return a
}

func etagOf(version int64) string { return `"` + strconv.FormatInt(3400000000000000+version, 10) + `"` }

// settings of a person. Only the zone can differ here.
func (s *Server) settings(k *calendar) []entry {
	var out []entry
	for name, value := range map[string]string{"timezone": k.Zone, "locale": "en", "weekStart": "1", "format24HourTime": "true",
		"hideInvitations": "false", "autoAddHangouts": "false", "showDeclinedEvents": "true", "defaultEventLength": "60"} {
		version := int64(0)
		if name == "timezone" {
			version = k.Changed["settings"]
		}
		out = append(out, entry{version: version, body: object{"kind": "calendar#setting", "etag": etagOf(version), "id": name, "value": value}})
	}
	return out
}

func (s *Server) settingsList(c *call) *reply {
	k := s.calendar(c.user)
	if k == nil {
		return notFound()
	}
	return s.entries(c, "calendar#settings", s.settings(k))
}

func (s *Server) settingsGet(c *call) *reply {
	if k := s.calendar(c.user); k != nil {
		for _, e := range s.settings(k) {
			if e.body["id"] == c.path("setting") {
				return ok(e.body)
			}
		}
	}
	return notFound()
}

// Colours as Google's clients know them; ids count from 1.
var (
	calendarColours = []string{"#ac725e", "#d06b64", "#f83a22", "#fa573c", "#ff7537", "#ffad46", "#42d692", "#16a765", "#7bd148", "#b3dc6c", "#fbe983", "#fad165",
		"#92e1c0", "#9fe1e7", "#9fc6e7", "#4986e7", "#9a9cff", "#b99aff", "#c2c2c2", "#cabdbf", "#cca6ac", "#f691b2", "#cd74e6", "#a47ae2"}
	eventColours = []string{"#a4bdfc", "#7ae7bf", "#dbadff", "#ff887c", "#fbd75b", "#ffb878", "#46d6db", "#e1e1e1", "#5484ed", "#51b749", "#dc2127"}
)

func (s *Server) colors(*call) *reply {
	palette := func(all []string) object {
		o := object{}
		for i, c := range all {
			o[strconv.Itoa(i+1)] = object{"background": c, "foreground": "#1d1d1d"}
		}
		return o
	}
	return ok(object{"kind": "calendar#colors", "updated": "2012-02-14T00:00:00.000Z", "calendar": palette(calendarColours), "event": palette(eventColours)})
}

func isColour(id string, all []string) bool {
	n, err := strconv.Atoi(id)
	return err == nil && n >= 1 && n <= len(all)
}
