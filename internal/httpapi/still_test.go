package httpapi_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/auth"
	"windshield/internal/roster"
)

// A request knows who asks as they were when it began. One that goes on asks again.
func TestAnAnswerThatGoesOnSeesThatItsSessionHasEnded(t *testing.T) {
	h := build(t)
	h.pages.GET("/still", func(c echo.Context) error {
		was, err := h.sessions.Still(c)
		require.NoError(t, err)
		if was.PersonID != "" {
			require.NoError(t, h.sessions.SignOut(c)) // in another window
		}
		is, err := h.sessions.Still(c)
		require.NoError(t, err)
		return c.JSON(http.StatusOK, []string{auth.Actor(c).PersonID, was.PersonID, is.PersonID})
	})
	ask := func(by client.HttpRequestDoer) (who []string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/still", nil)
		require.NoError(t, err)
		w, err := by.Do(r)
		require.NoError(t, err)
		defer w.Body.Close()
		require.NoError(t, json.NewDecoder(w.Body).Decode(&who))
		return who
	}
	vp := "person-" + string(roster.VP)
	signedIn, _ := h.role(roster.VP).ClientInterface.(*client.Client)
	require.Equal(t, []string{vp, vp, ""}, ask(signedIn.Client))
	require.Equal(t, []string{"", "", ""}, ask(http.DefaultClient))
}
