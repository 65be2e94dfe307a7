package hook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"windshield/internal/fault"
	"windshield/internal/hook"
)

// A receiver believes a body only with a signature that fits it and is fresh, and
// drops what it has seen by its id.
func ExampleVerify() {
	secret := "what WINDSHIELD_WEBHOOK_SECRET says"
	body := []byte(`{"id":"4f1c@windshield.example.com","kind":"breach","subject":"Your last customer visit was 31 days ago"}`)
	header := "t=1801656000,v1=22f1" // of the request, as http.Header.Get(hook.Header) gives it
	now := time.Unix(1801656010, 0)

	fmt.Println(hook.Verify(secret, header, body, now, 5*time.Minute))
	header = hook.Sign(secret, now, body)
	fmt.Println(hook.Verify(secret, header, body, now, 5*time.Minute))
	// Output:
	// The signature does not fit the body.
	// <nil>
}

// The form is fixed: receivers have been written for it.
func TestSignIsStable(t *testing.T) {
	require.Equal(t, "t=1801656000,v1=4c3785c121c8cf40fa67274d0dba415837273ad466f20fbc3f4442f134f880ba", hook.Sign("0123456789abcdef", time.Unix(1801656000, 999), []byte(`{"id":"1"}`)))
}

func TestVerify(t *testing.T) {
	at := time.Unix(1801656000, 0)
	body := []byte(`{"id":"1"}`)
	good := hook.Sign("0123456789abcdef", at, body)
	_, v1, _ := strings.Cut(good, ",")
	for _, now := range []time.Time{at, at.Add(5 * time.Minute), at.Add(-5 * time.Minute)} {
		require.NoError(t, hook.Verify("0123456789abcdef", good, body, now, 5*time.Minute))
	}
	for name, check := range map[string]error{
		"late":          hook.Verify("0123456789abcdef", good, body, at.Add(301*time.Second), 5*time.Minute),
		"early":         hook.Verify("0123456789abcdef", good, body, at.Add(-301*time.Second), 5*time.Minute),
		"other secret":  hook.Verify("0123456789abcdeg", good, body, at, time.Minute),
		"other body":    hook.Verify("0123456789abcdef", good, []byte(`{"id":"2"}`), at, time.Minute),
		"moved point":   hook.Verify("0123456789abcdef", "t=180165600,"+v1, []byte(`0.{"id":"1"}`), at, time.Minute),
		"other time":    hook.Verify("0123456789abcdef", "t=1801656001,"+v1, body, at, time.Minute),
		"padded time":   hook.Verify("0123456789abcdef", "t=+1801656000,"+v1, body, at, time.Minute),
		"no time":       hook.Verify("0123456789abcdef", v1, body, at, time.Minute),
		"no signature":  hook.Verify("0123456789abcdef", "t=1801656000", body, at, time.Minute),
		"empty one":     hook.Verify("0123456789abcdef", "t=1801656000,v1=", body, at, time.Minute),
		"half":          hook.Verify("0123456789abcdef", good[:len(good)-2], body, at, time.Minute),
		"two of them":   hook.Verify("0123456789abcdef", good+",v1=00", body, at, time.Minute),
		"nothing":       hook.Verify("0123456789abcdef", "", body, at, time.Minute),
		"something":     hook.Verify("0123456789abcdef", "t=x,v1=y,,=", body, at, time.Minute),
		"end of time":   hook.Verify("0123456789abcdef", "t=9223372036854775807,v1=00", body, at, time.Minute),
		"before  times": hook.Verify("0123456789abcdef", "t=-9223372036854775808,v1=00", body, at, time.Minute),
	} {
		require.True(t, fault.Is(check, fault.Denied), name)
	}
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		if err := hook.Verify("0123456789abcdef", hook.Sign("0123456789abcdef", at, body), body, at, 0); err != nil {
			t.Fatal(err)
		}
		if hook.Verify("0123456789abcdef", rapid.String().Draw(t, "header"), body, at, time.Hour) == nil {
			t.Fatal("anything goes")
		}
	})
}
