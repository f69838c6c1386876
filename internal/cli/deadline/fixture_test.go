package deadline

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	_ "time/tzdata" // the same zones on every host

	"github.com/google/go-cmp/cmp"

	"nis2clock/internal/regime"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

const vectorsFile = "../../../testdata/vectors.yaml"

func vectorsText(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func vectors(t testing.TB) []Vector {
	t.Helper()
	v, err := ReadVectors("vectors.yaml", vectorsText(t), regime.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// answers is those of the vectors that can be answered.
func answers(vectors []Vector) []Answer {
	var answers []Answer
	for _, v := range vectors {
		if v.Needs == "" {
			answers = append(answers, v.Answer())
		}
	}
	return answers
}

func textOf(t testing.TB, a ...Answer) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteText(&b, a...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jsonOf(t testing.TB, a Answer) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := a.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
