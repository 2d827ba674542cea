package publish

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"

	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
)

// A fileDiff is a file before and after fixes; nil is a file that is not there.
type fileDiff struct {
	path          string
	before, after []byte
}

// Diff writes all fixes of the report as one unified diff that `git apply`
// takes, files by path. It returns an error where two fixes change the same
// bytes, and those of w.
func Diff(w io.Writer, report *review.Report) error {
	changed, err := applied(report.Fixes)
	if err != nil {
		return err
	}
	for _, file := range changed {
		if _, err := io.WriteString(w, file.unified()); err != nil {
			return err
		}
	}
	return nil
}

// Fixed returns the files as all fixes of the report leave them, by path; nil
// is a file that goes. It returns an error where two fixes change the same bytes.
func Fixed(report *review.Report) (map[string][]byte, error) {
	changed, err := applied(report.Fixes)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, file := range changed {
		out[file.path] = file.after
	}
	return out, nil
}

func writeDiff(w io.Writer, report *review.Report, _ Options) error { return Diff(w, report) }

// applied are the files as all of the fixes leave them, by path.
func applied(proved []review.ProvedFix) ([]fileDiff, error) {
	before := map[string][]byte{}
	all := make([]fixes.Fix, len(proved))
	for i, fix := range proved {
		all[i] = fix.Fix
		maps.Copy(before, fix.Before)
	}
	after, err := fixes.Apply(func(path string) ([]byte, error) {
		if src := before[path]; src != nil {
			return src, nil
		}
		return nil, &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
	}, all)
	if err != nil {
		return nil, fmt.Errorf("applying fixes: %w", err)
	}
	var out []fileDiff
	for _, path := range slices.Sorted(maps.Keys(after)) {
		out = append(out, fileDiff{path: path, before: before[path], after: after[path]})
	}
	return out, nil
}

// unified is the file's part of a diff in git's format, "" where nothing changed.
func (f fileDiff) unified() string {
	if string(f.before) == string(f.after) && (f.before == nil) == (f.after == nil) {
		return ""
	}
	from, to := gitName("a/"+f.path), gitName("b/"+f.path)
	header := "diff --git " + from + " " + to + "\n"
	if f.before == nil {
		header, from = header+"new file mode 100644\n", "/dev/null"
	}
	if f.after == nil {
		header, to = header+"deleted file mode 100644\n", "/dev/null"
	}
	return header + udiff.Unified(fileLine(from), fileLine(to), string(f.before), string(f.after))
}

// gitName is a path as git writes it in a header: quoted where it holds more
// than printable ASCII.
func gitName(p string) string {
	plain := func(r rune) bool { return r >= ' ' && r < 0x7f && r != '"' && r != '\\' }
	if strings.IndexFunc(p, func(r rune) bool { return !plain(r) }) < 0 {
		return p
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(p) {
		switch c := p[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case plain(rune(c)):
			b.WriteByte(c)
		default: // three octal digits
			b.WriteString(`\` + strconv.FormatInt(int64(c)+01000, 8)[1:])
		}
	}
	b.WriteByte('"')
	return b.String()
}

// fileLine ends a name that holds a space with a tab, which tells where it ends.
func fileLine(name string) string {
	if strings.Contains(name, " ") && !strings.HasPrefix(name, `"`) {
		return name + "\t"
	}
	return name
}
