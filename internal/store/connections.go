package store

import (
	"errors"
	"strings"

	"gorm.io/gorm"

	"windshield/internal/flow"
)

type connectionRow struct {
	Address  string `gorm:"primaryKey"`
	PersonID optional
	Kind     flow.ConnectionKind
	State    flow.ConnectionState
	Scopes   string // separated by spaces
	Subject  string
	Sealed   string
	Error    string
	Since    instant
	Tried    instant
	Epoch    int
	Version  int
}

func (connectionRow) TableName() string { return "connections" }
func (r connectionRow) ident() string   { return r.Address }
func (r connectionRow) next() int       { return r.Version }

func toConnectionRow(c flow.Connection) connectionRow {
	return connectionRow{Address: c.Address, PersonID: optional(c.PersonID), Kind: c.Kind, State: c.State, Scopes: strings.Join(c.Scopes, " "),
		Subject: c.Subject, Sealed: c.Sealed, Error: c.Error, Since: instant(c.Since), Tried: instant(c.Tried), Epoch: c.Epoch, Version: c.Version + 1}
}

func (r connectionRow) connection() flow.Connection {
	return flow.Connection{Address: r.Address, PersonID: string(r.PersonID), Kind: r.Kind, State: r.State, Scopes: strings.Fields(r.Scopes),
		Subject: r.Subject, Sealed: r.Sealed, Error: r.Error, Since: r.Since.time(), Tried: r.Tried.time(), Epoch: r.Epoch, Version: r.Version}
}

// connections implements flow.Connections.
type connections struct{ *unit }

func (c connections) Get(address string) (flow.Connection, error) {
	var r connectionRow
	err := c.db.Where("address = ?", address).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return flow.Connection{Address: address}, nil
	}
	if err != nil {
		return flow.Connection{}, c.fail(err)
	}
	return r.connection(), nil
}

func (c connections) All() ([]flow.Connection, error) {
	var rows []connectionRow
	if err := c.db.Order("address").Find(&rows).Error; err != nil {
		return nil, c.fail(err)
	}
	return each(rows, connectionRow.connection), nil
}

func (c connections) Save(x *flow.Connection) error {
	if err := saveAll(c.unit, "connection", "address", 12, []connectionRow{toConnectionRow(*x)}); err != nil {
		return err
	}
	c.raise(&x.Version)
	return nil
}

func (c connections) Waiting(address string) (visitIDs []string, err error) {
	err = c.db.Model(&calendarEventRow{}).Where("calendar = ? AND state = ?", address, flow.EventWaiting).Order("visit_id").Pluck("visit_id", &visitIDs).Error
	return visitIDs, c.fail(err)
}
