package flow

import (
	"context"
	"slices"
	"strings"

	"windshield/internal/access"
	"windshield/internal/alert"
	"windshield/internal/fault"
	"windshield/internal/roster"
)

// Locale names a way to write dates, times and numbers: a language and a region of
// BCP 47. The words of the pages are English in each.
type Locale struct {
	Tag  string // such as en-US
	Name string // for people
}

// Locales are those that may be chosen, the usual one first.
func Locales() []Locale {
	return []Locale{
		{"en-GB", "United Kingdom"}, {"en-US", "United States"}, {"en-AU", "Australia"}, {"pt-BR", "Brazil"}, {"en-CA", "Canada"},
		{"fr-FR", "France"}, {"de-DE", "Germany"}, {"en-IN", "India"}, {"it-IT", "Italy"}, {"ja-JP", "Japan"}, {"nl-NL", "Netherlands"},
		{"pl-PL", "Poland"}, {"es-ES", "Spain"}, {"sv-SE", "Sweden"}, {"de-CH", "Switzerland"},
	}
}

// SetLocale keeps how the actor reads dates and numbers: one of Locales, or "" for as
// the browser says. Setting it twice is harmless, so no version is asked for.
func (f *Flow) SetLocale(ctx context.Context, a access.Actor, locale string) error {
	if err := signedIn(a); err != nil {
		return err
	}
	if locale != "" && !slices.ContainsFunc(Locales(), func(l Locale) bool { return l.Tag == locale }) {
		tags := make([]string, len(Locales()))
		for i, l := range Locales() {
			tags[i] = l.Tag
		}
		return fault.Invalidf("Dates cannot be written like this.").With(fault.Detail{Where: "locale", Value: fault.Short(locale), Expected: "one of " + strings.Join(tags, ", ") + ", or nothing"})
	}
	return f.untilFresh(ctx, func(tx Tx) error {
		p, err := f.stillHere(tx, a.PersonID)
		if err != nil || p.Locale == locale {
			return err
		}
		p.Locale = locale
		if err := tx.People.Save(&p); err != nil {
			return err
		}
		return f.audit(tx, a, "choose locale", "person/"+p.ID, map[string]any{"locale": locale})
	})
}

// readsIn gives the zone in which a person reads: where they live today, or that of the
// company where nobody knows.
func (f *Flow) readsIn(tx Tx, p roster.Person) (string, error) {
	if zone := alert.ZoneOf(p, f.Now()); zone != "" {
		return zone, nil
	}
	s, err := noticeSettings(tx)
	return s.Zone, err
}
