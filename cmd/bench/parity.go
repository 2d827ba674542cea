package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/testdata/corpus"
)

func parityCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "parity [REPOSITORY...]",
		Short: "Compare every build with the kustomize command's, byte by byte",
		RunE: func(cmd *cobra.Command, asked []string) error {
			return parity(cmd.Context(), cmd.OutOrStdout(), asked)
		},
	}
}

// A tally counts the kustomizations of one repository by how their builds compare.
type tally struct{ kustomizations, built, equal, failed, different int }

func (t *tally) add(other tally) {
	t.kustomizations += other.kustomizations
	t.built += other.built
	t.equal += other.equal
	t.failed += other.failed
	t.different += other.different
}

// parity builds every kustomization, components too, as Kustodian does and with
// the kustomize command, and prints how they compare.
func parity(ctx context.Context, out io.Writer, asked []string) error {
	names, err := chosen(asked)
	if err != nil {
		return err
	}
	kustomize, err := peer(ctx, kustomizeCLI)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "repository\tkustomizations\tbuilt\tequal\tboth fail\tdifferent\t") //nolint:errcheck // Flush tells
	var sum tally
	var differences []string
	for _, name := range names {
		counted, differ, err := parityOf(ctx, kustomize, name)
		if err != nil {
			return fmt.Errorf("comparing the builds of %s: %w", name, err)
		}
		sum.add(counted)
		differences = append(differences, differ...)
		printTally(table, name, counted)
	}
	printTally(table, "all", sum)
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	for _, difference := range differences {
		if _, err := fmt.Fprintln(out, difference); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
	if sum.different > 0 {
		return fmt.Errorf("%d builds differ", sum.different)
	}
	return nil
}

func printTally(table io.Writer, name string, t tally) {
	fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t\n", name, t.kustomizations, t.built, t.equal, t.failed, t.different) //nolint:errcheck // Flush tells
}

// parityOf compares the builds of one repository, and tells the differences.
func parityOf(ctx context.Context, kustomize, name string) (tally, []string, error) {
	dir, tree, err := unpacked(name)
	if err != nil {
		return tally{}, nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	opened, err := mirror.OpenFolder(dir)
	if err != nil {
		return tally{}, nil, err
	}
	snapshot := overlay.Open(opened, overlay.Options{})
	folders := kustomizations(tree)
	counts := make([]tally, len(folders))
	told := make([]string, len(folders))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, folder := range folders {
		group.Go(func() error {
			var err error
			counts[i], told[i], err = compareBuild(ctx, snapshot, kustomize, dir, folder)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return tally{}, nil, err
	}
	var sum tally
	for i, counted := range counts {
		sum.add(counted)
		if told[i] != "" {
			told[i] = path.Join(name, folders[i]) + ": " + told[i]
		}
	}
	return sum, slices.DeleteFunc(told, func(s string) bool { return s == "" }), nil
}

// compareBuild builds one folder both ways. An error is of the benchmark, not
// of a build.
func compareBuild(ctx context.Context, snapshot *overlay.Snapshot, kustomize, dir, folder string) (tally, string, error) {
	ours, ourErr := printed(ctx, snapshot, folder)
	if ctx.Err() != nil {
		return tally{}, "", ctx.Err()
	}
	theirs, theirErr, err := kustomizeBuild(ctx, kustomize, filepath.Join(dir, folder))
	if err != nil {
		return tally{}, "", err
	}
	switch {
	case ourErr != nil && theirErr != nil:
		return tally{kustomizations: 1, failed: 1}, "", nil
	case ourErr != nil:
		return tally{kustomizations: 1, different: 1}, "kustomize builds it, Kustodian does not: " + ourErr.Error(), nil
	case theirErr != nil:
		return tally{kustomizations: 1, built: 1, different: 1}, "Kustodian builds it, kustomize does not: " + theirErr.Error(), nil
	case !bytes.Equal(ours, theirs):
		return tally{kustomizations: 1, built: 1, different: 1}, firstDifference(ours, theirs), nil
	}
	return tally{kustomizations: 1, built: 1, equal: 1}, "", nil
}

func printed(ctx context.Context, snapshot *overlay.Snapshot, folder string) ([]byte, error) {
	build, err := snapshot.Build(ctx, folder)
	if err != nil {
		return nil, err
	}
	return build.YAML()
}

// kustomizeBuild runs the kustomize command on a folder. buildErr is its own
// answer, err that it could not be run.
func kustomizeBuild(ctx context.Context, kustomize, dir string) (text []byte, buildErr, err error) {
	var stdout, stderr bytes.Buffer
	command := kustomizeCommand(ctx, kustomize, dir)
	command.Stdout, command.Stderr = &stdout, &stderr
	err = command.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case errors.As(err, &exit):
		return nil, errors.New(strings.TrimSpace(stderr.String())), nil
	case err != nil:
		return nil, nil, fmt.Errorf("running %s: %w", kustomize, err)
	}
	return stdout.Bytes(), nil, nil
}

// kustomizeCommand is the kustomize command on a folder, as free in what it may
// read as Kustodian is, and with nothing to fetch with.
func kustomizeCommand(ctx context.Context, kustomize, dir string) *exec.Cmd {
	command := exec.CommandContext(ctx, kustomize, "build", "--load-restrictor", "LoadRestrictionsNone", dir)
	command.Env = []string{"HOME=" + os.TempDir(), "PATH=", "HTTP_PROXY=" + closedPort, "HTTPS_PROXY=" + closedPort}
	return command
}

// closedPort is where nothing listens: what the kustomize command would fetch
// fails at once, as it does with Kustodian.
const closedPort = "http://127.0.0.1:1"

// firstDifference tells the first line that differs.
func firstDifference(ours, theirs []byte) string {
	a, b := strings.Split(string(ours), "\n"), strings.Split(string(theirs), "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("line %d: Kustodian %q, kustomize %q", i+1, nth(a, i), nth(b, i))
		}
	}
	return "equal"
}

func nth(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

// unpacked writes a repository of the corpus to a temporary folder.
func unpacked(name string) (string, *corpus.Tree, error) {
	tree, err := corpus.Read(name)
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "kustodian-bench-")
	if err != nil {
		return "", nil, fmt.Errorf("making a folder for %s: %w", name, err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", nil, fmt.Errorf("finding the folder for %s: %w", name, err)
	}
	if err := tree.Write(dir); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, tree, nil
}

// kustomizations are the folders of a repository with a kustomization, sorted:
// found by name alone, so that what Kustodian does not find is missed.
func kustomizations(tree *corpus.Tree) []string {
	folders := map[string]bool{}
	note := func(name string) {
		if slices.Contains([]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}, path.Base(name)) {
			folders[path.Dir(name)] = true
		}
	}
	for name := range tree.Files {
		note(name)
	}
	for name := range tree.Links {
		note(name)
	}
	return slices.Sorted(maps.Keys(folders))
}
