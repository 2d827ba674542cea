package publish

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/bot/github"
	"github.com/kustodian/kustodian/rules"
)

func TestRemarks(t *testing.T) {
	eachCase(t, "remarks", func(t *testing.T, c *testCase) {
		var files []github.File
		if err := json.Unmarshal(c.read(t, "files.json"), &files); err != nil {
			t.Fatal(err)
		}
		d := newDiff(files)
		var got strings.Builder
		remarks, open := d.remarks(c.report, "Elsewhere")
		for _, fix := range open {
			fmt.Fprintf(&got, "=== no suggestion: %s\n", fix.Title)
		}
		for _, r := range remarks {
			at := r.comment(key("test"))
			if text := key("test").read(at.Body); text != r.finding.Fingerprint {
				t.Errorf("marker of %s says %q", r.finding.Fingerprint, text)
			}
			fmt.Fprintf(&got, "=== %s:%d (from %d)\n%s\n", at.Path, at.Line, at.StartLine, at.Body)
		}
		c.want(t, "remarks", []byte(got.String()))
	})
}

func TestMarkers(t *testing.T) {
	k, other := key("one"), key("two")
	for body, want := range map[string]string{
		k.marker("aa"):                                     "aa",
		"text\n" + k.marker("gone=aa") + "\n":              "gone=aa",
		other.marker("aa"):                                 "", // of another repository
		k.marker("aa") + " text":                           "", // quoted by somebody
		strings.Replace(k.marker("aa"), ":aa:", ":ab:", 1): "",
		"":     "",
		"text": "",
	} {
		if got := k.read(body); got != want {
			t.Errorf("read(%q) = %q, want %q", body, got, want)
		}
	}
}

// A comment says why its rule matters and what to write, as the rule does.
func TestRemarkOfARule(t *testing.T) {
	rule, ok := rules.ByID("naked-pod")
	if !ok {
		t.Fatal("no such rule")
	}
	f := found("aa", "a.yaml", 1)
	f.Rule = rule.ID
	body := remark{finding: f, anchor: anchor{"a.yaml", 1}}.body()
	for _, want := range []string{"**finding aa.** " + rule.Why, "\nWrite " + rule.Write, ruleURL(rule.ID)} {
		if !strings.Contains(body, want) {
			t.Errorf("the comment does not say %q:\n%s", want, body)
		}
	}
}
