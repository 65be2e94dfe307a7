// Package alert is a sample that uses an exception.
package alert

import "time"

// Zone is excepted in the test.
var Zone = time.Local
