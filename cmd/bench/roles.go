package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/memory"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules/overlay"
)

// What a process of a benchmark does: commands that nobody types.
const (
	engineRole  = "role-engine"
	sourcesRole = "role-sources"
	reviewRole  = "role-review"
)

func roleCommands() []*cobra.Command {
	role := func(name string, run func(ctx context.Context, cmd *cobra.Command, dir string) error) *cobra.Command {
		cmd := &cobra.Command{Use: name + " FOLDER", Hidden: true, Args: cobra.ExactArgs(1)}
		profile := cmd.Flags().String(profileFlag, "", "how the name of a profile begins")
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			return profiled(*profile, func() error { return run(cmd.Context(), cmd, args[0]) })
		}
		return cmd
	}
	engine := role(engineRole, func(_ context.Context, _ *cobra.Command, dir string) error { return buildWithEngine(dir, os.Stdin) })
	var explain bool
	sources := role(sourcesRole, func(ctx context.Context, _ *cobra.Command, dir string) error {
		return buildWithSources(ctx, dir, os.Stdin, explain)
	})
	sources.Flags().BoolVar(&explain, explainFlag, false, "explain what Where leaves open")
	var kept string
	reviewing := role(reviewRole, func(ctx context.Context, cmd *cobra.Command, dir string) error {
		return reviewFolder(ctx, cmd.OutOrStdout(), dir, kept)
	})
	reviewing.Flags().StringVar(&kept, memoryFlag, "", "folder of kept answers")
	return []*cobra.Command{engine, sources, reviewing}
}

// Flags of the roles.
const (
	profileFlag = "profile"
	explainFlag = "explain"
	memoryFlag  = "memory"
)

// profiled runs with a profile of the processor's time, where its file's name
// is to begin with something.
func profiled(prefix string, run func() error) error {
	if prefix == "" {
		return run()
	}
	file, err := os.Create(fmt.Sprintf("%s.%d.cpu", prefix, os.Getpid()))
	if err != nil {
		return fmt.Errorf("making a profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return fmt.Errorf("making a profile: %w", err)
	}
	err = run()
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}

// child is this program in one of its roles.
func child(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, os.Args[0], args...)
}

// buildWithEngine builds the overlays that in names, one a line, with
// kustomize's engine alone.
func buildWithEngine(dir string, in io.Reader) error {
	kustomizer := krusty.MakeKustomizer(&krusty.Options{
		Reorder: krusty.ReorderOptionUnspecified, LoadRestrictions: types.LoadRestrictionsNone, PluginConfig: types.DisabledPluginConfig(),
	})
	for scanner := bufio.NewScanner(in); scanner.Scan(); {
		// A build that fails takes its time too.
		_, _ = kustomizer.Run(filesys.MakeFsOnDisk(), filepath.Join(dir, scanner.Text())) //nolint:errcheck // see above
	}
	return nil
}

// buildWithSources builds the overlays that in names, one a line, as Kustodian
// does in a worker, and asks for the place of every scalar; with explain, by more work where
// that does not say.
func buildWithSources(ctx context.Context, dir string, in io.Reader, explain bool) error {
	debug.SetGCPercent(worker.GarbagePercent)
	tree, err := mirror.OpenFolder(dir)
	if err != nil {
		return err
	}
	snapshot := overlay.Open(tree, overlay.Options{})
	for scanner := bufio.NewScanner(in); scanner.Scan(); {
		build, err := snapshot.Build(ctx, scanner.Text())
		var broken *overlay.BuildError
		if errors.As(err, &broken) {
			continue
		}
		if err != nil {
			return err
		}
		for _, o := range build.Objects {
			for field := range o.Scalars() {
				if _, ok := build.Where(o, field); ok || !explain {
					continue
				}
				if _, err := build.Explain(ctx, o, field); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// reviewFolder reviews a folder as the command does, with the answers that are
// kept in another, and prints the overlays with findings.
func reviewFolder(ctx context.Context, out io.Writer, dir, kept string) error {
	debug.SetGCPercent(worker.GarbagePercent)
	reviewer := review.Reviewer{}
	var fault error
	if kept != "" {
		reviewer.Memory = &memory.Store{Dir: kept, Size: 1 << 30}
		reviewer.Fault = func(err error) { fault = err }
	}
	tree := review.TreeRef{Folder: dir}
	report, err := reviewer.Run(ctx, review.Job{Head: tree, Config: tree})
	if err != nil {
		return err
	}
	with := map[string]bool{}
	for _, f := range report.Findings {
		for _, o := range f.Overlays {
			with[o] = true
		}
	}
	for _, o := range slices.Sorted(maps.Keys(with)) {
		if _, err := fmt.Fprintln(out, o); err != nil {
			return fmt.Errorf("printing overlays: %w", err)
		}
	}
	return fault
}
