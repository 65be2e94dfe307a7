package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"

	"windshield/api"
)

var contractRouter = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	for _, s := range doc.Components.Schemas { // answers may hold nothing that is not written down
		if s.Value.Type.Is("object") && s.Value.AdditionalProperties.Schema == nil {
			no := false
			s.Value.AdditionalProperties.Has = &no
		}
	}
	return gorillamux.NewRouter(doc)
})

// keepsContract holds every answer of a handler against the contract.
func (h *house) keepsContract(next http.Handler) http.Handler {
	router, err := contractRouter()
	require.NoError(h.t, err)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		if route, params, err := router.FindRoute(r); err == nil {
			if err := keeps(r, route, params, rec); err != nil {
				h.t.Errorf("%s %s answers %d against the contract: %v\n%s", r.Method, route.Path, rec.Code, err, rec.Body)
			}
		}
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = io.Copy(w, rec.Body)
	})
}

func keeps(r *http.Request, route *routers.Route, params map[string]string, rec *httptest.ResponseRecorder) error {
	if rec.Code < 500 && route.Operation.Responses.Value(strconv.Itoa(rec.Code)) == nil {
		return errors.New("the status is not written down")
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())),
		Options: &openapi3filter.Options{MultiError: true, IncludeResponseStatus: true}})
}
