package store

import (
	"slices"
	"sync"
)

// strataKept is of how many selections the groups are remembered; those of a hundred
// thousand customers take some 12 MB.
const strataKept = 2

// strataMemory keeps in which group of a selection each customer is: what a draw gave
// never changes, and to look twelve thousand customers up takes ten times as long as to
// read their visits. It is safe for concurrent use; nobody changes what it gives.
type strataMemory struct {
	mu   sync.Mutex
	of   map[string]map[string]string // selection -> customer -> code
	used []string                     // the latest last
}

func (m *strataMemory) get(selectionID string) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of[selectionID]
}

func (m *strataMemory) put(selectionID string, strata map[string]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil {
		m.of = map[string]map[string]string{}
	}
	m.of[selectionID] = strata
	m.used = append(slices.DeleteFunc(m.used, func(id string) bool { return id == selectionID }), selectionID)
	if len(m.used) > strataKept {
		delete(m.of, m.used[0])
		m.used = slices.Delete(m.used, 0, 1)
	}
}

// strata gives the codes of the groups of a selection by customer. A transaction that
// writes may have drawn the selection itself and be undone: it remembers nothing.
func (u *unit) strata(selectionID string) (map[string]string, error) {
	if selectionID == "" {
		return nil, nil
	}
	if known := u.s.groups.get(selectionID); known != nil {
		return known, nil
	}
	out, codes := map[string]string{}, map[string]string{}
	err := u.rows(u.db.Table("selection_rows").Where("selection_id = ? AND stratum <> ''", selectionID).Select("customer_id, stratum"), func(into func(...any) error) error {
		var id, code string
		if err := into(&id, &code); err != nil {
			return err
		}
		if codes[code] == "" {
			codes[code] = code
		}
		out[id] = codes[code] // one text for all of a group
		return nil
	})
	if err == nil && !u.write && len(out) > 0 {
		u.s.groups.put(selectionID, out)
	}
	return out, err
}
