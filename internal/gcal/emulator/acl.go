package emulator

import (
	"slices"
	"strings"
)

// Roles from the weakest to the strongest; "" is none.
var roles = []string{"", "freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner"}

func rank(role string) int { return slices.Index(roles, role) }

// role says what an address may do with a calendar: one of roles.
func (c *calendar) role(address string) string {
	if address == c.Owner {
		return "owner"
	}
	_, domain, _ := strings.Cut(address, "@")
	best := ""
	for _, key := range []string{address, "domain:" + domain, "default"} {
		if r := c.Shared[key]; rank(r) > rank(best) {
			best = r
		}
	}
	return best
}

func (c *calendar) writable(address string) bool { return rank(c.role(address)) >= rank("writer") }

// allow sets a rule. key is an address, "domain:" and a domain, or "default".
func (s *Server) allow(c *calendar, key, role string) {
	if c.Shared == nil {
		c.Shared = map[string]string{}
	}
	c.Shared[key] = role
	s.changed(c, "acl:"+key)
	s.touch(c.ID, "acl")
}

// changed notes that a part of a calendar's own data is new.
func (s *Server) changed(c *calendar, part string) {
	s.version++
	if c.Changed == nil {
		c.Changed = map[string]int64{}
	}
	c.Changed[part] = s.version
	s.dirty = append(s.dirty, line{Calendar: c})
}

func ruleID(key string) string {
	if key == "default" || strings.HasPrefix(key, "domain:") {
		return key
	}
	return "user:" + key
}

func ruleKey(id string) string { return strings.TrimPrefix(id, "user:") }

func (s *Server) rule(c *calendar, key string) object {
	kind, value, found := strings.Cut(ruleID(key), ":")
	scope := object{"type": kind}
	if found {
		scope["value"] = value
	}
	role := c.Shared[key]
	if key == c.Owner {
		role = "owner"
	}
	if role == "" {
		role = "none"
	}
	return object{"kind": "calendar#aclRule", "etag": etagOf(c.Changed["acl:"+key]), "id": ruleID(key), "scope": scope, "role": role}
}

// owned refuses whoever may not see or change a calendar's sharing.
func owned(c *call) *reply {
	if c.calendar.role(c.user) != "owner" {
		return fail(403, "calendar", "requiredAccessLevel", "You need to have owner access to this calendar.")
	}
	return nil
}

func (s *Server) aclList(c *call) *reply {
	if bad := owned(c); bad != nil {
		return bad
	}
	k := c.calendar
	all := []entry{{version: k.Changed["acl:"+k.Owner], body: s.rule(k, k.Owner)}}
	for key, role := range k.Shared {
		all = append(all, entry{version: k.Changed["acl:"+key], gone: role == "", body: s.rule(k, key)})
	}
	return s.entries(c, "calendar#acl", all)
}

func (s *Server) aclGet(c *call) *reply {
	if bad := owned(c); bad != nil {
		return bad
	}
	key := ruleKey(c.path("ruleId"))
	if c.calendar.Shared[key] == "" && key != c.calendar.Owner {
		return notFound()
	}
	return ok(s.rule(c.calendar, key))
}

func (s *Server) aclWrite(c *call) *reply {
	if bad := owned(c); bad != nil {
		return bad
	}
	key := ruleKey(c.path("ruleId"))
	if c.method == "acl.insert" {
		scope, _ := c.body["scope"].(object)
		value := fold(text(scope["value"]))
		switch kind := text(scope["type"]); {
		case kind == "default":
			key = "default"
		case value == "":
			return fail(400, "global", "required", "Missing scope value.")
		case kind == "domain":
			key = "domain:" + value
		case kind == "user", kind == "group":
			key = value
		default:
			return invalid("Invalid scope type.")
		}
	} else if c.calendar.Shared[key] == "" {
		return notFound()
	}
	role := text(c.body["role"])
	if c.method == "acl.patch" && role == "" {
		role = c.calendar.Shared[key]
	}
	if role == "none" {
		role = ""
	} else if role == "" || rank(role) < 0 {
		return invalid("Invalid role.")
	}
	if key == c.calendar.Owner {
		return fail(403, "calendar", "cannotChangeOwnAcl", "Cannot change your own access level.")
	}
	before := len(c.calendar.Shared)
	s.allow(c.calendar, key, role)
	c.committed = true
	if mayMail := c.query.Get("sendNotifications") != "false"; mayMail && role != "" && strings.Contains(key, "@") && len(c.calendar.Shared) > before {
		s.mail(Mail{Kind: "share", From: c.calendar.Owner, To: key, Calendar: c.calendar.ID, Title: c.calendar.Summary, Cause: c.method})
	}
	return ok(s.rule(c.calendar, key))
}

func (s *Server) aclDelete(c *call) *reply {
	if bad := owned(c); bad != nil {
		return bad
	}
	key := ruleKey(c.path("ruleId"))
	if c.calendar.Shared[key] == "" {
		return notFound()
	}
	s.allow(c.calendar, key, "")
	c.committed = true
	return &reply{status: 204}
}
