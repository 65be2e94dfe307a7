// Package api holds the contract of the HTTP API: openapi.yaml, written by hand
// and reviewed like code. The server's face (internal/httpapi) and the client
// (api/client) are generated from it; "make generate" does so.
package api

import _ "embed" // for the contract

//go:generate go tool oapi-codegen -config server.cfg.yaml openapi.yaml
//go:generate go tool oapi-codegen -config client.cfg.yaml openapi.yaml

//go:embed openapi.yaml
var document []byte

// OpenAPI gives the contract, an OpenAPI 3.0.3 document in YAML. Callers must
// not change it.
func OpenAPI() []byte { return document }
