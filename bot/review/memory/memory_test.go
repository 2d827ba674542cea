package memory_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kustodian/kustodian/bot/review/memory"
	"github.com/kustodian/kustodian/rules/overlay"
)

// before is a tree with a link, and reads what an answer about it depends on.
func before() (overlay.Files, overlay.ReadSet) {
	files := overlay.Files{"base/a.yaml": "a", "base/b.yaml": "b", "prod": overlay.LinkTo + "base", "other.yaml": "o"}
	reads, err := overlay.Open(files, overlay.Options{}).States([]string{"base/a.yaml", "base", "prod", "base/c.yaml", "base/b.yaml/d", "base/"})
	if err != nil {
		panic(err) // nothing of it can fail in memory
	}
	return files, reads
}

func open(t *testing.T, store *memory.Store, tenant string) *memory.Repository {
	t.Helper()
	r, err := store.Open(tenant, "shop")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// recalled is what is known of the question in a tree.
func recalled(r *memory.Repository, files overlay.Files, question string) string {
	answer, _, _ := r.Beside(overlay.Open(files, overlay.Options{})).Recall([]byte(question))
	return string(answer)
}

// filled is a store that keeps one answer for a tenant.
func filled(t *testing.T, tenant string) *memory.Store {
	t.Helper()
	_, reads := before()
	store := &memory.Store{Dir: filepath.Join(t.TempDir(), "answers"), Size: 1 << 20}
	r := open(t, store, tenant)
	r.Keep([]byte("q"), memory.Answer{Text: []byte("answer"), Reads: reads})
	if err := store.Save(r); err != nil {
		t.Fatal(err)
	}
	return store
}

// TestHolds asks again after one thing has changed.
func TestHolds(t *testing.T) {
	store := filled(t, "me")
	for name, c := range map[string]struct {
		change func(overlay.Files)
		holds  bool
	}{
		"nothing":                {func(overlay.Files) {}, true},
		"what was not read":      {func(f overlay.Files) { f["other.yaml"] = "changed" }, true},
		"content of a neighbour": {func(f overlay.Files) { f["base/b.yaml"] = "changed" }, true},
		"content":                {func(f overlay.Files) { f["base/a.yaml"] = "changed" }, false},
		"deleted":                {func(f overlay.Files) { delete(f, "base/a.yaml") }, false},
		"added where it missed":  {func(f overlay.Files) { f["base/c.yaml"] = "c" }, false},
		"a name in a folder":     {func(f overlay.Files) { f["base/e.yaml"] = "e" }, false},
		"the link":               {func(f overlay.Files) { f["prod"] = overlay.LinkTo + "other" }, false},
		"a folder for a file":    {func(f overlay.Files) { delete(f, "base/b.yaml"); f["base/b.yaml/d"] = "d" }, false},
		"a link for the file":    {func(f overlay.Files) { f["base/a.yaml"] = overlay.LinkTo + "b.yaml" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			files, _ := before()
			files = maps.Clone(files)
			c.change(files)
			if got := recalled(open(t, store, "me"), files, "q"); (got == "answer") != c.holds {
				t.Errorf("recalled %q, want it to hold: %t", got, c.holds)
			}
		})
	}
	files, _ := before()
	if got := recalled(open(t, store, "me"), files, "another question"); got != "" {
		t.Errorf("another question is answered %q", got)
	}
}

// TestTenants lets one tenant take another's file for its own.
func TestTenants(t *testing.T) {
	store := filled(t, "me")
	files, _ := before()
	if got := recalled(open(t, store, "you"), files, "q"); got != "" {
		t.Errorf("another tenant is told %q", got)
	}
	mine := answers(t, store)
	r := open(t, store, "you")
	r.Keep([]byte("other"), memory.Answer{Text: []byte("text"), Reads: nil})
	if err := store.Save(r); err != nil {
		t.Fatal(err)
	}
	for _, name := range answers(t, store) {
		if name == mine[0] {
			continue
		}
		sealed, err := os.ReadFile(mine[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, sealed, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := recalled(open(t, store, "you"), files, "q"); got != "" {
		t.Errorf("another tenant reads %q out of a file", got)
	}
}

// TestPrograms asks as another build of the program, which may answer otherwise,
// and forgets what both have kept.
func TestPrograms(t *testing.T) {
	if id := memory.Program(); len(id) < 20 {
		t.Errorf("the test's own program is %q", id)
	}
	store := filled(t, "me")
	files, reads := before()
	memory.AsProgram(t, "another")
	r := open(t, store, "me")
	if got := recalled(r, files, "q"); got != "" {
		t.Errorf("another program recalls %q", got)
	}
	r.Keep([]byte("q"), memory.Answer{Text: []byte("otherwise"), Reads: reads})
	if err := store.Save(r); err != nil {
		t.Fatal(err)
	}
	if got := recalled(open(t, store, "me"), files, "q"); got != "otherwise" {
		t.Errorf("the other program recalls %q of its own", got)
	}
	if err := store.Forget("me", "shop"); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(store.Dir, "*.answers")); err != nil || len(left) > 0 {
		t.Errorf("left after all was forgotten: %q, %v", left, err)
	}
}

// TestNearest asks for an answer of which a part holds no more.
func TestNearest(t *testing.T) {
	store := filled(t, "me")
	files, reads := before()
	files = maps.Clone(files)
	files["base/a.yaml"] = "changed"
	answer, holds := open(t, store, "me").Beside(overlay.Open(files, overlay.Options{})).Nearest([]byte("q"))
	delete(reads, "base/a.yaml")
	if string(answer) != "answer" || !maps.Equal(holds, reads) {
		t.Errorf("the nearest is %q, which holds for %v; want %v", answer, holds, reads)
	}
	r := open(t, store, "me")
	changed, err := overlay.Open(files, overlay.Options{}).States([]string{"base/a.yaml", "base/", "base", "prod"})
	if err != nil {
		t.Fatal(err)
	}
	r.Keep([]byte("q"), memory.Answer{Text: []byte("new"), Reads: changed})
	if answer, holds = r.Beside(overlay.Open(files, overlay.Options{})).Nearest([]byte("q")); string(answer) != "answer" {
		t.Errorf("the nearest is %q, which holds for %v", answer, holds)
	}
	if answer, holds = r.Beside(overlay.Open(files, overlay.Options{})).Nearest([]byte("unknown")); holds != nil {
		t.Errorf("the nearest to what was never asked is %q", answer)
	}
}

// stampedFiles is a tree that knows stamps, and counts the files that are hashed.
type stampedFiles struct {
	overlay.Files
	stamps map[string]overlay.Stamp
	hashed *int
}

func (f stampedFiles) Stamp(path string) (overlay.Stamp, bool) {
	stamp, ok := f.stamps[path]
	return stamp, ok
}

func (f stampedFiles) Hash(path string) (string, error) {
	*f.hashed++
	return f.Files.Hash(path)
}

// TestStamps recalls without a look into files whose stamps stay, and by their
// content where those do not.
func TestStamps(t *testing.T) {
	files, reads := before()
	hashed := 0
	tree := stampedFiles{files, map[string]overlay.Stamp{"base/a.yaml": {Size: 1, Changed: 7}}, &hashed}
	store := &memory.Store{Dir: t.TempDir(), Size: 1 << 20}
	r := open(t, store, "me")
	r.Beside(overlay.Open(tree, overlay.Options{}))
	r.Keep([]byte("q"), memory.Answer{Text: []byte("answer"), Reads: reads})
	if err := store.Save(r); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		stamp         overlay.Stamp
		text          string
		hashed, holds bool
	}{
		"the same":               {overlay.Stamp{Size: 1, Changed: 7}, "a", false, true},
		"written again":          {overlay.Stamp{Size: 1, Changed: 8}, "a", true, true},
		"changed":                {overlay.Stamp{Size: 1, Changed: 8}, "b", true, false},
		"too new to be stamped":  {overlay.Stamp{}, "b", true, false},
		"a file for the other's": {overlay.Stamp{Size: 1, Changed: 7, File: 1}, "b", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			hashed = 0
			tree.Files, tree.stamps = maps.Clone(files), map[string]overlay.Stamp{"base/a.yaml": c.stamp}
			tree.Files["base/a.yaml"] = c.text
			if c.stamp == (overlay.Stamp{}) {
				tree.stamps = nil
			}
			_, _, ok := open(t, store, "me").Beside(overlay.Open(tree, overlay.Options{})).Recall([]byte("q"))
			if ok != c.holds || hashed > 0 != c.hashed {
				t.Errorf("recalled: %t, want %t; %d files were hashed, want any: %t", ok, c.holds, hashed, c.hashed)
			}
		})
	}
}

// TestDamage changes each byte of a file: what is damaged is gone, and no error.
func TestDamage(t *testing.T) {
	store := filled(t, "me")
	files, _ := before()
	name := answers(t, store)[0]
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(whole, []byte("answer")) || bytes.Contains(whole, []byte("a.yaml")) {
		t.Error("the file can be read without its key")
	}
	damaged := [][]byte{nil, whole[:len(whole)/2], append(bytes.Clone(whole), 'x')}
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		damaged = append(damaged, changed)
	}
	for i, text := range damaged {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := recalled(open(t, store, "me"), files, "q"); got != "" {
			t.Fatalf("damage %d: recalled %q", i, got)
		}
		if _, err := os.Stat(name); err == nil {
			t.Fatalf("damage %d: the file is still there", i)
		}
	}
}

// TestDeleted takes the folder away between opening and saving.
func TestDeleted(t *testing.T) {
	store := filled(t, "me")
	r := open(t, store, "me")
	if err := os.RemoveAll(store.Dir); err != nil {
		t.Fatal(err)
	}
	files, reads := before()
	r.Keep([]byte("new"), memory.Answer{Text: []byte("text"), Reads: reads})
	if err := store.Save(r); err != nil {
		t.Fatal(err)
	}
	if got := recalled(open(t, store, "me"), files, "new"); got != "text" {
		t.Errorf("recalled %q", got)
	}
}

// TestTogether saves two repositories that were opened before either was saved.
func TestTogether(t *testing.T) {
	store := filled(t, "me")
	files, reads := before()
	one, two := open(t, store, "me"), open(t, store, "me")
	one.Keep([]byte("one"), memory.Answer{Text: []byte("1"), Reads: reads})
	two.Keep([]byte("two"), memory.Answer{Text: []byte("2"), Reads: reads})
	for _, r := range []*memory.Repository{one, two} {
		if err := store.Save(r); err != nil {
			t.Fatal(err)
		}
	}
	r := open(t, store, "me")
	if got := recalled(r, files, "q") + recalled(r, files, "one") + recalled(r, files, "two"); got != "answer12" {
		t.Errorf("recalled %q", got)
	}
}

// TestSize fills a store beyond its size: what was not used for longest goes.
func TestSize(t *testing.T) {
	store := &memory.Store{Dir: t.TempDir(), Size: 40_000}
	_, reads := before()
	for i := range 6 {
		r, err := store.Open("me", fmt.Sprint("repository ", i))
		if err != nil {
			t.Fatal(err)
		}
		r.Keep([]byte("q"), memory.Answer{Text: bytes.Repeat([]byte("x"), 10_000), Reads: reads})
		if err := store.Save(r); err != nil {
			t.Fatal(err)
		}
		for _, name := range answers(t, store) { // time passes
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			then := info.ModTime().Add(-time.Minute)
			if err := os.Chtimes(name, then, then); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, _ := before()
	for i := range 6 {
		r, err := store.Open("me", fmt.Sprint("repository ", i))
		if err != nil {
			t.Fatal(err)
		}
		if kept := recalled(r, files, "q") != ""; kept != (i >= 3) {
			t.Errorf("repository %d is kept: %t", i, kept)
		}
	}
}

// TestMany keeps more answers to one question than there is room for.
func TestMany(t *testing.T) {
	store := filled(t, "me")
	files, _ := before()
	for i := range 10 {
		changed := maps.Clone(files)
		changed["base/a.yaml"] = fmt.Sprint(i)
		reads, err := overlay.Open(changed, overlay.Options{}).States([]string{"base/a.yaml"})
		if err != nil {
			t.Fatal(err)
		}
		r := open(t, store, "me")
		r.Keep([]byte("q"), memory.Answer{Text: fmt.Append(nil, "answer ", i), Reads: reads})
		if err := store.Save(r); err != nil {
			t.Fatal(err)
		}
		if got, want := recalled(open(t, store, "me"), changed, "q"), fmt.Sprint("answer ", i); got != want {
			t.Errorf("recalled %q, want %q", got, want)
		}
	}
	if got := recalled(open(t, store, "me"), files, "q"); got != "" {
		t.Errorf("the oldest answer is still there: %q", got)
	}
}

// answers lists the files of a store.
func answers(t *testing.T, store *memory.Store) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(store.Dir, "*.answers"))
	if err != nil || len(names) == 0 {
		t.Fatalf("the store has no files: %v", err)
	}
	return names
}
