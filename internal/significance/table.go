package significance

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the table
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed criteria.yaml
var criteriaYAML []byte

// Digest is the SHA-256 of the criteria, in hex: it says which table an
// assessment was made with.
func Digest() string { return builtin().digest }

type table struct {
	digest    string
	criteria  []criterion
	recurring recurringRule
}

type recurringRule struct {
	Source  string
	AtLeast int `yaml:"at_least"`
	Months  int
	Test    string
	loss    test
}

// criterion is one point of the law. It is met when all of All and one of Any
// hold and not all of Except; a list that is empty is no condition.
type criterion struct {
	ID, Source, Text string
	For              []string
	Maintenance      bool
	All, Any, Except []test
}

// test compares one fact, as it stands in the table.
type test struct {
	Fact       FactID
	Is         []string
	MoreThan   string `yaml:"more_than"`
	AtLeast    string `yaml:"at_least"`
	FewerThan  string `yaml:"fewer_than"`
	AtMost     string `yaml:"at_most"`
	OrMoreThan string `yaml:"or_more_than"`
	Of         FactID
	Whichever  string

	op    operator
	than  int64 // in the smallest unit of the fact's kind
	share share // of Of; zero for none
}

type operator string

const (
	moreThan  operator = "more than"
	atLeast   operator = "at least"
	fewerThan operator = "fewer than"
	atMost    operator = "at most"
)

// share is a percentage as a fraction.
type share struct {
	num, den int64
	text     string
}

var builtin = sync.OnceValue(func() *table {
	t, err := parseTable(criteriaYAML)
	if err != nil {
		panic(err) // the file is embedded, and a test reads it
	}
	return t
})

func parseTable(data []byte) (*table, error) {
	var file struct {
		Recurring recurringRule
		Criteria  []criterion
	}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&file); err != nil {
		return nil, fmt.Errorf("criteria: %w", err)
	}
	sum := sha256.Sum256(data)
	t := &table{digest: hex.EncodeToString(sum[:]), criteria: file.Criteria, recurring: file.Recurring}
	seen := map[string]bool{}
	for n := range t.criteria {
		c := &t.criteria[n]
		if err := c.compile(); err != nil {
			return nil, fmt.Errorf("criterion %q: %w", c.ID, err)
		}
		if seen[c.ID] {
			return nil, fmt.Errorf("criterion %q is there twice", c.ID)
		}
		seen[c.ID] = true
		if c.ID == t.recurring.Test {
			t.recurring.loss = c.Any[0]
		}
	}
	if t.recurring.loss.Fact == "" || t.recurring.AtLeast < 2 || t.recurring.Months < 1 {
		return nil, errors.New("recurring: want the id of a criterion as test, at_least 2 or more, and months")
	}
	return t, nil
}

func (c *criterion) compile() error {
	if c.ID == "" || c.Source == "" || c.Text == "" || len(c.All)+len(c.Any) == 0 {
		return errors.New("want id, source, text, and tests under all or any")
	}
	for _, name := range c.For {
		if name != anyRelevant && name != anyOther && !slices.Contains(EntityTypes, EntityType(name)) {
			return fmt.Errorf("%q is no type of entity", name)
		}
	}
	for _, tests := range [][]test{c.All, c.Any, c.Except} {
		for n := range tests {
			if err := tests[n].compile(); err != nil {
				return fmt.Errorf("test of %s: %w", tests[n].Fact, err)
			}
		}
	}
	return nil
}

func (t *test) compile() error {
	q, ok := byID[t.Fact]
	if !ok {
		return errors.New("there is no such fact")
	}
	if len(t.Is) > 0 {
		for _, word := range t.Is {
			if _, err := q.Kind.parse(word); err != nil || q.Kind != YesNo && q.Kind != Effect {
				return fmt.Errorf("it is never %q", word)
			}
		}
		return nil
	}
	var bound string
	for op, text := range map[operator]string{moreThan: t.MoreThan, atLeast: t.AtLeast, fewerThan: t.FewerThan, atMost: t.AtMost} {
		if text != "" {
			if t.op != "" {
				return errors.New("it has two operators")
			}
			t.op, bound = op, text
		}
	}
	if t.op == "" {
		return errors.New("it has no operator")
	}
	if (t.OrMoreThan == "") != (t.Whichever == "") || t.OrMoreThan != "" && (t.op != moreThan || t.Whichever != "lower" && t.Whichever != "smaller") {
		return errors.New("or_more_than goes with more_than and whichever: lower or smaller")
	}
	shared := t.OrMoreThan
	if strings.HasSuffix(bound, "%") {
		shared, bound = bound, ""
	}
	if (shared == "") != (t.Of == "") {
		return errors.New("a share goes with the fact it is of")
	}
	if shared != "" {
		num, err := decimal(strings.TrimSpace(strings.TrimSuffix(shared, "%")), 10, 100)
		if base, ok := byID[t.Of]; err != nil || !ok || base.Kind.smallest() != q.Kind.smallest() {
			return fmt.Errorf("%q of %s is no share of it", shared, t.Of)
		}
		t.share = share{num: num, den: 1000, text: shared}
	}
	if bound == "" {
		return nil
	}
	v, err := q.Kind.parse(bound)
	if err != nil {
		return fmt.Errorf("%q: %w", bound, err)
	}
	t.than, _ = Facts{t.Fact: {Value: v}}.number(t.Fact)
	return nil
}

// smallest is the unit of a kind's numbers.
func (k Kind) smallest() string {
	switch k {
	case Number, Users:
		return "1"
	case Euros:
		return "cent"
	case Length:
		return "ns"
	}
	return ""
}
