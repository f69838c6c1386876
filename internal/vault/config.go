package vault

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"filippo.io/age"
)

// Config is what an operator can set. The zero value keeps bytes as they are.
type Config struct {
	Compression Level

	// Recipients are public keys as `age-keygen` prints them, age1….
	Recipients []string

	// IdentityFile holds the secret keys that open what is encrypted, as
	// `age-keygen` writes them; empty for none.
	IdentityFile string
}

// Options reads the keys. No error shows a secret one.
func (c Config) Options() (Options, error) {
	o := Options{Compression: c.Compression}
	for _, s := range c.Recipients {
		r, err := ParseRecipient(s)
		if err != nil {
			return Options{}, err
		}
		o.Recipients = append(o.Recipients, r)
	}
	if c.IdentityFile == "" {
		return o, nil
	}
	f, err := os.Open(c.IdentityFile)
	if err != nil {
		return Options{}, fmt.Errorf("read the vault's identities: %w", err)
	}
	o.Identities, err = age.ParseIdentities(f)
	if err != nil {
		err = fmt.Errorf("%s holds no age identity, such as age-keygen writes", c.IdentityFile)
	}
	return o, errors.Join(err, f.Close())
}

// ParseRecipient reads one public key. The error does not repeat it: people
// paste the secret one.
func ParseRecipient(s string) (age.Recipient, error) {
	all, err := age.ParseRecipients(strings.NewReader(s))
	if err != nil || len(all) != 1 {
		return nil, errors.New("is not an age recipient: give the line age1… that age-keygen prints as the public key")
	}
	return all[0], nil
}
