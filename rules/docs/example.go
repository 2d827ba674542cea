package docs

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	cases "github.com/kustodian/kustodian/testdata/rules"
)

// An example is one document of a case.
type example struct {
	path, text, kind string
	bad, good        bool // at fault, or marked as the good one
	silent           []silence
}

// A silence is a line at which a rule stays silent, and why; of is the object
// that it is in, "" for none.
type silence struct{ line, why, of string }

// A telling is what the cases of a rule say of it.
type telling struct {
	about     []string // what each case is about
	bad, good *example
	silent    []silence
}

// maxSilent is how many exceptions a page lists; the cases have them all.
const maxSilent = 20

// casesOf reads the cases of a rule: none for one that no build shows.
func casesOf(id string) (telling, error) {
	var out telling
	names, err := fs.Glob(cases.FS, path.Join(id, "*.txtar"))
	if err != nil {
		return out, err
	}
	var all []example
	for _, name := range names {
		src, err := fs.ReadFile(cases.FS, name)
		if err != nil {
			return out, fmt.Errorf("reading a case of %s: %w", id, err)
		}
		archive := txtar.Parse(src)
		if about := aboutOf(archive.Comment); about != "" {
			out.about = append(out.about, about)
		}
		for _, file := range archive.Files {
			for _, text := range strings.SplitAfter("\n"+string(file.Data), "\n---\n") {
				e := exampleOf(id, file.Name, strings.TrimSuffix(strings.TrimPrefix(text, "\n"), "---\n"))
				all, out.silent = append(all, e), append(out.silent, e.silent...)
			}
		}
	}
	out.silent = unlike(out.silent)
	out.silent = out.silent[:min(len(out.silent), maxSilent)]
	out.choose(all)
	return out, nil
}

// unlike leaves out what is said more than once.
func unlike(all []silence) (out []silence) {
	told := map[silence]bool{}
	for _, s := range all {
		same := silence{line: s.line, why: s.why} // wherever it stands
		if !told[same] {
			told[same] = true
			out = append(out, s)
		}
	}
	return out
}

// choose takes the first document at fault, and the first that is marked as it
// should be, else the next one of its kind at which the rule stays silent. A
// kustomization that shows both itself is enough.
func (t *telling) choose(all []example) {
	i := slices.IndexFunc(all, func(e example) bool { return e.bad })
	if i < 0 {
		return
	}
	t.bad = &all[i]
	enough := t.bad.kind == "" && len(t.bad.silent) > 0
	alike := func(e example) bool {
		return !e.bad && !silenced.MatchString(e.text) && e.kind == t.bad.kind && !enough
	}
	for _, good := range []struct {
		from int
		fits func(example) bool
	}{
		{0, func(e example) bool { return e.good }},
		{i, func(e example) bool { return alike(e) && e.path == t.bad.path }},
		{i, func(e example) bool { return alike(e) && path.Base(e.path) == path.Base(t.bad.path) }},
		{0, alike},
	} {
		if j := slices.IndexFunc(all[good.from:], good.fits); j >= 0 {
			t.good = &all[good.from+j]
			return
		}
	}
}

var (
	// directive is a line of a case's comment that is for its runner.
	directive = regexp.MustCompile(`^(build|part|cluster|contact|cpu limits) \S+`)
	// wanted is what a case says of the findings of a line, or of one below.
	wanted     = regexp.MustCompile(`\s*# want(\+\d+)?((?: [a-z0-9-]+ "[^"]*")+).*$`)
	wantedRule = regexp.MustCompile(`([a-z0-9-]+) "[^"]*"`)
	kindOf     = regexp.MustCompile(`(?m)^kind: (\w+)`)
	// nameOf is where an object says its name, on one line or two.
	nameOf = regexp.MustCompile(`(?m)^metadata:(?: \{|\n(?:  .*\n)*?  )name: ([\w.-]+)`)
	// reasoned is a line with a comment that says why nothing is found there.
	reasoned = regexp.MustCompile(`^\s*(\S.*?)\s+# (.+)$`)
	// silenced is what somebody has silenced: it stays silent and is no better.
	silenced = regexp.MustCompile(`kustodian(:|\.dev/)ignore|kube-linter\.io|kube-score/ignore|polaris\.fairwinds\.com|checkov`)
	// mark says that a document of a case is the good example of its page.
	mark = "# the good example\n"
	// arrow marks the line that is at fault.
	arrow = " # <- "
)

// aboutOf is what the comment of a case says to people.
func aboutOf(comment []byte) string {
	var said []string
	for line := range strings.Lines(string(comment)) {
		if line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "#")); line != "" && !directive.MatchString(line) {
			said = append(said, line)
		}
	}
	return asWritten.Replace(strings.Join(said, " "))
}

// exampleOf reads a document; an arrow takes the place of what is wanted.
func exampleOf(id, name, text string) example {
	e := example{path: name, good: strings.Contains(text, mark)}
	if m := kindOf.FindStringSubmatch(text); m != nil {
		e.kind = m[1]
	}
	e.silent = silences(text, e.kind)
	lines := strings.Split(strings.Trim(strings.ReplaceAll(text, mark, ""), "\n"), "\n")
	for i, line := range lines {
		m := wanted.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		lines[i] = wanted.ReplaceAllString(line, "")
		at, _ := strconv.Atoi(m[1]) // "" is this line
		ours := slices.ContainsFunc(wantedRule.FindAllStringSubmatch(m[2], -1), func(rule []string) bool { return rule[1] == id })
		if at += i; ours && at < len(lines) && !strings.Contains(lines[at], arrow) {
			e.bad = true
			lines[at] = strings.TrimRight(lines[at], " ") + arrow + id
		}
	}
	e.text = strings.Join(lines, "\n") + "\n"
	return e
}

// silences are the lines of a document that have a reason to stay silent. What
// object of the kind they are in is told where the line does not.
func silences(text, kind string) (out []silence) {
	of := ""
	if m := nameOf.FindStringSubmatch(text); m != nil && kind != "" {
		of = kind + " " + m[1]
	}
	for line := range strings.Lines(text) {
		m := reasoned.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil || strings.HasPrefix(m[1], "#") || directed(m[2]) {
			continue
		}
		said := silence{line: strings.TrimPrefix(m[1], "- "), why: m[2], of: of}
		if nameOf.MatchString(m[1]) || strings.HasPrefix(m[1], "kind:") {
			said.of = ""
		}
		out = append(out, said)
	}
	return out
}

// directed reports whether a comment is for a program.
func directed(comment string) bool {
	return slices.ContainsFunc([]string{"want ", "want+", "kustodian:ignore", "checkov:skip"}, func(p string) bool { return strings.HasPrefix(comment, p) })
}
