package journal

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// signHead returns the head as a signed note in the C2SP tlog-checkpoint form.
// Ed25519 is deterministic: the same head gives the same bytes.
func signHead(signer note.Signer, h Head) ([]byte, error) {
	msg, err := note.Sign(&note.Note{Text: checkpointText(signer.Name(), h)}, signer)
	if err != nil {
		return nil, fmt.Errorf("sign head of size %d: %w", h.Size, err)
	}
	return msg, nil
}

func checkpointText(origin string, h Head) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, h.Size, h.Root)
}

// errOtherKey is returned by openHead for a note that the key at hand did not sign.
var errOtherKey = errors.New("has another signer")

// openHead checks a note written by signHead.
func openHead(msg []byte, verifier note.Verifier) (Head, error) {
	text, err := openNote(msg, verifier)
	if err != nil {
		return Head{}, err
	}
	return parseCheckpoint(text, verifier.Name())
}

// openNote returns the text of a note that the key at hand alone signed. Base64
// leaves bits of its last digit unused and a note may carry several signatures;
// openNote accepts only the very bytes that note.Sign returns, so that no bit of a
// stored note is free.
func openNote(msg []byte, verifier note.Verifier) (string, error) {
	n, err := note.Open(msg, note.VerifierList(verifier))
	if unverified, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		by := "nobody"
		if sigs := unverified.Note.UnverifiedSigs; len(sigs) > 0 {
			by = fmt.Sprintf("key %s+%08x", sigs[0].Name, sigs[0].Hash)
		}
		return "", fmt.Errorf("%w: it is signed by %s, not by key %s+%08x", errOtherKey, by, verifier.Name(), verifier.KeyHash())
	}
	if err != nil {
		return "", fmt.Errorf("is not a valid signed note: %w", err)
	}
	sig, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil || len(sig) < 4 || binary.BigEndian.Uint32(sig) != verifier.KeyHash() {
		return "", errors.New("has a malformed signature")
	}
	want := fmt.Sprintf("%s\n— %s %s\n", n.Text, verifier.Name(), base64.StdEncoding.EncodeToString(sig))
	if string(msg) != want {
		return "", errors.New("is signed, but not in its canonical form")
	}
	return n.Text, nil
}

// parseCheckpoint reads the signed text of a head and accepts only its canonical form.
func parseCheckpoint(text, origin string) (Head, error) {
	line := strings.SplitN(text, "\n", 4)
	if len(line) != 4 || line[3] != "" {
		return Head{}, errors.New("does not have three lines")
	}
	if line[0] != origin {
		return Head{}, fmt.Errorf("has origin %.80q instead of %q", line[0], origin)
	}
	size, err := strconv.ParseInt(line[1], 10, 64)
	if err != nil || size < 0 {
		return Head{}, fmt.Errorf("has size %.40q, which is not a number of entries", line[1])
	}
	root, err := tlog.ParseHash(line[2])
	if err != nil {
		return Head{}, fmt.Errorf("has root %.60q, which is not a hash", line[2])
	}
	h := Head{Size: uint64(size), Root: root}
	if checkpointText(origin, h) != text {
		return Head{}, errors.New("is not in its canonical form")
	}
	return h, nil
}
