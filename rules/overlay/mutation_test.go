package overlay

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// claims is how many exact sources are put to the test in each tree.
const claims = 60

// claim is an exact source of the n-th scalar of an object of a build.
type claim struct {
	overlay   string
	object, n int
	field     Field
	source    Source
}

// TestMutations changes the text at sources that are said to be exact. The
// build has to follow each.
func TestMutations(t *testing.T) {
	for _, name := range corpora {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			snapshot := Open(corpus(t, name), Options{})
			passed, skipped := map[string]int{}, 0
			for _, c := range sampleClaims(t, snapshot) {
				text, word := mutated(t, snapshot, c.source)
				if text == nil {
					skipped++
					continue
				}
				changed, err := snapshot.Change(map[string][]byte{c.source.Path: text}).Build(t.Context(), c.overlay)
				if err != nil {
					skipped++ // a name that a patch needs, or a type that the engine checks
					continue
				}
				if got := scalarsAt(changed, c); !slices.ContainsFunc(got, func(value string) bool { return holds(value, word) }) {
					t.Errorf("%s: %s of object %d is %q when %s (%s, %s) is changed", c.overlay, c.field, c.object, got, c.source, c.source.By, c.source.How)
					continue
				}
				passed[c.source.How]++
			}
			t.Logf("passed %v, skipped %d", passed, skipped)
			if len(passed) == 0 {
				t.Error("nothing was put to the test")
			}
		})
	}
}

// sampleClaims takes exact sources from overlays spread over the tree, by
// turns of each way that they are known.
func sampleClaims(t *testing.T, snapshot *Snapshot) []claim {
	byHow := map[string][]claim{}
	for _, b := range sampleBuilds(t, snapshot, 12) {
		for i, o := range b.Objects {
			n := -1
			eachScalar(o.Node, nil, func(field Field, _ *yaml.Node) {
				n++
				source, err := b.Explain(t.Context(), o, field)
				if err != nil {
					t.Fatal(err)
				}
				if source.Exact {
					byHow[source.How] = append(byHow[source.How], claim{b.Overlay, i, n, field, source})
				}
			})
		}
	}
	var sample []claim
	for _, all := range byHow {
		take := min(len(all), claims/len(byHow))
		for i := range take {
			sample = append(sample, all[i*len(all)/take])
		}
	}
	return sample
}

// sampleBuilds are the builds of at most n overlays, spread over the tree.
func sampleBuilds(t *testing.T, snapshot *Snapshot, n int) []*Build {
	var builds []*Build
	for _, o := range sampleOverlays(t, snapshot, n) {
		if b, err := snapshot.Build(t.Context(), o.Path); err == nil {
			builds = append(builds, b)
		}
	}
	return builds
}

var (
	wholeNumber = regexp.MustCompile(`^[0-9]+$`)
	pair        = regexp.MustCompile(`^[A-Za-z0-9_.-]+=`)
)

// mutated returns the file of a source with a word of its own at the place,
// nil where what stands there takes more than a line to read.
func mutated(t *testing.T, snapshot *Snapshot, at Source) (text []byte, word string) {
	t.Helper()
	data, err := snapshot.ReadFile(at.Path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	if at.Line < 1 || at.Line > len(lines) {
		t.Fatalf("%s is not in the file", at)
	}
	line := []rune(lines[at.Line-1])
	if at.Column < 1 || at.Column > len(line) {
		return nil, ""
	}
	before, rest := string(line[:at.Column-1]), string(line[at.Column-1:])
	word = "kdmutated"
	switch rest[0] {
	case '|', '>':
		if at.Line == len(lines) {
			return nil, ""
		}
		next := lines[at.Line]
		trimmed := strings.TrimLeft(next, " ")
		lines[at.Line] = next[:len(next)-len(trimmed)] + word + trimmed
		return []byte(strings.Join(lines, "\n")), word
	case '"', '\'':
		before += rest[:1]
		rest = rest[1:]
	case '&', '*', '!', '{', '[':
		return nil, ""
	default:
		end := len(rest)
		if i := strings.IndexAny(rest, ",}]#\r"); i >= 0 {
			end = i
		}
		if wholeNumber.MatchString(strings.TrimSpace(rest[:end])) {
			word = "54321"
			lines[at.Line-1] = before + word + rest[len(strings.TrimSpace(rest[:end])):]
			return []byte(strings.Join(lines, "\n")), word
		}
	}
	if at.By == ByGenerator {
		key := pair.FindString(rest)
		before, rest = before+key, rest[len(key):]
	}
	lines[at.Line-1] = before + word + rest
	return []byte(strings.Join(lines, "\n")), word
}

// scalarsAt are the built scalars of a claim in another build: at its field,
// unless that goes by the name that was changed, and at its place in order,
// unless a patch that no longer finds its object had sorted it.
func scalarsAt(b *Build, c claim) []string {
	if c.object >= len(b.Objects) {
		return nil
	}
	o := b.Objects[c.object]
	values := []string{scalar(o.Lookup(c.field))}
	n := -1
	eachScalar(o.Node, nil, func(_ Field, s *yaml.Node) {
		if n++; n == c.n {
			values = append(values, s.Value)
		}
	})
	return values
}

// holds reports whether a built value holds a word, be it in base64.
func holds(value, word string) bool {
	decoded, err := base64.StdEncoding.DecodeString(value)
	return strings.Contains(value, word) || err == nil && strings.Contains(string(decoded), word)
}
