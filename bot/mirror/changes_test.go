package mirror_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/mirror"
)

const (
	web   = "kind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n"
	web2  = "kind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n"
	other = "kind: Service\nspec:\n  type: NodePort\n"
)

func TestChanges(t *testing.T) {
	for _, c := range []struct {
		name       string
		base, head map[string]string // head is written over base
		want       string
	}{
		{"nothing", map[string]string{"a": "a\n"}, nil, ""},
		{"one of each", map[string]string{"a": "a\n", "b/c": "c\n", "d": "d\n"}, map[string]string{"a": "A\n", "b/c": "", "e/f": "f\n"}, "~a -b/c +e/f"},
		{"moved", map[string]string{"base/web.yaml": web}, map[string]string{"base/web.yaml": "", "app/web.yaml": web}, "base/web.yaml>app/web.yaml"},
		{"moved and edited", map[string]string{"base/web.yaml": web, "x": "x\n"}, map[string]string{"base/web.yaml": "", "app/web.yaml": web2}, "base/web.yaml>app/web.yaml"},
		{"another file, not a rename", map[string]string{"web.yaml": web}, map[string]string{"web.yaml": "", "svc.yaml": other}, "+svc.yaml -web.yaml"},
		{"copied", map[string]string{"a/web.yaml": web}, map[string]string{"b/web.yaml": web}, "+b/web.yaml"},
		{"two of equal content", map[string]string{"a/x": web, "a/y": web}, map[string]string{"a/x": "", "a/y": "", "b/y": web, "b/x": web}, "a/x>b/x a/y>b/y"},
		{"a file becomes a folder", map[string]string{"a": "a\n"}, map[string]string{"a": "", "a/b": "b\n"}, "-a +a/b"},
		{"a file becomes a link", map[string]string{"a": "a\n", "b": "b\n"}, map[string]string{"a": "-> b"}, "~a"},
		{"names around a slash", map[string]string{"a.b": "1\n", "a/b": "1\n", "a0": "1\n"}, map[string]string{"a/b": "2\n"}, "~a/b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := newRepository(t)
			base := commit(t, dir, c.base)
			for _, path := range []string{"a", "web.yaml"} {
				if _, changes := c.head[path]; changes { // what changes its kind has to go first
					write(t, dir, map[string]string{path: ""})
				}
			}
			head := commit(t, dir, c.head)
			baseTree, err := mirror.OpenCommit(filepath.Join(dir, ".git"), base)
			if err != nil {
				t.Fatal(err)
			}
			headTree, err := mirror.OpenCommit(filepath.Join(dir, ".git"), head)
			if err != nil {
				t.Fatal(err)
			}
			got, err := mirror.Changes(baseTree, headTree)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, show(got)); diff != "" {
				t.Errorf("of two commits (-want +got):\n%s", diff)
			}
			folder, err := mirror.OpenFolder(dir)
			if err != nil {
				t.Fatal(err)
			}
			got, err = mirror.Changes(baseTree, folder)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, show(got)); diff != "" {
				t.Errorf("of a commit and the folder (-want +got):\n%s", diff)
			}
		})
	}
}

func show(changes []mirror.Change) string {
	var out []string
	for _, c := range changes {
		switch c.Kind {
		case mirror.Renamed:
			out = append(out, c.OldPath+">"+c.Path)
		default:
			out = append(out, string("~+-"[c.Kind])+c.Path)
		}
	}
	return strings.Join(out, " ")
}

func TestChangedLines(t *testing.T) {
	for _, c := range []struct{ name, base, head, want string }{
		{"nothing", "a\nb\n", "a\nb\n", "[]"},
		{"one line", "a\nb\nc\n", "a\nB\nc\n", "[{2 2}]"},
		{"added", "a\nb\n", "a\nx\ny\nb\n", "[{2 3}]"},
		{"taken away", "a\nb\nc\n", "a\nc\n", "[{2 1}]"},
		{"two places", "a\nb\nc\nd\ne\n", "a\nB\nc\nd\ne\nf\n", "[{2 2} {6 6}]"},
		{"shifted", "a\nb\nc\n", "x\na\nb\nC\n", "[{1 1} {4 4}]"},
		{"a new file", "", "a\nb\n", "[{1 2}]"},
		{"no newline at the end", "a\nb", "a\nc", "[{2 2}]"},
		{"emptied", "a\n", "", "[{1 0}]"},
	} {
		if got := fmt.Sprint(mirror.ChangedLines([]byte(c.base), []byte(c.head))); got != c.want {
			t.Errorf("%s: %s; want %s", c.name, got, c.want)
		}
	}
}
