package githubtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Diff is what changed from a merge base to a head, as git tells it with three lines of context.
type Diff struct {
	// Base and Head are the commits compared; Base is the merge base.
	Base, Head string
	Files      []File
}

// File finds the file that a path names at the head, or at the base when it was deleted; nil when it did not change.
func (d *Diff) File(path string) *File {
	for i := range d.Files {
		if d.Files[i].Path == path {
			return &d.Files[i]
		}
	}
	return nil
}

// File is one changed file.
type File struct {
	// Path is where it is at the head; of a deleted file where it was.
	Path string
	// PreviousPath is where a renamed file was; otherwise empty.
	PreviousPath string
	// Status is added, removed, modified, renamed or changed (its type).
	Status string
	// SHA is the blob at the head; of a deleted file the blob at the base.
	SHA                  string
	Additions, Deletions int
	// Patch is the hunks as text; empty for a binary file or one that did not change its content.
	Patch  string
	Hunks  []Hunk
	Binary bool
}

// Hunk is one run of changes with its context.
type Hunk struct {
	// Header is the line that starts with @@.
	Header             string
	OldStart, OldLines int
	NewStart, NewLines int
	Lines              []Line
}

// Line is one line of a hunk.
type Line struct {
	// Kind is ' ' for context, '+' or '-'; '\\' is git's note that there is no newline at the end.
	Kind byte
	// Old and New are the line's numbers from 1 on either side; 0 where it does not exist.
	Old, New int
	Text     string
}

// on tells whether the line can be spoken of on a side: RIGHT has what was added and context, LEFT what was deleted and
// context.
func (l Line) on(side string) int {
	if side == "LEFT" {
		return l.Old
	}
	return l.New
}

// locate finds a line of a side: its hunk, its index in the hunk, and its position as GitHub counted comments once:
// from 1 below the first hunk's header, later headers counted. ok is false when the diff does not have the line.
func (f *File) locate(side string, line int) (hunk, index, position int, ok bool) {
	for h := range f.Hunks {
		if h > 0 {
			position++
		}
		for i, l := range f.Hunks[h].Lines {
			position++
			if l.on(side) == line && line > 0 {
				return h, i, position, true
			}
		}
	}
	return 0, 0, 0, false
}

// excerpt is the hunk down to a line, as GitHub shows it above a comment.
func (f *File) excerpt(hunk, index int) string {
	h := f.Hunks[hunk]
	lines := []string{h.Header}
	for _, l := range h.Lines[:index+1] {
		lines = append(lines, string(l.Kind)+l.Text)
	}
	return strings.Join(lines, "\n")
}

// Compare is the difference from the merge base of two commits or branches to the second.
func (r *Repository) Compare(base, head string) (*Diff, error) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.compare(base, head)
}

func (r *Repository) compare(base, head string) (*Diff, error) {
	mergeBase, err := r.git(nil, "merge-base", base, head)
	if err != nil {
		return nil, err
	}
	headSHA, err := r.git(nil, "rev-parse", "--verify", head+"^{commit}")
	if err != nil {
		return nil, err
	}
	return r.diff(mergeBase, headSHA)
}

// diff compares two commits, by hash; what it found is kept, as commits do not change.
func (r *Repository) diff(base, head string) (*Diff, error) {
	key := base + ".." + head
	if d := r.diffs[key]; d != nil {
		return d, nil
	}
	options := []string{"--no-color", "--no-ext-diff", "--no-textconv", "-M"}
	raw, err := r.git(nil, append(append([]string{"diff", "--raw", "--no-abbrev", "-z"}, options...), base, head)...)
	if err != nil {
		return nil, err
	}
	cmd := r.command(append(append([]string{"diff", "-U3"}, options...), base, head)...)
	patch, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("comparing %s in %s: %w", key, r.FullName(), err)
	}
	d := &Diff{Base: base, Head: head}
	if d.Files, err = parseDiff(raw, string(patch)); err != nil {
		return nil, fmt.Errorf("comparing %s in %s: %w", key, r.FullName(), err)
	}
	r.diffs[key] = d
	return d, nil
}

var statuses = map[byte]string{'A': "added", 'D': "removed", 'M': "modified", 'R': "renamed", 'C': "copied", 'T': "changed"}

// parseDiff joins what git says of the files with the patches, which come in the same order.
func parseDiff(raw, patch string) ([]File, error) {
	sections := splitPatch(patch)
	fields := strings.Split(strings.TrimSuffix(raw, "\x00"), "\x00")
	var files []File
	for i := 0; i+1 < len(fields); i++ {
		meta := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(meta) != 5 {
			return nil, fmt.Errorf("unexpected record %q", fields[i])
		}
		kind := meta[4][0]
		f := File{Status: statuses[kind], SHA: meta[3]}
		if kind == 'D' {
			f.SHA = meta[2]
		}
		i++
		f.Path = fields[i]
		if (kind == 'R' || kind == 'C') && i+1 < len(fields) {
			f.PreviousPath = f.Path
			i++
			f.Path = fields[i]
		}
		// A change of type is two sections: one deletes the file, one adds it.
		take := 1
		if kind == 'T' {
			take = 2
		}
		for range take {
			if len(sections) == 0 {
				return nil, fmt.Errorf("no patch for %s", f.Path)
			}
			if err := f.read(sections[0]); err != nil {
				return nil, fmt.Errorf("reading the patch of %s: %w", f.Path, err)
			}
			sections = sections[1:]
		}
		files = append(files, f)
	}
	slices.SortStableFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// splitPatch cuts a patch at its files. A line of content never starts with "diff --git", as it has its kind in front.
func splitPatch(patch string) [][]string {
	var sections [][]string
	for line := range strings.SplitSeq(strings.TrimSuffix(patch, "\n"), "\n") {
		if strings.HasPrefix(line, "diff --git ") {
			sections = append(sections, nil)
		}
		if len(sections) > 0 {
			sections[len(sections)-1] = append(sections[len(sections)-1], line)
		}
	}
	return sections
}

func (f *File) read(section []string) error {
	var text []string
	if f.Patch != "" {
		text = []string{f.Patch}
	}
	var oldLine, newLine int
	started := false
	for _, line := range section {
		switch {
		case strings.HasPrefix(line, "@@ "):
			h, err := parseHeader(line)
			if err != nil {
				return err
			}
			f.Hunks = append(f.Hunks, h)
			oldLine, newLine, started = h.OldStart, h.NewStart, true
		case !started:
			f.Binary = f.Binary || strings.HasPrefix(line, "Binary files ")
			continue
		case line == "":
			return fmt.Errorf("an empty line in a hunk")
		default:
			h := &f.Hunks[len(f.Hunks)-1]
			l := Line{Kind: line[0], Text: line[1:]}
			if l.Kind == ' ' || l.Kind == '-' {
				l.Old = oldLine
				oldLine++
			}
			if l.Kind == ' ' || l.Kind == '+' {
				l.New = newLine
				newLine++
			}
			if l.Kind == '+' {
				f.Additions++
			} else if l.Kind == '-' {
				f.Deletions++
			}
			h.Lines = append(h.Lines, l)
		}
		text = append(text, line)
	}
	f.Patch = strings.Join(text, "\n")
	return nil
}

// parseHeader reads "@@ -1,3 +1,4 @@ …"; a count that is left out is 1.
func parseHeader(line string) (Hunk, error) {
	h := Hunk{Header: line}
	fields := strings.Fields(line)
	if len(fields) < 4 {
		return h, fmt.Errorf("hunk %q", line)
	}
	var err error
	if h.OldStart, h.OldLines, err = parseRange(fields[1]); err != nil {
		return h, fmt.Errorf("hunk %q: %w", line, err)
	}
	if h.NewStart, h.NewLines, err = parseRange(fields[2]); err != nil {
		return h, fmt.Errorf("hunk %q: %w", line, err)
	}
	return h, nil
}

func parseRange(text string) (start, lines int, err error) {
	first, count, found := strings.Cut(text[1:], ",")
	if start, err = strconv.Atoi(first); err != nil || !found {
		return start, 1, err
	}
	lines, err = strconv.Atoi(count)
	return start, lines, err
}
