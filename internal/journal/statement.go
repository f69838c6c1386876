package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// statementVersion opens the text of every statement. It is no key's name, so
// that none can be taken for a head.
const statementVersion = "nis2clock-statement/v1"

// A Statement is what the journal's key says of bytes outside the journal. Signed,
// it is a note of three lines:
//
//	nis2clock-statement/v1
//	<what it is about>
//	<lower-case hex SHA-256>
type Statement struct {
	About  string // UTF-8 without control characters, not empty
	Digest [sha256.Size]byte
}

func (s Statement) text() string {
	return fmt.Sprintf("%s\n%s\n%x\n", statementVersion, s.About, s.Digest)
}

// Sign returns the statement as a signed note. The same statement gives the same
// bytes.
func (s *Store) Sign(st Statement) ([]byte, error) {
	if st.About == "" {
		return nil, errors.New("sign a statement: it is about nothing")
	}
	if err := checkName(st.About); err != nil {
		return nil, fmt.Errorf("sign a statement: %.40q %w", st.About, err)
	}
	msg, err := note.Sign(&note.Note{Text: st.text()}, s.key.signer)
	if err != nil {
		return nil, fmt.Errorf("sign a statement: %w", err)
	}
	return msg, nil
}

// Statement reads a note of [Store.Sign]. The error is [ErrProof].
func (k Key) Statement(msg []byte) (Statement, error) {
	text, err := openNote(msg, k.verifier)
	if err != nil {
		return Statement{}, fmt.Errorf("%w: it %w", ErrProof, err)
	}
	line := strings.SplitN(text, "\n", 4)
	if len(line) != 4 {
		return Statement{}, fmt.Errorf("%w: it does not have three lines", ErrProof)
	}
	st := Statement{About: line[1]}
	if len(line[2]) == hex.EncodedLen(sha256.Size) {
		if _, err := hex.Decode(st.Digest[:], []byte(line[2])); err != nil {
			return Statement{}, fmt.Errorf("%w: its digest is not hexadecimal", ErrProof)
		}
	}
	if st.text() != text {
		return Statement{}, fmt.Errorf("%w: it is not in the form of a statement", ErrProof)
	}
	return st, nil
}
