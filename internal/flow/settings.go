package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"windshield/internal/fault"
)

// PrintOf gives the fingerprint of a setting as somebody was shown it, 16 characters.
// Whoever changes the setting sends it back, so that of two who change it at once the
// slower one is told. It holds for what one program has written: a newer one may show
// the same setting with more in it.
func PrintOf(shown any) string {
	b, _ := json.Marshal(shown) // plain data, which cannot fail
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// asSeen refuses to write mine over what stands now, where that is not what was seen.
// "" says that nobody has looked; what stands already as it is wanted is no quarrel.
// The store refuses what two write at the very same time.
func asSeen(seen string, now, mine any) error {
	if p := PrintOf(now); seen == "" || seen == p || PrintOf(mine) == p {
		return nil
	}
	return fault.Stalef("Somebody changed this meanwhile. Look at how it stands now, and send yours again if it is still right.").
		With(fault.Detail{Where: "version", Value: fault.Short(seen), Expected: PrintOf(now)})
}
