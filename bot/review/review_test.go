package review_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules"
)

func TestMain(m *testing.M) {
	worker.Main()
	os.Exit(m.Run())
}

// TestReports runs every case of testdata/reports as two folders and again as
// two commits. A case holds the files of both sides, base/PATH and head/PATH;
// a file that the head does not mention is gone, unless the comment says
// `keep PATH...`. On the head's lines stand the new findings, on the base's the
// fixed ones:
//
//	# want RULE "regexp"      # want+N is N lines further down
//	# fixed RULE "regexp"
//
// Nothing else may be new. The comment may say `rules ID...` for the only rules
// that are on (those without are on always), `paths PATH...` for the job's paths,
// `untouched FILE:LINE...` for what is missing on lines that the change does not
// touch, `reaches OVERLAY...` for the overlays that are built, `broken OVERLAY...` for
// those of them that cannot be, `silenced N` for how many findings are, and
// `blocks FILE:LINE...` for those that stand in the way of a merge.
func TestReports(t *testing.T) {
	files, err := filepath.Glob("../../testdata/reports/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("found no case in testdata/reports")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := parseCase(t, archive)
			t.Run("folders", func(t *testing.T) {
				base, head := t.TempDir(), t.TempDir()
				write(t, base, c.base)
				write(t, head, c.head)
				c.run(t, review.TreeRef{Folder: base}, review.TreeRef{Folder: head})
			})
			t.Run("commits", func(t *testing.T) {
				base, head := commits(t, c.base, c.head)
				c.run(t, base, head)
			})
		})
	}
}

// A reportCase is one case of testdata/reports.
type reportCase struct {
	said          map[string][]string // what the comment says, by its first word
	base, head    map[string]string
	wanted, fixed []want
}

// A want is a finding that a line is at fault for.
type want struct {
	at, rule string
	message  *regexp.Regexp
}

var (
	wantComment = regexp.MustCompile(`[ \t]*# (want|fixed)(\+\d+)?((?: [a-z-]+ "[^"]*")+)`)
	wantOne     = regexp.MustCompile(`([a-z-]+) "([^"]*)"`)
)

func parseCase(t *testing.T, archive *txtar.Archive) *reportCase {
	c := &reportCase{said: map[string][]string{}, base: map[string]string{}, head: map[string]string{}}
	for line := range strings.Lines(string(archive.Comment)) {
		if words := strings.Fields(line); len(words) > 0 {
			c.said[words[0]] = words[1:]
		}
	}
	for _, file := range archive.Files {
		side, name, _ := strings.Cut(file.Name, "/")
		switch side {
		case "base":
			c.base[name] = c.take(string(file.Data), name)
		case "head":
			c.head[name] = c.take(string(file.Data), name)
		default:
			t.Fatalf("%s is on no side", file.Name)
		}
	}
	for _, name := range c.said["keep"] {
		if _, ok := c.base[name]; !ok {
			t.Fatalf("keeps %s, which the base has not", name)
		}
		c.head[name] = c.base[name]
	}
	return c
}

// take takes the wants out of a file, so that only what the case is about
// differs between the sides.
func (c *reportCase) take(text, name string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		comment := wantComment.FindStringSubmatch(line)
		if comment == nil {
			continue
		}
		below := 0
		if comment[2] != "" {
			below, _ = strconv.Atoi(comment[2][1:])
		}
		for _, m := range wantOne.FindAllStringSubmatch(comment[3], -1) {
			w := want{fmt.Sprintf("%s:%d", name, i+1+below), m[1], regexp.MustCompile(m[2])}
			if comment[1] == "want" {
				c.wanted = append(c.wanted, w)
			} else {
				c.fixed = append(c.fixed, w)
			}
		}
		lines[i] = strings.Replace(line, comment[0], "", 1)
	}
	return strings.Join(lines, "\n")
}

func (c *reportCase) run(t *testing.T, base, head review.TreeRef) {
	job := review.Job{Base: base, Head: head, Config: base, Paths: c.said["paths"]}
	if on, ok := c.said["rules"]; ok {
		job.Config = review.TreeRef{Folder: t.TempDir()}
		write(t, job.Config.Folder, map[string]string{config.File: only(on)})
	}
	report, err := (&review.Reviewer{}).Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	var found []rules.Finding
	var untouched []string
	silenced := 0
	for _, f := range report.Findings {
		if f.Suppressed != nil {
			silenced++
			continue
		}
		found = append(found, f.Finding)
		if f.Untouched {
			untouched = append(untouched, fmt.Sprintf("%s:%d", f.Path, f.Line))
		}
	}
	if !slices.Equal(c.said["untouched"], untouched) {
		t.Errorf("no comment where the change does not touch it: %q, want %q", untouched, c.said["untouched"])
	}
	if n := c.said["silenced"]; len(n) == 1 && n[0] != strconv.Itoa(silenced) || n == nil && silenced > 0 {
		t.Errorf("%d findings are silenced, want %s", silenced, n)
	}
	if want, ok := c.said["blocks"]; ok {
		var blocks []string
		for _, f := range report.Findings {
			if f.Blocks {
				blocks = append(blocks, fmt.Sprintf("%s:%d", f.Path, f.Line))
			}
		}
		if !slices.Equal(want, blocks) {
			t.Errorf("in the way of a merge: %q, want %q", blocks, want)
		}
	}
	compare(t, "new", c.wanted, found)
	compare(t, "fixed", c.fixed, report.Fixed)

	var reached, broken []string
	for _, o := range report.Overlays {
		reached = append(reached, o.Path)
		if !o.Built {
			broken = append(broken, o.Path)
		}
	}
	if want, ok := c.said["reaches"]; ok && !slices.Equal(want, reached) {
		t.Errorf("reached overlays (-want +got):\n%s", cmp.Diff(want, reached))
	}
	if want := c.said["broken"]; !slices.Equal(want, broken) {
		t.Errorf("broken overlays (-want +got):\n%s", cmp.Diff(want, broken))
	}
}

// compare holds findings to those that are wanted.
func compare(t *testing.T, kind string, wanted []want, found []rules.Finding) {
	t.Helper()
	rest := slices.Clone(wanted)
	for _, f := range found {
		at := fmt.Sprintf("%s:%d", f.Path, f.Line)
		i := slices.IndexFunc(rest, func(w want) bool { return w.at == at && w.rule == f.Rule && w.message.MatchString(f.Message) })
		if i < 0 {
			t.Errorf("%s: %s is %s: %q in %s, which nothing wants", at, f.Rule, kind, f.Message, f.Overlays)
			continue
		}
		rest = slices.Delete(rest, i, i+1)
	}
	for _, w := range rest {
		t.Errorf("%s: want %s %q to be %s", w.at, w.rule, w.message, kind)
	}
}

// only is a configuration in which no rule is on but these.
func only(on []string) string {
	text := "version: 1\nrules:\n"
	for rule := range rules.All() {
		if rule.Check != nil && !slices.Contains(on, rule.ID) {
			text += "  " + rule.ID + ": off\n"
		}
	}
	return text
}

// commits makes two commits of a bare repository.
func commits(t *testing.T, base, head map[string]string) (review.TreeRef, review.TreeRef) {
	t.Helper()
	dir, bare := t.TempDir(), filepath.Join(t.TempDir(), "bare.git")
	git(t, dir, "init", "-q", "-b", "main")
	var refs []review.TreeRef
	for _, files := range []map[string]string{base, head} {
		git(t, dir, "rm", "-rqf", "--ignore-unmatch", ".")
		write(t, dir, files)
		git(t, dir, "add", "-A")
		git(t, dir, "commit", "-q", "--allow-empty", "-m", "change")
		refs = append(refs, review.TreeRef{Repository: bare, Commit: git(t, dir, "rev-parse", "HEAD")})
	}
	git(t, dir, "clone", "-q", "--bare", dir, bare)
	return refs[0], refs[1]
}

// git runs the git command in dir and returns what it prints.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// write writes files below dir.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
