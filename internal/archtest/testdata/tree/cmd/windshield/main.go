// Command windshield may read the environment.
package main

import (
	"os"

	"windshield/internal/flow"

	"github.com/alecthomas/kong"
)

func main() { kong.Parse(os.Getenv("WINDSHIELD_ADDR"), flow.New) }
