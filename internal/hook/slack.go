package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"windshield/internal/fault"
	"windshield/internal/notify"
)

// Slack posts messages to a channel of Slack by an incoming webhook. It implements
// notify.Notifier and is safe for concurrent use. Who reads the channel reads the
// messages, to whomever they are.
type Slack struct {
	caller  *caller
	baseURL string
}

var _ notify.Notifier = (*Slack)(nil)

// slackHosts give out the addresses of incoming webhooks.
var slackHosts = []string{"hooks.slack.com", "hooks.slack-gov.com"}

// NewSlack checks the address of an incoming webhook and the options. The error is
// Invalid and never holds the address, which is a secret.
func NewSlack(address string, o Options) (*Slack, error) {
	c, err := newCaller("Slack", address, o)
	if err != nil {
		return nil, err
	}
	if u, err := url.Parse(address); !o.AllowPrivate && (err != nil || !slices.Contains(slackHosts, u.Host) || !strings.HasPrefix(u.Path, "/services/")) {
		return nil, badAddress("Slack", "an address such as https://hooks.slack.com/services/T000/B000/…")
	}
	return &Slack{caller: c, baseURL: o.BaseURL}, nil
}

// String names the channel without its address.
func (s *Slack) String() string { return "Slack" }

// Send posts the message; see notify.Notifier. Slack knows no repeats: the message's
// id is the block_id of its header.
func (s *Slack) Send(ctx context.Context, m notify.Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	body, err := json.Marshal(compose(m, s.baseURL))
	if err != nil {
		return fault.New(fault.Internal, "the message for Slack cannot be written").Because(err)
	}
	status, answer, err := s.caller.post(ctx, body, http.Header{})
	if err != nil {
		return err
	}
	word := string(bytes.TrimSpace(answer))
	switch {
	case status >= 200 && status <= 299 && word == "ok":
		return nil
	case status >= 200 && status <= 299:
		return fault.Temporaryf("What answers in Slack's place is not Slack (%d).", status)
	case passing(status):
		return fault.Temporaryf("Slack asked to try again later (%d).", status)
	case status >= 300 && status <= 399:
		return fault.Temporaryf("Slack sends us to another address (%d), which is not followed.", status)
	}
	// Nothing else of the answer is repeated: nobody knows what it holds.
	if why, known := refusals[word]; known {
		return fault.Invalidf("Slack refused the message for good: %s (%s).", why, word)
	}
	return fault.Invalidf("Slack refused the message for good (%d).", status)
}

// refusals are Slack's words for what will not get better by trying again
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
var refusals = map[string]string{
	"action_prohibited":                 "an administrator of the workspace has restricted it",
	"channel_is_archived":               "the channel is archived; choose another",
	"channel_not_found":                 "the channel does not exist any more; choose another",
	"invalid_blocks":                    "it does not understand the message",
	"invalid_payload":                   "it does not understand the message",
	"invalid_token":                     "the address is not valid any more; make a new incoming webhook",
	"no_active_hooks":                   "the incoming webhook is switched off",
	"no_service":                        "the incoming webhook is switched off, removed or wrong; make a new one",
	"no_service_id":                     "the address is not whole; copy it again",
	"no_team":                           "the workspace in the address does not exist",
	"no_text":                           "it does not understand the message",
	"posting_to_general_channel_denied": "not everybody may post to the workspace's general channel",
	"team_disabled":                     "the workspace does not exist any more",
	"user_not_found":                    "the person to whom the incoming webhook posts does not exist any more",
}

// What Slack takes of one message (https://docs.slack.dev/reference/block-kit/blocks).
const (
	slackHeader  = 150  // characters of a header
	slackSection = 3000 // characters of a section, as written
	slackParts   = 12   // sections; Slack takes 50 blocks, but nobody reads as much
	slackButtons = 5
)

type slackMessage struct {
	Text        string       `json:"text"` // where blocks are not shown: in the pop-up
	Blocks      []slackBlock `json:"blocks"`
	UnfurlLinks bool         `json:"unfurl_links"`
	UnfurlMedia bool         `json:"unfurl_media"`
}

type slackBlock struct {
	Type     string         `json:"type"`
	ID       string         `json:"block_id,omitempty"`
	Text     *slackText     `json:"text,omitempty"`
	Elements []slackElement `json:"elements,omitempty"`
}

type slackText struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim,omitempty"` // names and channels in it stay text
}

// slackElement is a text of a context block (Text a string) or a button (an object).
type slackElement struct {
	Type string `json:"type"`
	Text any    `json:"text"`
	URL  string `json:"url,omitempty"`
}

func compose(m notify.Message, baseURL string) slackMessage {
	whom := "For " + m.To
	if m.ToName != "" {
		whom = "For " + m.ToName + " (" + m.To + ")"
	}
	out := slackMessage{Text: escape(m.Subject), Blocks: []slackBlock{
		{Type: "header", ID: m.ID, Text: &slackText{Type: "plain_text", Text: notify.OneLine(m.Subject, slackHeader)}},
		{Type: "context", Elements: []slackElement{{Type: "plain_text", Text: whom}}},
	}}
	for _, part := range sections(m.Text) {
		out.Blocks = append(out.Blocks, slackBlock{Type: "section", Text: &slackText{Type: "mrkdwn", Text: part, Verbatim: true}})
	}
	var buttons []slackElement
	for _, l := range notify.Links(m.Text, baseURL) {
		if len(buttons) < slackButtons {
			buttons = append(buttons, slackElement{Type: "button", Text: slackText{Type: "plain_text", Text: l.Label}, URL: l.URL})
		}
	}
	if len(buttons) > 0 {
		out.Blocks = append(out.Blocks, slackBlock{Type: "actions", Elements: buttons})
	}
	return out
}

var control = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape keeps text from being read as a link, a mention or a call of a channel: all
// of those begin with "<".
func escape(s string) string { return control.Replace(s) }

// sections escapes a text and cuts it into pieces that Slack takes, at the ends of
// lines where there are any. What is too long for all of them ends in "…".
func sections(text string) []string {
	var out []string
	var piece strings.Builder
	length := 0 // of piece, in characters
	end := func() {
		if strings.TrimSpace(piece.String()) != "" {
			out = append(out, piece.String())
		}
		piece.Reset()
		length = 0
	}
	for line := range strings.SplitAfterSeq(text, "\n") {
		if whole := len([]rune(escape(line))); length+whole > slackSection && whole <= slackSection {
			end()
		}
		for _, r := range line {
			c := escape(string(r))
			if length+len([]rune(c)) > slackSection-1 { // one is for "…"
				end()
			}
			piece.WriteString(c)
			length += len([]rune(c))
		}
	}
	end()
	if len(out) > slackParts {
		out = out[:slackParts]
		out[slackParts-1] += "…"
	}
	return out
}
