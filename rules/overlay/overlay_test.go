package overlay

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// A case is a small tree whose comment names the overlay to build, such as
// "build: overlays/prod". On the lines of its files stand, in comments,
//
//	# sets Deployment/web spec.replicas patch node
//	# fails missing "regexp"
//	# refuses remote "regexp"
//
// that the line says the field, by what and how that is known; that the
// build breaks at this line; that the reference on it is not followed. One
// line may say more, parted by "; ". A "~" after the how stands for a source
// that is not exact, a number behind it for its column. "sets+2" is said of the
// second line below, where no comment can stand on that.
type overlayCase struct {
	files Files
	build string
	wants []want
}

type want struct {
	verb, rest, path string
	line             int
}

var wantComment = regexp.MustCompile(`^(sets|overridden|deletes|holds|makes|fails|refuses)(\+[0-9]+)? (.*)$`)

func readCases(t *testing.T, dir string) map[string]overlayCase {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("../../testdata", dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("no cases in testdata/%s", dir)
	}
	cases := map[string]overlayCase{}
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c := overlayCase{files: Files{}}
		for _, line := range strings.Split(string(archive.Comment), "\n") {
			if dir, ok := strings.CutPrefix(line, "build: "); ok {
				c.build = dir
			}
		}
		if c.build == "" {
			t.Fatalf("%s: no line \"build: OVERLAY\"", name)
		}
		for _, file := range archive.Files {
			c.files[file.Name] = caseContent(string(file.Data))
			for i, line := range strings.Split(string(file.Data), "\n") {
				_, comment, ok := strings.Cut(line, "# ")
				if !ok {
					continue
				}
				for _, part := range strings.Split(comment, "; ") {
					if match := wantComment.FindStringSubmatch(part); match != nil {
						below, err := strconv.Atoi("0" + strings.TrimPrefix(match[2], "+"))
						if err != nil {
							t.Fatal(err)
						}
						c.wants = append(c.wants, want{match[1], match[3], file.Name, i + 1 + below})
					}
				}
			}
		}
		cases[strings.TrimSuffix(filepath.Base(name), ".txtar")] = c
	}
	return cases
}

// caseContent gives a file what txtar cannot hold: "#crlf" on the first line
// stands for carriage returns, "#bom" for a byte order mark, "#link TARGET"
// for a link.
func caseContent(data string) string {
	first, rest, _ := strings.Cut(data, "\n")
	switch {
	case first == "#crlf":
		return strings.ReplaceAll("#\n"+rest, "\n", "\r\n")
	case first == "#bom":
		return "\uFEFF#\n" + rest
	case strings.HasPrefix(first, "#link "):
		return LinkTo + strings.TrimPrefix(first, "#link ")
	}
	return data
}

// TestBroken tells what breaks a build, at the line that a case names. A case
// that names none builds.
func TestBroken(t *testing.T) {
	for name, c := range readCases(t, "broken") {
		t.Run(name, func(t *testing.T) {
			_, err := Open(c.files, Options{}).Build(t.Context(), c.build)
			var broken *BuildError
			switch {
			case errors.As(err, &broken):
				checkBroken(t, c, broken)
			case err != nil:
				t.Error(err)
			case len(c.wants) > 0:
				t.Errorf("it builds; want %s", c.wants[0].rest)
			}
		})
	}
}

func TestSources(t *testing.T) {
	for name, c := range readCases(t, "overlay") {
		t.Run(name, func(t *testing.T) {
			b, err := Open(c.files, Options{}).Build(t.Context(), c.build)
			var broken *BuildError
			if errors.As(err, &broken) {
				checkBroken(t, c, broken)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkParity(t, c, b)
			checkPlaced(t, b)
			checked := 0
			for _, w := range c.wants {
				switch w.verb {
				case "sets":
					checkSource(t, b, w)
				case "overridden", "deletes", "holds", "makes":
					checkHistory(t, b, w)
				default:
					t.Errorf("%s:%d: the overlay builds; want: %s %s", w.path, w.line, w.verb, w.rest)
				}
				checked++
			}
			if checked == 0 {
				t.Error("the case expects nothing")
			}
		})
	}
}

func checkParity(t *testing.T, c overlayCase, b *Build) {
	t.Helper()
	got, err := b.YAML()
	if err != nil {
		t.Fatal(err)
	}
	expected, err := plain(c.files, c.build)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != expected {
		t.Errorf("the build differs from the engine's own:\n%s\nwant\n%s", got, expected)
	}
}

// checkPlaced checks that every scalar of a build has a place, as each of the
// cases has one for all of its own.
func checkPlaced(t *testing.T, b *Build) {
	t.Helper()
	lines, err := b.Blame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		for _, s := range append(l.Source.Via, l.Source) {
			if s.Path == "" || s.Line < 1 || s.Column < 1 || s.How == HowUnknown {
				t.Errorf("%s %s has no place: %+v", l.Object, l.Field, s)
			}
		}
	}
}

func checkSource(t *testing.T, b *Build, w want) {
	t.Helper()
	words := strings.Fields(w.rest)
	if len(words) != 4 && len(words) != 5 {
		t.Fatalf("%s:%d: want KIND/NAME FIELD BY HOW, and maybe the column, not %q", w.path, w.line, w.rest)
	}
	field, err := ParseField(words[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range b.Objects {
		if o.Ref.Kind+"/"+o.Ref.Name != words[0] {
			continue
		}
		source, err := b.Explain(t.Context(), o, field)
		if err != nil {
			t.Fatal(err)
		}
		how := source.How
		if !source.Exact {
			how += "~"
		}
		got := fmt.Sprintf("%s:%d %s %s", source.Path, source.Line, source.By, how)
		if expected := fmt.Sprintf("%s:%d %s %s", w.path, w.line, words[2], words[3]); got != expected {
			t.Errorf("%s %s: got %s, want %s", words[0], field, got, expected)
		}
		if len(words) == 5 && fmt.Sprint(source.Column) != words[4] {
			t.Errorf("%s %s: got column %d, want %s", words[0], field, source.Column, words[4])
		}
		return
	}
	var names []string
	for _, o := range b.Objects {
		names = append(names, o.Ref.Kind+"/"+o.Ref.Name)
	}
	t.Errorf("%s:%d: the build has no %s, but %s", w.path, w.line, words[0], names)
}

func checkBroken(t *testing.T, c overlayCase, broken *BuildError) {
	t.Helper()
	for _, w := range c.wants {
		if w.verb == "sets" || w.path != broken.Path || w.line != broken.Line {
			continue
		}
		reason, pattern, _ := strings.Cut(w.rest, " ")
		matched, err := regexp.MatchString(strings.Trim(pattern, `"`), broken.Message+"; "+broken.Hint)
		if err != nil {
			t.Fatal(err)
		}
		if reason != broken.Reason || !matched {
			t.Errorf("%s:%d: want %s %s, got %s: %v", w.path, w.line, reason, pattern, broken.Reason, broken)
		}
		return
	}
	t.Errorf("nothing expects %s at %s:%d: %v", broken.Reason, broken.Path, broken.Line, broken)
}
