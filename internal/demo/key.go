package demo

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"

	"windshield/internal/fault"
)

// serviceAccountKey gives the key file of the demo's service account, so that
// the whole way to the calendar is the one of a real Workspace. It is made once
// and kept beside the data.
func serviceAccountKey(path, tokenURL string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err == nil && !json.Valid(b) {
		return nil, fault.Conflictf("The demo's key file %s is broken. Delete it: a new one is made.", path)
	}
	if err == nil {
		return b, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Conflictf("The demo's key file %s cannot be read.", path).Because(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	b, err = json.MarshalIndent(map[string]string{
		"type":           "service_account",
		"project_id":     "windshield-demo",
		"private_key_id": "demo",
		"private_key":    string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email":   "windshield@windshield-demo.example",
		"client_id":      "100000000000000000001",
		"token_uri":      tokenURL,
	}, "", " ")
	if err != nil {
		return nil, err
	}
	return b, os.WriteFile(path, b, 0o600)
}
