package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/bot/publish"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
)

// check has the kustodian command write the fixes into folder, a git checkout,
// and counts the lines that git sees changed, those of them that no fix means
// to change, and the overlays that the kustomize command builds otherwise than
// the fixes declare. Then the command is asked again: it has to propose nothing.
func (t *fixTally) check(ctx context.Context, command fixCommandLine, folder string, report *review.Report, out io.Writer) error {
	overlays := map[string]bool{}
	intended := map[string][]fixes.Change{}
	for _, fix := range report.Fixes {
		for _, o := range fix.Proof.Overlays {
			overlays[o.Overlay] = true
		}
		for _, c := range fix.Intent.Changes {
			intended[c.Overlay] = append(intended[c.Overlay], c)
		}
	}
	kustomize, err := peer(ctx, kustomizeCLI)
	if err != nil {
		return err
	}
	before := map[string]fields{}
	for path := range overlays {
		if before[path], err = cliFields(ctx, kustomize, folder, path); err != nil {
			return err
		}
	}
	if _, err := command.run(ctx, folder, "--write"); err != nil {
		return err
	}
	if err := t.compareLines(ctx, folder, report, out); err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(overlays)) {
		after, err := cliFields(ctx, kustomize, folder, path)
		if err != nil {
			return err
		}
		t.built++
		if strange := before[path].strange(after, intended[path]); strange != "" {
			t.beyond++
			fmt.Fprintf(out, "%s: overlay %s changes beyond intent: %s\n", t.repository, path, strange)
		}
	}
	proposed, err := command.run(ctx, folder)
	for line := range strings.Lines(proposed) {
		if strings.HasPrefix(line, "--- ") {
			t.again++
			fmt.Fprintf(out, "%s: proposed again: %s", t.repository, line)
		}
	}
	return err
}

// A fixCommandLine runs kustodian fix with a registry that has every image.
type fixCommandLine struct {
	binary string
	images *images
}

// buildKustodian builds the command from the sources that the benchmark is of.
func buildKustodian(ctx context.Context, folder string) (string, error) {
	binary := filepath.Join(folder, "kustodian")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/kustodian/kustodian/cmd/kustodian")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building kustodian: %w\n%s", err, out)
	}
	return binary, nil
}

// run runs it in a folder and returns what it prints; a finding that has no
// fix is told on stderr and is no error.
func (c fixCommandLine) run(ctx context.Context, folder string, args ...string) (string, error) {
	args = append([]string{"fix", "--cache=false"}, args...)
	for _, host := range c.images.hosts() {
		args = append(args, "--mirror", host+"="+c.images.server.URL)
	}
	cmd := exec.CommandContext(ctx, c.binary, args...)
	cmd.Dir = folder
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("kustodian fix in %s: %w: %s", folder, err, complaint.String())
	}
	return string(out), nil
}

// checkout makes folder a git checkout of what it holds.
func checkout(ctx context.Context, folder string) error {
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A", "-f"}, {"-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-q", "-m", "before"}} {
		if _, err := git(ctx, folder, args...); err != nil {
			return err
		}
	}
	return nil
}

// compareLines compares what git says changed with the lines that the fixes'
// own edits add and take away, and the files with what the report says of them.
func (t *fixTally) compareLines(ctx context.Context, folder string, report *review.Report, out io.Writer) error {
	changed, err := publish.Fixed(report)
	if err != nil {
		return err
	}
	for path, want := range changed {
		got, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
		if err != nil && !(want == nil && errors.Is(err, fs.ErrNotExist)) {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("kustodian fix --write leaves %s otherwise than its own report says", path)
		}
	}
	if _, err := git(ctx, folder, "add", "-A", "-N"); err != nil {
		return err
	}
	stat, err := git(ctx, folder, "diff", "--numstat")
	if err != nil {
		return err
	}
	meant := meantLines(report)
	for line := range strings.Lines(string(stat)) {
		parts := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		if len(parts) != 3 {
			return fmt.Errorf("git says %q", line)
		}
		added, errAdded := strconv.Atoi(parts[0])
		taken, errTaken := strconv.Atoi(parts[1])
		if err := errors.Join(errAdded, errTaken); err != nil {
			return fmt.Errorf("git says %q: %w", line, err)
		}
		t.lines += added + taken
		if more := added + taken - meant[parts[2]]; more > 0 {
			t.extra += more
			fmt.Fprintf(out, "%s: %s changes in %d lines more than its fixes do\n", t.repository, parts[2], more)
		}
	}
	return nil
}

// meantLines are how many lines each file may gain and lose: the lines that the
// splices hold, and those that they replace or stand in.
func meantLines(report *review.Report) map[string]int {
	meant := map[string]int{}
	seen := map[string]bool{}
	for _, fix := range report.Fixes {
		for _, file := range fix.Files {
			if file.Create != nil {
				meant[file.Path] += strings.Count(*file.Create, "\n")
			}
			if file.Delete {
				meant[file.Path] += bytes.Count(fix.Before[file.Path], []byte("\n")) + 1
			}
			for _, s := range file.Splices {
				key := fmt.Sprint(file.Path, s)
				if seen[key] {
					continue
				}
				seen[key] = true
				src := fix.Before[file.Path]
				meant[file.Path] += strings.Count(s.New, "\n") + bytes.Count(src[s.Start:s.End], []byte("\n"))
				if !wholeLines(src, s.Start, s.End, s.New) {
					meant[file.Path] += 2
				}
			}
		}
	}
	return meant
}

// wholeLines reports whether a splice puts whole lines between others. Behind a
// last line without a break it does not: to git that line changes too.
func wholeLines(src []byte, start, end int, text string) bool {
	atStart := (start == 0 || src[start-1] == '\n') && (text == "" || strings.HasSuffix(text, "\n")) && (start == end || src[end-1] == '\n')
	atEnd := end < len(src) && src[end] == '\n' && (text == "" || strings.HasPrefix(text, "\n")) && (start == end || src[start] == '\n')
	return atStart || atEnd
}

func git(ctx context.Context, folder string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = folder
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, complaint.String())
	}
	return out, nil
}

// fields are the scalars of a build, by object and path; list items stand by
// their name where they have one.
type fields map[string]string

// cliFields builds an overlay with the kustomize command. Reading is confined
// to the repository there as here.
func cliFields(ctx context.Context, kustomize, folder, path string) (fields, error) {
	cmd := exec.CommandContext(ctx, kustomize, "build", "--load-restrictor", "LoadRestrictionsNone", filepath.Join(folder, filepath.FromSlash(path)))
	var complaint strings.Builder
	cmd.Stderr = &complaint
	built, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("kustomize build %s: %w: %s", path, err, complaint.String())
	}
	out := fields{}
	for decoder := yaml.NewDecoder(bytes.NewReader(built)); ; {
		var document yaml.Node
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the build of %s: %w", path, err)
		}
		root := document.Content[0]
		object := stable(strings.Join([]string{at(root, "apiVersion"), at(root, "kind"), at(root, "metadata", "namespace"), at(root, "metadata", "name")}, " "))
		out.flatten(object, "", root)
	}
}

// generatedSuffix is the hash that kustomize puts on what it generates.
var generatedSuffix = regexp.MustCompile(`-[2456789bcdfghkmt]{10}$`)

func stable(name string) string { return generatedSuffix.ReplaceAllString(name, "-*") }

func (f fields) flatten(object, path string, node *yaml.Node) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			f.flatten(object, path+"/"+node.Content[i].Value, node.Content[i+1])
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			step := strconv.Itoa(i)
			if name := at(item, "name"); name != "" {
				step = name
			}
			for f[object+path+"/["+step+"]"] != "" {
				step += "'"
			}
			f[object+path+"/["+step+"]"] = "item"
			f.flatten(object, path+"/["+step+"]", item)
		}
	default:
		f[object+path] = node.ShortTag() + " " + stable(node.Value)
	}
}

func at(node *yaml.Node, keys ...string) string {
	for _, key := range keys {
		var next *yaml.Node
		for i := 0; node != nil && node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key {
				next = node.Content[i+1]
			}
		}
		node = next
	}
	if node == nil || node.Kind != yaml.ScalarNode {
		return ""
	}
	return node.Value
}

// strange is the first difference that no change declares, or the first
// declared change without a difference; "" where there is none.
func (f fields) strange(after fields, intended []fixes.Change) string {
	prefixes := map[string]bool{}
	for _, c := range intended {
		prefixes[prefixOf(c)] = false
	}
	differ := func(key string) string {
		for prefix := range prefixes {
			if key == prefix || strings.HasPrefix(key, prefix+"/") {
				prefixes[prefix] = true
				return ""
			}
		}
		return fmt.Sprintf("%s: %q becomes %q", key, f[key], after[key])
	}
	for _, key := range slices.Sorted(maps.Keys(f)) {
		if f[key] != after[key] {
			if strange := differ(key); strange != "" {
				return strange
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if _, was := f[key]; !was {
			if strange := differ(key); strange != "" {
				return strange
			}
		}
	}
	for prefix, seen := range prefixes {
		if !seen {
			return prefix + " does not change"
		}
	}
	return ""
}

// prefixOf is where a change is, as flatten writes it.
func prefixOf(c fixes.Change) string {
	path := strings.Join([]string{c.Object.APIVersion, c.Object.Kind, c.Object.Namespace, c.Object.Name}, " ")
	for _, step := range c.Field {
		if name, ok := strings.CutPrefix(step, "[name="); ok {
			step = "[" + name
		}
		path += "/" + step
	}
	return path
}
