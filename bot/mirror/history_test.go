package mirror_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kustodian/kustodian/bot/mirror"
)

// A past is a repository whose commits are told by their subjects.
type past struct {
	t   *testing.T
	dir string
}

func (p past) commit(subject, author, text string) {
	p.t.Helper()
	write(p.t, p.dir, map[string]string{"prod/kustomization.yaml": text})
	git(p.t, p.dir, "add", "-A")
	git(p.t, p.dir, "commit", "-q", "-m", subject+"\n\nmore", "--author", author+" <"+author+"@example.com>")
}

// changes are the subjects of the last changes of lines of the work tree's file.
func (p past) changes(first, last int) []string {
	p.t.Helper()
	h, err := mirror.OpenFolderHistory(p.dir)
	if err != nil {
		p.t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(p.dir, "prod/kustomization.yaml"))
	if err != nil {
		p.t.Fatal(err)
	}
	found, err := h.LastChanges(p.t.Context(), "prod/kustomization.yaml", text, mirror.Range{First: first, Last: last}, 3)
	if err != nil {
		p.t.Fatal(err)
	}
	var out []string
	for _, c := range found {
		out = append(out, strings.TrimSuffix(c.AuthorMail, "@example.com")+": "+c.Subject)
	}
	return out
}

func entry(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func TestLastChanges(t *testing.T) {
	p := past{t, t.TempDir()}
	git(t, p.dir, "init", "-q", "-b", "main")
	p.commit("begin", "ann", entry("resources: [a]", "images:", "- name: web", "  newTag: v1"))
	p.commit("deploy v2", "ci", entry("resources: [a]", "images:", "- name: web", "  newTag: v2"))
	p.commit("say more above", "bob", entry("resources:", "- a", "- b", "images:", "- name: web", "  newTag: v2"))
	p.commit("deploy v3", "ci", entry("resources:", "- a", "- b", "images:", "- name: web", "  newTag: v3"))
	p.commit("say more below", "bob", entry("resources:", "- a", "- b", "images:", "- name: web", "  newTag: v3", "- name: api", "  newTag: v1"))

	for _, c := range []struct {
		first, last int
		want        []string
	}{
		{6, 6, []string{"ci: deploy v3", "ci: deploy v2", "ann: begin"}},
		{5, 5, []string{"ann: begin"}},
		{5, 6, []string{"ci: deploy v3", "ci: deploy v2", "ann: begin"}},
		{8, 8, []string{"bob: say more below"}},
		{1, 3, []string{"bob: say more above", "ann: begin"}},
		{6, 8, []string{"bob: say more below", "ci: deploy v3", "ci: deploy v2"}},
	} {
		if diff := cmp.Diff(c.want, p.changes(c.first, c.last)); diff != "" {
			t.Errorf("lines %d to %d (-want +got):\n%s", c.first, c.last, diff)
		}
	}

	// Lines are those of the work tree, which nobody committed yet.
	write(t, p.dir, map[string]string{"prod/kustomization.yaml": entry("# new", "resources:", "- a", "- b", "images:", "- name: web", "  newTag: v3")})
	if got, want := p.changes(7, 7), []string{"ci: deploy v3", "ci: deploy v2", "ann: begin"}; !slices.Equal(got, want) {
		t.Errorf("below a line that is not committed: %q; want %q", got, want)
	}
	if got := p.changes(1, 1); got != nil {
		t.Errorf("a line that is not committed: %q; want nobody", got)
	}
}

// TestLastChangesThroughMerges names who wrote the lines, not who merged them.
func TestLastChangesThroughMerges(t *testing.T) {
	p := past{t, t.TempDir()}
	git(t, p.dir, "init", "-q", "-b", "main")
	p.commit("begin", "ann", entry("a: 1", "tag: v1", "x", "y", "z", "b: 1"))
	git(t, p.dir, "checkout", "-q", "-b", "deploy")
	p.commit("deploy v2", "ci", entry("a: 1", "tag: v2", "x", "y", "z", "b: 1"))
	git(t, p.dir, "checkout", "-q", "main")
	p.commit("other", "bob", entry("a: 1", "tag: v1", "x", "y", "z", "b: 2"))
	git(t, p.dir, "merge", "-q", "--no-ff", "-m", "Merge deploy", "deploy")
	if got, want := p.changes(2, 2), []string{"ci: deploy v2", "ann: begin"}; !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}

	// A shallow clone ends where its history does.
	clone := past{t, filepath.Join(t.TempDir(), "clone")}
	git(t, p.dir, "clone", "-q", "--depth", "1", "file://"+p.dir, clone.dir)
	if got := clone.changes(2, 2); len(got) > 1 {
		t.Errorf("a shallow clone says %q", got)
	}
}

func TestNoHistory(t *testing.T) {
	dir := t.TempDir()
	if h, err := mirror.OpenFolderHistory(dir); h != nil || err != nil {
		t.Errorf("a plain folder has the history %v, %v", h, err)
	}
	git(t, dir, "init", "-q")
	if h, err := mirror.OpenFolderHistory(dir); h != nil || err != nil {
		t.Errorf("a repository without commits has the history %v, %v", h, err)
	}
}
