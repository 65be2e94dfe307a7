package httpapi

import "github.com/labstack/echo/v4"

// Docs adds the documentation.
func (a *API) Docs(g *echo.Group) {}
