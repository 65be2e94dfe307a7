package hook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"windshield/internal/fault"
	"windshield/internal/notify"
)

// webhookName is how errors call a webhook.
const webhookName = "the webhook"

// Header carries the signature of a webhook's body; see Sign.
const Header = "Windshield-Signature"

// Length of a webhook's secret in characters.
const (
	MinSecret = 16
	MaxSecret = 200
)

// Webhook posts messages as JSON to an address of the company's own. It implements
// notify.Notifier and is safe for concurrent use.
type Webhook struct {
	caller *caller
	secret string
}

var _ notify.Notifier = (*Webhook)(nil)

// NewWebhook checks the address, the secret with which bodies are signed, and the
// options. The error is Invalid and holds neither address nor secret.
func NewWebhook(address, secret string, o Options) (*Webhook, error) {
	c, err := newCaller(webhookName, address, o)
	if err != nil {
		return nil, err
	}
	if len(secret) < MinSecret || len(secret) > MaxSecret || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, fault.Invalidf("The secret of the webhook cannot be used.").With(fault.Detail{
			Where: "secret", Expected: "16 to 200 plain characters without spaces", Mend: "Take what `openssl rand -base64 32` prints."})
	}
	return &Webhook{caller: c, secret: secret}, nil
}

// String names the channel without its address.
func (w *Webhook) String() string { return "webhook" }

// notice is the body of a webhook.
type notice struct {
	ID      string `json:"id"` // the same in every repeat
	Kind    string `json:"kind"`
	About   string `json:"about"`
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	At      string `json:"at"` // when it was sent, UTC; another in every repeat
}

// Send posts the message; see notify.Notifier. What a receiver says about this message
// is final (400, 410, 413, 415, 422); everything else but 2xx passes or can be mended
// at its end, and the message must not be lost meanwhile.
func (w *Webhook) Send(ctx context.Context, m notify.Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	at := w.caller.now().UTC()
	body, err := json.Marshal(notice{ID: m.ID, Kind: m.Kind, About: m.About, To: m.To, Subject: m.Subject, Text: m.Text, At: at.Format(time.RFC3339)})
	if err != nil {
		return fault.New(fault.Internal, "the message for the webhook cannot be written").Because(err)
	}
	status, _, err := w.caller.post(ctx, body, http.Header{Header: {Sign(w.secret, at, body)}})
	if err != nil {
		return err
	}
	switch {
	case status >= 200 && status <= 299:
		return nil
	case status == http.StatusBadRequest, status == http.StatusGone, status == http.StatusRequestEntityTooLarge,
		status == http.StatusUnsupportedMediaType, status == http.StatusUnprocessableEntity:
		return fault.Invalidf("The webhook refused the message for good (%d).", status)
	case passing(status):
		return fault.Temporaryf("The webhook asked to try again later (%d).", status)
	case status >= 300 && status <= 399:
		return fault.Temporaryf("The webhook sends us to another address (%d), which is not followed.", status)
	}
	return fault.Temporaryf("The webhook does not let us in (%d).", status)
}

// Sign gives the value of Header for a body that is sent at an instant:
// t=<seconds since 1970>,v1=<HMAC-SHA256 of "<t>.<body>" under the secret, in hex>.
func Sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

// Verify is what a receiver does with a body and the value of Header before it
// believes anything. now is the receiver's clock, and within how far from it the time
// of the signature may be, so that nobody sends an old notice again later. The error is
// Denied. A repeat of ours passes: drop it by its id.
func Verify(secret, header string, body []byte, now time.Time, within time.Duration) error {
	fields := map[string]string{}
	for part := range strings.SplitSeq(header, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := fields[name]; !ok || twice {
			return fault.Deniedf("The signature is not one of Windshield.")
		}
		fields[name] = value
	}
	seconds, err := strconv.ParseInt(fields["t"], 10, 64)
	if err != nil || fields["t"] != fmt.Sprint(seconds) {
		return fault.Deniedf("The signature is not one of Windshield.")
	}
	given, err := hex.DecodeString(fields["v1"])
	if err != nil || !hmac.Equal(given, mac(secret, fields["t"], body)) {
		return fault.Deniedf("The signature does not fit the body.")
	}
	if apart := now.Sub(time.Unix(seconds, 0)).Abs(); apart > within {
		return fault.Deniedf("The signature is of another time.")
	}
	return nil
}

func mac(secret, t string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(t + "."))
	h.Write(body)
	return h.Sum(nil)
}
