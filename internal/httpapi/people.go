package httpapi

import (
	"context"
	"time"

	"windshield/internal/fault"
	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/visit"
)

// CreatePerson makes somebody known.
func (a *API) CreatePerson(ctx context.Context, r CreatePersonRequestObject) (CreatePersonResponseObject, error) {
	c := callOf(ctx)
	in, err := personChange(r.Body)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.CreatePerson(ctx, c.actor, c.key(r.Params.IdempotencyKey), in)
	if err != nil {
		return nil, err
	}
	return CreatePerson201JSONResponse{Body: personDetail(v), Headers: CreatePerson201ResponseHeaders{ETag: some(etag(v.Person.Version)), Location: some("/api/v1/people/" + v.Person.ID)}}, nil
}

// GetPerson gives one of us with everybody around.
func (a *API) GetPerson(ctx context.Context, r GetPersonRequestObject) (GetPersonResponseObject, error) {
	v, err := a.flow.Person(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetPerson200JSONResponse{Body: personDetail(v), Headers: GetPerson200ResponseHeaders{ETag: some(etag(v.Person.Version))}}, nil
}

// ChangePerson changes one of us.
func (a *API) ChangePerson(ctx context.Context, r ChangePersonRequestObject) (ChangePersonResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	in, err := personChange(r.Body)
	if err != nil {
		return nil, err
	}
	v, err := a.flow.ChangePerson(ctx, callOf(ctx).actor, r.Id, n, in)
	if err != nil {
		return nil, err
	}
	return ChangePerson200JSONResponse{Body: personDetail(v), Headers: ChangePerson200ResponseHeaders{ETag: some(etag(v.Person.Version))}}, nil
}

// personChange reads what is said of a person; an empty day takes one away.
func personChange(b *PersonChange) (flow.PersonChange, error) {
	in := flow.PersonChange{Name: b.Name, Email: b.Email, Phone: b.Phone, Function: b.Function, City: b.City, Region: b.Region, Country: b.Country,
		Zone: b.Zone, Manager: b.Manager, Serves: b.Serves, Assistants: b.Assistants, MaxPerWeek: b.MaxPerWeek, MaxPerMonth: b.MaxPerMonth, TargetVisits: b.TargetVisits}
	if b.ZoneSince != nil {
		d := slotDate(b.ZoneSince)
		in.ZoneSince = &d
	}
	var bad []fault.Detail
	day := func(where string, s *string) *slot.Date {
		if s == nil {
			return nil
		}
		var d slot.Date
		if *s != "" {
			var err error
			if d, err = slot.ParseDate(*s); err != nil {
				bad = append(bad, fault.Detail{Where: where, Value: fault.Short(*s), Expected: "a date such as 2027-03-04, or nothing"})
			}
		}
		return &d
	}
	in.Joined, in.Left = day("joined", b.Joined), day("left", b.Left)
	if b.Roles != nil {
		roles := list(*b.Roles, func(r Role) roster.Role { return roster.Role(r) })
		in.Roles = &roles
	}
	if len(bad) > 0 {
		return in, invalid(bad)
	}
	return in, nil
}

func personDetail(v flow.PersonView) PersonDetail {
	p := v.Person
	out := PersonDetail{Person: person(p), Joined: p.Joined.String(), Left: p.Left.String(), Reports: names(v.Reports), Serves: names(v.Serves), Assistants: names(v.Assistants),
		Calendar: string(v.Calendar.State), Zones: list(p.Moves, func(m roster.ZoneChange) ZoneChange { return ZoneChange{Since: someDate(m.Day), Zone: m.Zone} })}
	if v.Manager.ID != "" {
		out.Manager = some(named(v.Manager.ID, v.Manager.Name))
	}
	return out
}

func names(people []roster.Person) []Named {
	return list(people, func(p roster.Person) Named { return named(p.ID, p.Name) })
}

// GetLeaving says what it means that somebody leaves.
func (a *API) GetLeaving(ctx context.Context, r GetLeavingRequestObject) (GetLeavingResponseObject, error) {
	v, err := a.flow.Leaving(ctx, callOf(ctx).actor, r.Id, slotDate(&r.Params.Day))
	if err != nil {
		return nil, err
	}
	ids := func(all []visit.Visit) []string { return list(all, func(x visit.Visit) string { return x.ID }) }
	return GetLeaving200JSONResponse{Day: date(v.On), AsExecutive: ids(v.AsExecutive), AsHost: ids(v.AsHost), Customers: v.Customers, MoreCustomers: v.More,
		Reports: names(v.Reports), Serves: names(v.Serves), Assistants: names(v.Assistants), LastAdministrator: v.LastAdmin}, nil
}

// ListTimeShares gives how somebody's working hours went by.
func (a *API) ListTimeShares(ctx context.Context, r ListTimeSharesRequestObject) (ListTimeSharesResponseObject, error) {
	shares, err := a.flow.TimeShares(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	minutes := func(d time.Duration) int { return int(d / time.Minute) }
	return ListTimeShares200JSONResponse{Items: list(shares[r.Id], func(s roster.TimeShare) TimeShareOf {
		return TimeShareOf{Month: date(s.Month), WorkMinutes: minutes(s.Work), TakenMinutes: minutes(s.Taken), VisitMinutes: minutes(s.Visits)}
	})}, nil
}

// GivePersonalData gives everything that is held about one of us.
func (a *API) GivePersonalData(ctx context.Context, r GivePersonalDataRequestObject) (GivePersonalDataResponseObject, error) {
	v, err := a.flow.PersonalData(ctx, callOf(ctx).actor, flow.Whose{PersonID: r.Id})
	if err != nil {
		return nil, err
	}
	return GivePersonalData200JSONResponse(personalData(v)), nil
}

// ErasePerson erases one of us who has left.
func (a *API) ErasePerson(ctx context.Context, r ErasePersonRequestObject) (ErasePersonResponseObject, error) {
	c := callOf(ctx)
	v, err := a.flow.Erase(ctx, c.actor, c.key(r.Params.IdempotencyKey), flow.Whose{PersonID: r.Id}, r.Body.Confirm)
	if err != nil {
		return nil, err
	}
	return ErasePerson200JSONResponse{As: v.As, Rows: v.Rows}, nil
}

// ListContacts gives the people of a customer whom our data name.
func (a *API) ListContacts(ctx context.Context, r ListContactsRequestObject) (ListContactsResponseObject, error) {
	all, err := a.flow.Contacts(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return ListContacts200JSONResponse{Items: list(all, func(c flow.KnownContact) ContactRef { return ContactRef{Name: c.Name, Email: c.Email} })}, nil
}

// GiveContactData gives everything that is held about a contact.
func (a *API) GiveContactData(ctx context.Context, r GiveContactDataRequestObject) (GiveContactDataResponseObject, error) {
	v, err := a.flow.PersonalData(ctx, callOf(ctx).actor, flow.Whose{CustomerID: r.Id, Name: r.Body.Name, Email: r.Body.Email})
	if err != nil {
		return nil, err
	}
	return GiveContactData200JSONResponse(personalData(v)), nil
}

// EraseContact erases a contact.
func (a *API) EraseContact(ctx context.Context, r EraseContactRequestObject) (EraseContactResponseObject, error) {
	c := callOf(ctx)
	v, err := a.flow.Erase(ctx, c.actor, c.key(r.Params.IdempotencyKey), flow.Whose{CustomerID: r.Id, Name: r.Body.Name, Email: r.Body.Email}, r.Body.Confirm)
	if err != nil {
		return nil, err
	}
	return EraseContact200JSONResponse{As: v.As, Rows: v.Rows}, nil
}

func personalData(v flow.PersonalData) PersonalData {
	return PersonalData{Name: v.Name, Email: v.Email, AsOf: v.AsOf, Hindrance: v.Hindrance, Rows: list(v.Rows, func(r flow.HeldRow) HeldRow { return HeldRow{Table: r.Table, Fields: r.Fields} })}
}
