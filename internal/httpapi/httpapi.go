// Package httpapi holds the handlers of the HTTP API, which convert between JSON
// and the domain and decide nothing: who may do what, and whether, is settled by
// the use cases of flow. Requests are held against the contract of the api
// package before a handler sees them.
package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"windshield/api"
	"windshield/internal/access"
	"windshield/internal/auth"
	"windshield/internal/flow"
)

// Sessions signs people in and out; *auth.Sessions does so.
type Sessions interface {
	RequestLink(c echo.Context, email string) error
	Use(c echo.Context, token string) error
	SignOut(c echo.Context) error
}

// Options is what the API needs. All fields are required but Log.
type Options struct {
	Flow     *flow.Flow
	Sessions Sessions
	Log      *slog.Logger
}

// filesAtOnce is how many import files are read at the same time. Each may take
// some hundred megabytes; who comes when all places are taken is asked to wait.
const filesAtOnce = 2

// API answers requests. It is safe for concurrent use.
type API struct {
	flow       *flow.Flow
	sessions   Sessions
	log        *slog.Logger
	doc        *openapi3.T
	operations map[string]*operation // by operation id
	files      chan struct{}         // holds one token per file being read
}

var _ StrictServerInterface = (*API)(nil)

// contract is the contract that the program carries. Reading it takes a tenth of a
// second, and nobody changes it after: once for all houses of a process.
var contract = sync.OnceValues(func() (*openapi3.T, error) { return openapi3.NewLoader().LoadFromData(api.OpenAPI()) })

// New makes the API. The error says what is wrong with the contract, which only
// its author can cause.
func New(o Options) (*API, error) {
	doc, err := contract()
	if err != nil {
		return nil, fmt.Errorf("the contract of the API cannot be read: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{flow: o.Flow, sessions: o.Sessions, log: o.Log, doc: doc, operations: map[string]*operation{}, files: make(chan struct{}, filesAtOnce)}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			a.operations[op.OperationID] = newOperation(doc, path, item, method, op)
		}
	}
	return a, nil
}

// Register adds the routes to the group of the API, which must name the actor of
// each request and guard against requests from other sites.
func (a *API) Register(g *echo.Group) {
	guards := make(map[string][]echo.MiddlewareFunc, len(a.operations))
	for id, op := range a.operations {
		guards[id] = []echo.MiddlewareFunc{a.guard(op)}
	}
	RegisterHandlersWithOptions(g, NewStrictHandler(a, nil), RegisterHandlersOptions{OperationMiddlewares: guards})
}

// call is what handlers know of a request beside its parameters and body.
type call struct {
	echo  echo.Context
	actor access.Actor
	hash  string // of method, path and body, for idempotency keys
}

type callKey struct{}

func withCall(c echo.Context, hash string) {
	r := c.Request()
	c.SetRequest(r.WithContext(context.WithValue(r.Context(), callKey{}, &call{echo: c, actor: auth.Actor(c), hash: hash})))
}

// callOf gives the call of a request that has passed the guard.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// key gives the idempotency key of a request, empty where it has none.
func (c *call) key(header *IdempotencyKey) flow.Key {
	if header == nil {
		return flow.Key{}
	}
	return flow.Key{ActorID: c.actor.PersonID, Key: *header, Hash: c.hash}
}
