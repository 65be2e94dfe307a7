package slot

import (
	"fmt"
	"sync"
	"time"
	_ "time/tzdata" // the binary brings the zones of the whole world
)

var zones sync.Map // name -> *time.Location; zones never change while we run

// LoadZone gives the location of an IANA zone name such as "Europe/Zurich".
// "Local" and "" are refused: what the server's zone is must never matter.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("expected an IANA time zone such as Europe/Zurich, found %q", name)
	}
	if l, ok := zones.Load(name); ok {
		return l.(*time.Location), nil
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("expected an IANA time zone such as Europe/Zurich, found %q", name)
	}
	zones.Store(name, l)
	return l, nil
}
