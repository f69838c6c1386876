package config

import "nis2clock/internal/signature"

// readSigning reads the certificate and the key that reports are signed with: two
// files in PEM, or one PKCS#12 file.
func readSigning(s *section) *signature.Config {
	defer s.close()
	c := new(signature.Config)
	hasCert := s.file("cert_file", &c.CertFile)
	key, hasKey := s.take("key_file")
	if hasKey {
		c.KeyFile, _, _ = key.secretFile()
	}
	f, packed := s.take("bundle_file")
	password, at, _ := s.secret("bundle_password")
	switch {
	case packed && (hasCert || hasKey):
		f.refuse("cert_file or key_file is given too: keep one of the two forms")
	case packed:
		if at == nil {
			s.missing("bundle_password_file", "name the file that holds its password, or write bundle_password: ${NAME}")
		}
		if path, info, ok := f.stat(); ok {
			if !info.Mode().IsRegular() {
				f.refuse("the path named there is not that of a file")
			}
			c.PKCS12File, c.Password = path, password
		}
	case !hasCert:
		s.missing("cert_file", "name the PEM file of the certificate and its chain, or bundle_file")
	case !hasKey:
		s.missing("key_file", "name the PEM file of the certificate's private key")
	}
	return c
}
