package testkit_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/api/client"
	"windshield/internal/flow"
	. "windshield/internal/testkit"
)

// upload sends a file through the page and gives where it leads.
func upload(t *testing.T, h *House, c *http.Client, kind, file string) (r *http.Response, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	require.NoError(t, w.WriteField("kind", kind))
	part, err := w.CreateFormFile("file", kind+".csv")
	require.NoError(t, err)
	_, err = io.WriteString(part, file)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	r, err = c.Post(h.URL+"/imports", w.FormDataContentType(), &b)
	require.NoError(t, err)
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return r, string(page)
}

var hidden = regexp.MustCompile(`name="(version|key)" value="([^"]*)"`)

// carried gives what a form on a page carries along.
func carried(page string) url.Values {
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	return form
}

func customersNow(h *House) (n int) {
	_ = h.App.Store.Read(context.Background(), func(tx flow.Tx) (err error) {
		n, err = tx.Customers.Count()
		return err
	})
	return n
}

func TestImportingThroughThePages(t *testing.T) {
	Each(t, func(t *testing.T, h *House) {
		h.Small(2)
		c := h.As(Admin)
		const good = "Nr,Who is it,Land,Stadt,host,region\nn1,New One,CH,Bern,h1,North\nn2,New Two,CH,Genf,h2,South\n"
		bad := strings.Replace(good, "h2,South", "nobody,South", 1)

		// A header that nobody can guess is matched by hand.
		r, page := upload(t, h, c, "customers", bad)
		require.Equal(t, http.StatusOK, r.StatusCode)
		at := strings.TrimSuffix(r.Request.URL.Path, "/match")
		shows(t, page, "Who is it")
		form := carried(page)
		for i, field := range []string{"key", "", "country", "city", "host", "dimension:region"} {
			form.Set(fmt.Sprintf("column-%d", i), field)
		}
		status, page := h.Post(c, at+"/match", form)
		require.Equal(t, http.StatusUnprocessableEntity, status, "the name has no column")
		shows(t, page, "Name")
		form.Set("column-1", "name")
		status, page = h.Post(c, at+"/match", form)
		require.Equal(t, http.StatusOK, status, page)

		// The check says which row is wrong and why, and gives it back.
		shows(t, page, "nobody")
		status, rejected := h.Get(c, at+"/rejected.csv")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, rejected, "New Two")
		require.NotContains(t, rejected, "New One")

		// Nothing is written while a row is wrong, however one asks.
		_, page = h.Get(c, at+"/confirm")
		status, _ = h.Post(c, at+"/confirm", carried(page))
		require.Equal(t, http.StatusUnprocessableEntity, status)
		require.Equal(t, 2, customersNow(h))

		// The mended file is written whole, once.
		confirm := func(file string) (int, string) {
			r, page := upload(t, h, c, "customers", file)
			at := strings.TrimSuffix(r.Request.URL.Path, "/match")
			form := carried(page)
			for i, field := range []string{"key", "name", "country", "city", "host", "dimension:region"} {
				form.Set(fmt.Sprintf("column-%d", i), field)
			}
			status, page := h.Post(c, at+"/match", form)
			require.Equal(t, http.StatusOK, status, page)
			_, page = h.Get(c, at+"/confirm")
			form = carried(page)
			status, page = h.Post(c, at+"/confirm", form)
			require.Equal(t, http.StatusOK, status, page)
			again, _ := h.Post(c, at+"/confirm", form)
			require.Equal(t, http.StatusOK, again, "the form sent twice")
			return status, page
		}
		confirm(good)
		require.Equal(t, 4, customersNow(h))
		_, page = confirm(good)
		require.Equal(t, 4, customersNow(h))
		shows(t, page, "unchanged")

		// Not more than two files are read at once, however slowly they come. One that
		// arrives beside a quick one may be refused itself, so more follow until all
		// places are taken.
		var slow []*io.PipeWriter
		var all sync.WaitGroup
		for r.StatusCode = 0; r.StatusCode != http.StatusServiceUnavailable; {
			require.Less(t, len(slow), 50)
			pr, pw := io.Pipe()
			slow = append(slow, pw)
			req, err := http.NewRequest(http.MethodPost, h.URL+"/api/v1/imports", pr)
			require.NoError(t, err)
			w := multipart.NewWriter(pw)
			req.Header.Set("Content-Type", w.FormDataContentType())
			all.Go(func() {
				if r, err := c.Do(req); err == nil {
					r.Body.Close()
				}
			})
			all.Go(func() { _ = w.WriteField("kind", "customers") }) // who was refused reads no more
			r = quick(t, h, c, good)
		}
		require.NotEmpty(t, r.Header.Get("Retry-After"))
		for _, w := range slow {
			require.NoError(t, w.CloseWithError(io.ErrUnexpectedEOF))
		}
		all.Wait()
		status, _ = h.Get(c, "/imports")
		require.Equal(t, http.StatusOK, status)
	})
}

// quick uploads a file through the API.
func quick(t *testing.T, h *House, c *http.Client, file string) *http.Response {
	t.Helper()
	contentType, body, err := client.Form(client.ImportKindCustomers, "customers.csv", strings.NewReader(file))
	require.NoError(t, err)
	r, err := c.Post(h.URL+"/api/v1/imports", contentType, body)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Contains(t, []int{http.StatusCreated, http.StatusServiceUnavailable}, r.StatusCode)
	return r
}
