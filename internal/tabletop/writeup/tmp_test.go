package writeup

import (
	"os"
	"testing"
)

func write(t testing.TB, name string, data []byte) {
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
