package config

import (
	"nis2clock/internal/vault"
)

// evidence takes what is kept of an incident and where.
func (c *Config) evidence(s *section) {
	defer s.close()
	if sub, ok := s.section("vault"); ok {
		readVault(sub, &c.Vault)
	}
}

func readVault(s *section, c *vault.Config) {
	defer s.close()
	scalar(s, "compression", &c.Compression, vault.ParseLevel)
	list(s, "recipients", &c.Recipients, parseRecipient)
	if f, ok := s.take("identity_file"); ok {
		if path, _, ok := f.secretFile(); ok {
			c.IdentityFile = path
			if _, err := (vault.Config{IdentityFile: path}).Options(); err != nil {
				f.refuse("the file named there holds no age identity, such as age-keygen writes")
			}
		}
	}
}

// parseRecipient reads an age public key and keeps its text.
func parseRecipient(s string) (string, error) {
	_, err := vault.ParseRecipient(s)
	return s, err
}
