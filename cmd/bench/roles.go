package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/memory"
	"github.com/kustodian/kustodian/rules/overlay"
)

// What a process of a benchmark does: commands that nobody types.
const (
	engineRole  = "role-engine"
	sourcesRole = "role-sources"
	reviewRole  = "role-review"
)

func roleCommands() []*cobra.Command {
	role := func(name string, run func(context.Context, string) error) *cobra.Command {
		return &cobra.Command{Use: name + " FOLDER", Hidden: true, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			return run(cmd.Context(), args[0])
		}}
	}
	return []*cobra.Command{
		role(engineRole, func(_ context.Context, dir string) error { return buildWithEngine(dir, os.Stdin) }),
		role(sourcesRole, func(ctx context.Context, dir string) error { return buildWithSources(ctx, dir, os.Stdin) }),
		reviewCommand(),
	}
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
// does, and asks for the place of every scalar.
func buildWithSources(ctx context.Context, dir string, in io.Reader) error {
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
				build.Where(o, field)
			}
		}
	}
	return nil
}

func reviewCommand() *cobra.Command {
	cmd := &cobra.Command{Use: reviewRole + " FOLDER", Hidden: true, Args: cobra.ExactArgs(1)}
	kept := cmd.Flags().String("memory", "", "folder of kept answers")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return reviewFolder(cmd.Context(), args[0], *kept) }
	return cmd
}

// reviewFolder reviews a folder, with the answers that are kept in another.
func reviewFolder(ctx context.Context, dir, kept string) error {
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
	fmt.Println(len(report.Overlays), "overlays,", len(report.Findings), "findings")
	return fault
}
