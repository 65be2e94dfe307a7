// Package auth holds sign-in and sessions: who is asking.
package auth

import (
	"github.com/labstack/echo/v4"

	"windshield/internal/access"
)

const actorKey = "windshield.actor"

// Actor gives who asks; the zero actor (nobody) where no one is signed in, whom
// access denies everything.
func Actor(c echo.Context) access.Actor {
	a, _ := c.Get(actorKey).(access.Actor)
	return a
}

// SetActor is for the session middleware and for tests.
func SetActor(c echo.Context, a access.Actor) { c.Set(actorKey, a) }
