package web

import (
	"strconv"
	"time"

	"github.com/a-h/templ"
)

// invalid gives the attributes that tie a field to its hint and its error.
func invalid(e shownError, field string, hint bool) templ.OrderedAttributes {
	var out templ.OrderedAttributes
	if e.at(field) {
		out = append(out, templ.KeyValue[string, any]{Key: "aria-invalid", Value: "true"})
	}
	if d := e.describedBy(field, hint); d != "" {
		out = append(out, templ.KeyValue[string, any]{Key: "aria-describedby", Value: d})
	}
	return out
}

// colourClass gives the class of a group's colour: s1..s6, s0 for the rest.
func colourClass(colour int) string {
	if colour < 1 || colour > 6 {
		return "s0"
	}
	return "s" + strconv.Itoa(colour)
}

func fillClass(colour int) string { return "f" + colourClass(colour)[1:] }

func invalidIf(yes bool) templ.OrderedAttributes {
	if !yes {
		return nil
	}
	return templ.OrderedAttributes{{Key: "aria-invalid", Value: "true"}}
}

// liveState tells the script whether to ask again.
func liveState(going bool) string {
	if going {
		return "on"
	}
	return "off"
}

func secs(n int) time.Duration { return time.Duration(n) * time.Second }

// yesNo writes what attributes such as aria-expanded say.
func yesNo(yes bool) string {
	if yes {
		return "true"
	}
	return "false"
}
