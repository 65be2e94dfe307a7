package mail

import (
	"errors"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

// auth signs in with the best mechanism that the server offers. Without TLS only
// those are used that do not reveal the password; a server on this machine
// excepted.
type auth struct {
	user, password, host string
	chosen               smtp.Auth
}

// Start chooses the mechanism.
func (a *auth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	switch has := func(mechanism string) bool { return slices.Contains(server.Auth, mechanism) }; {
	case has("SCRAM-SHA-256"):
		a.chosen = smtp.ScramSHA256Auth(a.user, a.password)
	case has("PLAIN"):
		a.chosen = smtp.PlainAuth("", a.user, a.password, a.host, false)
	case has("LOGIN"):
		a.chosen = smtp.LoginAuth(a.user, a.password, a.host, false)
	case has("CRAM-MD5"):
		a.chosen = smtp.CRAMMD5Auth(a.user, a.password)
	default:
		return "", nil, errors.New("the server offers no sign-in that we know")
	}
	return a.chosen.Start(server)
}

// Next answers the server's challenges.
func (a *auth) Next(challenge []byte, more bool) ([]byte, error) {
	return a.chosen.Next(challenge, more)
}
