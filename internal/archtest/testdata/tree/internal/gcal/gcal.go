// Nobody knows what this is.
package gcal // want "package comment"

import (
	"github.com/riverqueue/river/riverdriver" // want "owner"
	"google.golang.org/api/calendar/v3"
)

var _ = calendar.NewService
var _ = riverdriver.Driver
