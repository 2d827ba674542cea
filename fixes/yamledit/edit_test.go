package yamledit_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/kustodian/kustodian/fixes/yamledit"
)

// TestSecondOpinion lets another parser read every edited case.
func TestSecondOpinion(t *testing.T) {
	for name, c := range cases(t) {
		if c.refusal != nil || strings.Contains(name, "bom") {
			continue // that parser refuses a byte-order mark
		}
		if _, err := decode(c.in); err != nil {
			continue
		}
		if _, err := decode(c.out); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func decode(src []byte) (out []any, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var v any
		if err := decoder.Decode(&v); err != nil {
			if err.Error() == "EOF" {
				return out, nil
			}
			return nil, err
		}
		out = append(out, v)
	}
}

func ExampleFile_Apply() {
	file, err := yamledit.Parse([]byte("spec:\n  replicas: 1 # for now\n  paused: true\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := file.Apply(
		yamledit.SetScalar(0, yamledit.Path{"spec", "replicas"}, "3"),
		yamledit.Remove(0, yamledit.Path{"spec", "paused"}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(result.Bytes))
	// Output:
	// spec:
	//   replicas: 3 # for now
}

// TestLongLines reads a megabyte on one line: minutes, were a line read again
// from its start for each node or blank.
func TestLongLines(t *testing.T) {
	for name, src := range map[string]string{
		"json":  `{"list":[` + strings.Repeat(`{"a":"b"},`, 100_000) + `{}],"z":1}`,
		"plain": "a: " + strings.Repeat("b ", 500_000) + "c\nz: 1\n",
	} {
		file, err := yamledit.Parse([]byte(src))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := file.Apply(yamledit.SetScalar(0, yamledit.Path{"z"}, "2")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
