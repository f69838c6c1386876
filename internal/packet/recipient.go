package packet

import (
	"fmt"

	"nis2clock/internal/vault"

	"filippo.io/age"
)

// ParseRecipients reads age public keys. No error repeats one.
func ParseRecipients(keys []string) ([]age.Recipient, error) {
	var out []age.Recipient
	for _, key := range keys {
		r, err := vault.ParseRecipient(key)
		if err != nil {
			return nil, fmt.Errorf("the recipient %w", err)
		}
		out = append(out, r)
	}
	return out, nil
}
