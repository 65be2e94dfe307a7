// Package seal closes short secrets, such as refresh tokens, before they are
// stored, so that a copy of the database gives nobody access to a calendar. It
// keeps nothing itself: the keys come from the configuration.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"windshield/internal/fault"
)

// Option is the name of the option that holds the keys.
const Option = "WINDSHIELD_SECRET_KEYS"

// KeySize is how many bytes a key has: AES-256.
const KeySize = 32

// MaxText is how many bytes a text may have; a refresh token of Google's has 512
// at most.
const MaxText = 8 << 10

// form begins every sealed text, so that another way of sealing can be told apart.
const form = "s1"

// Ring is a ring of keys: the first one seals, all of them open. A nil Ring has
// no key and seals nothing. It is safe for concurrent use.
type Ring struct{ keys []key }

type key struct {
	id   string
	aead cipher.AEAD
}

// Parse reads "id:key,id:key": ids of 1 to 32 letters, digits, - and _, keys of 32
// bytes in base64 (of either alphabet, padded or not). "" gives nil, a ring
// without keys. Errors are Invalid and never show a key.
func Parse(text string) (*Ring, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	r := &Ring{}
	for n, part := range strings.Split(text, ",") {
		id, code, ok := strings.Cut(strings.TrimSpace(part), ":")
		where := fmt.Sprintf("%s, key %d", Option, n+1)
		if !ok || !name(id) {
			return nil, bad(where, "an id of letters and digits, a colon, and the key in base64")
		}
		if slices.ContainsFunc(r.keys, func(k key) bool { return k.id == id }) {
			return nil, bad(where, "an id that no other key has: what was sealed says by its id which key opens it")
		}
		raw, err := decode(code)
		if err != nil || len(raw) != KeySize {
			return nil, bad(where, fmt.Sprintf("%d bytes in base64, as `openssl rand -base64 %d` gives", KeySize, KeySize))
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, fault.New(fault.Internal, "a key of the right size was refused").Because(err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fault.New(fault.Internal, "the cipher cannot be made").Because(err)
		}
		r.keys = append(r.keys, key{id, aead})
	}
	return r, nil
}

func bad(where, expected string) error {
	return fault.Invalidf("The keys for secrets cannot be used.").With(fault.Detail{Where: where, Expected: expected})
}

func name(id string) bool {
	return id != "" && len(id) <= 32 && !strings.ContainsFunc(id, func(c rune) bool {
		return !(c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
	})
}

func decode(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(strings.TrimSpace(s), "="))
	return base64.RawStdEncoding.DecodeString(s)
}

// Ready says whether there is a key to seal with.
func (r *Ring) Ready() bool { return r != nil && len(r.keys) > 0 }

// Seal closes a text with the first key. about says what it belongs to, such as
// "connection/ann@example.com": only with the same words it opens again, so a
// sealed text copied to another row is of no use there. Error: Invalid without a
// key or with too long a text.
func (r *Ring) Seal(text, about string) (string, error) {
	if !r.Ready() {
		return "", fault.Invalidf("Secrets cannot be kept: there is no key to seal them with.").
			With(fault.Detail{Where: Option, Expected: "at least one key", Mend: "Set it to k1: and what `openssl rand -base64 32` prints."})
	}
	if len(text) > MaxText {
		return "", fault.Invalidf("This secret is too long to be kept.").With(fault.Detail{Expected: fmt.Sprintf("at most %d bytes", MaxText)})
	}
	k := r.keys[0]
	closed := k.aead.Seal(nil, nil, []byte(text), bound(k.id, about))
	return form + "." + k.id + "." + base64.RawURLEncoding.EncodeToString(closed), nil
}

// Open gives the text again. Error: Denied where no key of the ring opens it,
// where it was tampered with, or where it belongs to something else.
func (r *Ring) Open(sealed, about string) (string, error) {
	id, code, ok := parts(sealed)
	if !ok {
		return "", fault.Deniedf("A stored secret cannot be opened: it is not one that was sealed here.")
	}
	var k key
	if r != nil {
		if n := slices.IndexFunc(r.keys, func(k key) bool { return k.id == id }); n >= 0 {
			k = r.keys[n]
		}
	}
	if k.aead == nil {
		return "", fault.Deniedf("A stored secret cannot be opened: its key is gone.").
			With(fault.Detail{Where: Option, Expected: fmt.Sprintf("a key with the id %q", id), Mend: "Put the key back behind the new one, or connect again."})
	}
	closed, err := base64.RawURLEncoding.Strict().DecodeString(code)
	if err != nil {
		return "", fault.Deniedf("A stored secret cannot be opened: it was changed.")
	}
	text, err := k.aead.Open(nil, nil, closed, bound(k.id, about))
	if err != nil {
		return "", fault.Deniedf("A stored secret cannot be opened: it was changed, belongs to somebody else, or the key with its id is another one.").
			With(fault.Detail{Where: Option, Expected: fmt.Sprintf("the same key %q as when it was sealed", id)})
	}
	return string(text), nil
}

// Fresh says whether a text was sealed with the first key. One that was not
// should be opened and sealed again, so that the old key can be taken away.
func (r *Ring) Fresh(sealed string) bool {
	id, _, ok := parts(sealed)
	return ok && r.Ready() && id == r.keys[0].id
}

func parts(sealed string) (id, code string, ok bool) {
	rest, ok := strings.CutPrefix(sealed, form+".")
	if !ok {
		return "", "", false
	}
	id, code, ok = strings.Cut(rest, ".")
	return id, code, ok && name(id)
}

// bound is what the seal covers besides the text. The id comes first and has no
// zero byte, so no two pairs give the same bytes.
func bound(id, about string) []byte { return []byte(form + "\x00" + id + "\x00" + about) }
