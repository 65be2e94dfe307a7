package store_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"windshield/internal/flow"
	"windshield/internal/roster"
	"windshield/internal/slot"
	"windshield/internal/store"
	"windshield/internal/visit"
)

// filled gives a value in which every field differs from its zero value and from
// its neighbours, so that a column that is forgotten or swapped shows.
func filled[T any](t testing.TB, seed int) T {
	t.Helper()
	var v T
	n := seed * 1000
	fill(t, reflect.ValueOf(&v).Elem(), &n)
	return v
}

func fill(t testing.TB, v reflect.Value, n *int) {
	*n++
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = noon.Add(time.Duration(*n) * time.Second)
		return
	case *slot.Date:
		*x = slot.MustDate("2027-01-01").Add(*n % 700)
		return
	case *slot.Half:
		*x = slot.PM
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("Zürich O'Neil %d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint64:
		v.SetUint(1<<63 + uint64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n%89) / 97)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i), n)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(t, v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(t, k, n)
			fill(t, e, n)
			v.SetMapIndex(k, e)
		}
	default:
		require.FailNow(t, "a field of an unknown kind", v.Type().String())
	}
}

func id(kind string, n int) string { return fmt.Sprintf("%s-%04d", kind, n) }

func aPerson(n int, roles ...roster.Role) *roster.Person {
	return &roster.Person{ID: id("person", n), Key: fmt.Sprint("P", n), Name: fmt.Sprintf("Person %04d", n),
		Email: fmt.Sprintf("p%d@example.com", n), Zone: "Europe/Zurich", Roles: roles}
}

func aCustomer(n int, hostID string) *roster.Customer {
	return &roster.Customer{ID: id("customer", n), Key: fmt.Sprintf("C%06d", n), Name: fmt.Sprintf("Customer %04d", n),
		Zone: "America/New_York", Country: "US", HostID: hostID, Values: map[string]string{"region": "EMEA", "size": fmt.Sprint(n % 3)}}
}

func aVisit(t testing.TB, n int, customerID, executiveID, hostID, date string, half slot.Half) *visit.Visit {
	v := &visit.Visit{ID: id("visit", n), Label: fmt.Sprint("v", n), CustomerID: customerID, HostID: hostID,
		State: visit.Proposed, Answer: visit.NoAnswer, Kind: visit.AtCustomer}
	require.NoError(t, v.Place(executiveID, slot.Slot{Date: slot.MustDate(date), Half: half}, "America/New_York"))
	return v
}

func booking(v *visit.Visit) visit.Booking {
	return visit.Booking{PersonID: v.ExecutiveID, Slot: v.Slot, Kind: visit.BookedVisit, VisitID: v.ID}
}

// company saves executives 1 and 2, hosts 3 and 4, and customers 1 to 6, of
// which the odd ones are those of host 3.
func company(t testing.TB, st *store.Store) {
	t.Helper()
	write(t, st, func(tx flow.Tx) {
		require.NoError(t, tx.People.Save(aPerson(1, roster.Executive), aPerson(2, roster.Executive), aPerson(3, roster.Host), aPerson(4, roster.Host)))
		for n := 1; n <= 6; n++ {
			require.NoError(t, tx.Customers.Save(aCustomer(n, id("person", 4-n%2))))
		}
	})
}

func TestFilledLeavesNothingOut(t *testing.T) {
	p := filled[roster.Customer](t, 1)
	v := reflect.ValueOf(p)
	for i := range v.NumField() {
		require.False(t, v.Field(i).IsZero(), v.Type().Field(i).Name)
	}
	require.True(t, strings.HasPrefix(p.Name, "Zürich"))
}
