package worker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// A hostileCase is a tree of testdata/hostile. Its comment names the overlay
// to build, "build: overlays/prod", and may say "ends REGEXP", where building
// it takes the worker down and the answer says why. On the lines of its files
// stand
//
//	# refuses REASON "regexp"   the reference or file is refused before the build
//	# fails REASON "regexp"     the build breaks here
//
// as comments, or in the comment after "at PATH:LINE" where none can stand
// there. A case that expects nothing is harmless: it builds.
//
// What is too large to be written out is written as it is made: a file whose
// name holds {1..N} is N files; a line "#repeat N TEXT" is N lines and "#inline
// N TEXT" N times the text in one line. %d stands for the number, %p for the
// one before it. On the first line, "#link TARGET" makes a link, "#utf16"
// another encoding.
type hostileCase struct {
	name, build, ends string
	files             map[string]string
	wants             []hostileWant
}

type hostileWant struct {
	verb, reason, path string
	line               int
	text               *regexp.Regexp
}

var (
	hostileComment = regexp.MustCompile(`# (refuses|fails) ([a-z]+) "([^"]*)"`)
	manyFiles      = regexp.MustCompile(`\{1\.\.(\d+)\}`)
)

// readHostile reads the cases; LISTENER in them stands for an address.
func readHostile(t *testing.T, listener string) []hostileCase {
	t.Helper()
	names, err := filepath.Glob("../../../testdata/hostile/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var cases []hostileCase
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c := hostileCase{name: strings.TrimSuffix(filepath.Base(name), ".txtar"), files: map[string]string{}}
		for line := range strings.Lines(string(archive.Comment)) {
			word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch word {
			case "build:":
				c.build = rest
			case "ends":
				c.ends = rest
			case "at":
				c.want(t, rest)
			}
		}
		for _, file := range archive.Files {
			c.add(t, file.Name, strings.ReplaceAll(string(file.Data), "LISTENER", listener))
		}
		if c.build == "" {
			t.Fatalf("%s names no overlay to build", name)
		}
		cases = append(cases, c)
	}
	if len(cases) < 100 {
		t.Fatalf("found %d cases in testdata/hostile, want 100 or more", len(cases))
	}
	return cases
}

func (c *hostileCase) add(t *testing.T, name, text string) {
	t.Helper()
	text = writtenOut(t, text)
	if many := manyFiles.FindStringSubmatch(name); many != nil {
		for i := range number(t, many[1]) {
			c.files[strings.Replace(name, many[0], strconv.Itoa(i+1), 1)] = numbered(text, i+1)
		}
		return
	}
	c.files[name] = text
	for i, line := range strings.Split(text, "\n") {
		for _, match := range hostileComment.FindAllStringSubmatch(line, -1) {
			c.wants = append(c.wants, hostileWant{match[1], match[2], name, i + 1, regexp.MustCompile(match[3])})
		}
	}
}

// want takes a fault of a file in which no comment can stand, written as
// PATH:LINE and the comment.
func (c *hostileCase) want(t *testing.T, text string) {
	t.Helper()
	place, comment, _ := strings.Cut(text, " ")
	file, line, _ := strings.Cut(place, ":")
	match := hostileComment.FindStringSubmatch(comment)
	if match == nil {
		t.Fatalf("%s: expects nothing at %s", c.name, text)
	}
	c.wants = append(c.wants, hostileWant{match[1], match[2], file, number(t, line), regexp.MustCompile(match[3])})
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// numbered puts a number in place of %d, and the one before it in place of %p.
func numbered(text string, n int) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "%d", strconv.Itoa(n)), "%p", strconv.Itoa(n-1))
}

// writtenOut writes out what a case only says how to make.
func writtenOut(t *testing.T, text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		how, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		times, what, _ := strings.Cut(rest, " ")
		end := map[string]string{"#repeat": "\n", "#inline": ""}
		if _, ok := end[how]; !ok {
			out.WriteString(line)
			continue
		}
		for i := range number(t, times) {
			out.WriteString(numbered(what, i+1) + end[how])
		}
	}
	return out.String()
}

// write writes the tree of a case into a new folder.
func (c *hostileCase) write(t *testing.T) worker.TreeRef {
	dir := t.TempDir()
	for name, text := range c.files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(text, "\n")
		if target, ok := strings.CutPrefix(first, "#link "); ok {
			if err := os.Symlink(target, at); err != nil {
				t.Fatal(err)
			}
			continue
		}
		data := []byte(text)
		if first == "#utf16" {
			data = []byte{0xff, 0xfe}
			for _, b := range []byte(text) {
				data = append(data, b, 0)
			}
		}
		if err := os.WriteFile(at, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return worker.TreeRef{Folder: dir}
}

// check looks at the tree of a case, builds it, and compares what is said of it.
func (c *hostileCase) check(t *testing.T, pool *worker.Pool, tree worker.TreeRef) {
	refusals, broken, err := c.answer(t, pool, tree)
	if err != nil || c.ends != "" {
		if c.ends == "" || err == nil || !regexp.MustCompile(c.ends).MatchString(err.Error()) {
			t.Errorf("ends with %v, broken: %v; want %q", err, broken, c.ends)
		}
		return
	}
	if (broken == nil) != (len(c.wants) == 0) {
		t.Errorf("want %d faults; broken: %v", len(c.wants), broken)
	}
	refused := 0
	for _, w := range c.wants {
		if w.verb == "refuses" {
			refused++
		}
		if !w.met(refusals, broken) {
			t.Errorf("%s:%d: want it %s, %s %q; got %s", w.path, w.line, w.verb, w.reason, w.text, told(refusals, broken))
		}
	}
	if len(refusals) > refused {
		t.Errorf("more is refused than expected: %s", told(refusals, nil))
	}
}

// answer is what the pool says of the tree of a case.
func (c *hostileCase) answer(t *testing.T, pool *worker.Pool, tree worker.TreeRef) ([]overlay.Refusal, *overlay.BuildError, error) {
	found, err := pool.FindOne(t.Context(), worker.Find{Tree: tree, Overlay: c.build})
	if err != nil {
		return nil, nil, err
	}
	files, err := pool.YAMLFiles(t.Context(), tree)
	if err != nil {
		return nil, nil, err
	}
	notes, err := pool.Notes(t.Context(), tree, files)
	if err != nil {
		return nil, nil, err
	}
	_, err = pool.Survey(t.Context(), worker.Survey{Tree: tree, Seen: rules.See([]overlay.Overlay{found.Overlay}, files, notes)})
	if err != nil {
		return nil, nil, err
	}
	answer, err := pool.CheckOne(t.Context(), worker.Check{Tree: tree, Overlay: c.build})
	return found.Overlay.Refusals, answer.Broken, err
}

func (w hostileWant) met(refusals []overlay.Refusal, broken *overlay.BuildError) bool {
	if w.verb == "fails" {
		return broken != nil && broken.Reason == w.reason && broken.Path == w.path && broken.Line == w.line && w.text.MatchString(broken.Text())
	}
	return slices.ContainsFunc(refusals, func(r overlay.Refusal) bool {
		return r.Path == w.path && r.Line == w.line && r.Reason == w.reason && w.text.MatchString(r.Text+" "+r.Message)
	})
}

// told is what was said, short enough to be read.
func told(refusals []overlay.Refusal, broken *overlay.BuildError) string {
	var out strings.Builder
	for _, r := range refusals[:min(len(refusals), 5)] {
		fmt.Fprintf(&out, "\n\t%s:%d refused, %s: %.200s %s", r.Path, r.Line, r.Reason, r.Text, r.Message)
	}
	if broken != nil {
		fmt.Fprintf(&out, "\n\t%s:%d broken, %s: %.400s", broken.Path, broken.Line, broken.Reason, broken.Text())
	}
	return out.String()
}
