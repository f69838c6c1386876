package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Largest files read, in bytes.
const (
	maxFile   = 256 << 10 // parsing takes time that grows with the square
	maxSecret = 64 << 10
)

// readBounded reads a regular file of at most that many bytes. Others are not
// opened: reading a pipe could wait for ever.
func readBounded(path string, most int64) (_ []byte, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d bytes", most)}
	}
	return data, err
}

// withoutPath is the reason of a file error.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return errors.New("not readable")
}

// resolve reads a path.
func (r *reader) resolve(s string) (string, error) {
	s, err := parseText(s)
	if err != nil || filepath.IsAbs(s) {
		return s, err
	}
	return filepath.Join(r.dir, s), nil
}

// path is the path a field holds.
func (f *field) path() (string, bool) {
	s, ok := f.text()
	if !ok {
		return "", false
	}
	s, err := f.resolve(s)
	if err != nil {
		f.refuse("%v", err)
		return "", false
	}
	return s, true
}

// stat is what lies at the path a field holds.
func (f *field) stat() (string, fs.FileInfo, bool) {
	path, ok := f.path()
	if !ok {
		return "", nil, false
	}
	info, err := os.Stat(path)
	if err != nil {
		f.refuse("the path named there cannot be read: %v; a relative one counts from the folder of this config", withoutPath(err))
		return "", nil, false
	}
	return path, info, true
}

// file takes the path of a file that must be there. It reports whether the key
// is given.
func (s *section) file(key string, into *string) bool {
	f, ok := s.take(key)
	if !ok {
		return false
	}
	if path, info, ok := f.stat(); ok {
		if !info.Mode().IsRegular() {
			f.refuse("the path named there is not that of a file")
		}
		*into = path
	}
	return true
}

// folder takes the path of a folder that must be there.
func (s *section) folder(key string, into *string) {
	f, ok := s.take(key)
	if !ok {
		return
	}
	if path, info, ok := f.stat(); ok {
		if !info.IsDir() {
			f.refuse("the path named there is not that of a folder")
		}
		*into = path
	}
}

// secretFile reads the file a field names, without the line end after its
// content, and warns when other users can read it too.
func (f *field) secretFile() (path, content string, ok bool) {
	path, info, ok := f.stat()
	if !ok {
		return "", "", false
	}
	f.secretFiles = append(f.secretFiles, path)
	data, err := readBounded(path, maxSecret)
	if err != nil {
		f.refuse("the file named there cannot be read: %v", withoutPath(err))
		return "", "", false
	}
	if info.Mode().Perm()&0o004 != 0 {
		f.warn("every user of this machine can read the file named there: chmod 600 it")
	}
	content = strings.TrimRight(string(data), "\r\n")
	if strings.TrimSpace(content) == "" {
		f.refuse("the file named there is empty: write the secret into it")
		return "", "", false
	}
	return path, content, true
}

// tokenFiles takes a list of paths of files that hold tokens. They are read
// here only to see that they can be.
func (s *section) tokenFiles(key string) []string {
	f, ok := s.take(key)
	if !ok {
		return nil
	}
	items, _ := f.items()
	var paths []string
	for _, item := range items {
		if path, _, ok := item.secretFile(); ok {
			paths = append(paths, path)
		}
	}
	return paths
}

var reference = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

// secret takes the secret that stands in the file which KEY_file names, or in
// the environment variable that KEY refers to. The field is where it was
// given, nil when it was not.
func (s *section) secret(key string) (secret string, at *field, ok bool) {
	inline, hasInline := s.take(key)
	file, hasFile := s.take(key + "_file")
	switch {
	case hasInline && hasFile:
		inline.refuse("%s_file is given too: keep one of the two", key)
		return "", inline, false
	case hasFile:
		at = file
		_, secret, ok = file.secretFile()
	case hasInline:
		at = inline
		secret, ok = inline.fromEnv(key)
	default:
		return "", nil, false
	}
	if ok && strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		at.refuse("the secret holds a space, a line end or another character that none has")
		return "", at, false
	}
	return secret, at, ok
}

// fromEnv is the value of the environment variable that a field refers to.
func (f *field) fromEnv(key string) (string, bool) {
	text, ok := f.text()
	if !ok {
		return "", false
	}
	m := reference.FindStringSubmatch(text)
	if m == nil {
		f.refuse("a secret has no place in this file: put it in a file and name that with %s_file, or write ${NAME} for an environment variable", key)
		return "", false
	}
	secret := strings.TrimRight(f.getenv(m[1]), "\r\n")
	if secret == "" {
		f.refuse("the environment variable named there is empty or not set")
		return "", false
	}
	return secret, true
}
