package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/rules/overlay"
)

func buildCommand() *cobra.Command {
	m := buildMeasure{}
	cmd := &cobra.Command{
		Use:   "build [REPOSITORY...]",
		Short: "Compare the time and memory of builds with kustomize's",
		Long: "Each figure is the least of all rounds, whose modes take turns. A mode runs in processes of its own, " +
			"and is compared with the kustomize command over the same overlays: those that both can build, " +
			"and for a whole review those of them that nothing else refers to.",
		RunE: func(cmd *cobra.Command, asked []string) error {
			if len(asked) == 0 {
				asked = []string{"redhat-cop+gitops-catalog", "redhat-na-ssa+demo-ai-gitops-catalog"}
			}
			m.out = cmd.OutOrStdout()
			return m.run(cmd.Context(), asked)
		},
	}
	cmd.Flags().IntVar(&m.rounds, "rounds", 3, "how often each mode is run")
	return cmd
}

// buildMeasure is one run of the benchmark.
type buildMeasure struct {
	out       io.Writer
	rounds    int
	kustomize string
}

func (m buildMeasure) run(ctx context.Context, asked []string) error {
	names, err := chosen(asked)
	if err != nil {
		return err
	}
	if m.kustomize, err = peer(ctx, kustomizeCLI); err != nil {
		return err
	}
	for _, name := range names {
		if err := m.repository(ctx, name); err != nil {
			return fmt.Errorf("measuring builds of %s: %w", name, err)
		}
	}
	return nil
}

// A stage is one repository to build.
type stage struct {
	dir, cache string
	overlays   []string // that both can build
	roots      []string // those of them that a review builds
	shared     string   // a file that several roots read, which is changed
}

// A mode is one way to build the overlays of a stage.
type mode struct {
	name  string
	roots bool // builds the roots only
	run   func(context.Context) (cost, error)
}

// repository measures one repository and prints its table.
func (m buildMeasure) repository(ctx context.Context, name string) error {
	s, err := m.stage(ctx, name)
	if err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)   //nolint:errcheck // a temporary folder
	defer os.RemoveAll(s.cache) //nolint:errcheck // a temporary folder
	least := map[string]cost{}
	modes := m.modes(s)
	for range m.rounds {
		for _, mode := range modes {
			c, err := mode.run(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", mode.name, err)
			}
			least[mode.name] = least[mode.name].least(c)
		}
	}
	return m.print(name, s, modes, least)
}

func (m buildMeasure) modes(s *stage) []mode {
	return []mode{
		{name: commandMode, run: func(ctx context.Context) (cost, error) { return m.command(ctx, s, s.overlays) }},
		{name: commandRootsMode, roots: true, run: func(ctx context.Context) (cost, error) { return m.command(ctx, s, s.roots) }},
		{name: engineMode, run: func(ctx context.Context) (cost, error) { return engine(ctx, s) }},
		{name: "Kustodian's builds with sources, 1 process", run: func(ctx context.Context) (cost, error) { return sources(ctx, s, 1) }},
		{name: "Kustodian's builds with sources, 2 processes", run: func(ctx context.Context) (cost, error) { return sources(ctx, s, 2) }},
		{name: "a review with rules and Explain, cold", roots: true, run: func(ctx context.Context) (cost, error) { return reviewed(ctx, s) }},
		{name: "the same, keeping its answers", roots: true, run: func(ctx context.Context) (cost, error) { return kept(ctx, s) }},
		{name: "the same, nothing changed", roots: true, run: func(ctx context.Context) (cost, error) { return reviewed(ctx, s, "--memory", s.cache) }},
		{name: "the same, one file changed", roots: true, run: func(ctx context.Context) (cost, error) { return changed(ctx, s) }},
	}
}

const (
	commandMode      = "kustomize, a process each"
	commandRootsMode = "kustomize, a process each, roots"
	engineMode       = "kustomize's engine, in one process"
)

func (m buildMeasure) print(name string, s *stage, modes []mode, least map[string]cost) error {
	fmt.Fprintf(m.out, "%s: %d overlays, %d of them roots\n", name, len(s.overlays), len(s.roots))
	table := tabwriter.NewWriter(m.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\twall s\tCPU s\tof the command's wall\tof its CPU\tof the engine's CPU\tpeak MiB\t") //nolint:errcheck // Flush tells
	for _, mode := range modes {
		c, command, engine := least[mode.name], least[commandMode], least[engineMode]
		ofEngine := fmt.Sprintf("%.2f", c.cpu/engine.cpu)
		if mode.roots {
			command, ofEngine = least[commandRootsMode], ""
		}
		fmt.Fprintf(table, "%s\t%.2f\t%.2f\t%.3f\t%.3f\t%s\t%d\t\n", mode.name, //nolint:errcheck // Flush tells
			c.wall, c.cpu, c.wall/command.wall, c.cpu/command.cpu, ofEngine, c.memory>>20)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	_, err := fmt.Fprintln(m.out)
	return err
}

// stage unpacks a repository and finds what both can build.
func (m buildMeasure) stage(ctx context.Context, name string) (*stage, error) {
	dir, _, err := unpacked(name)
	if err != nil {
		return nil, err
	}
	s := &stage{dir: dir}
	if s.cache, err = os.MkdirTemp("", "kustodian-bench-"); err != nil {
		return nil, fmt.Errorf("making a folder for the cache: %w", err)
	}
	tree, err := mirror.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	found, err := overlay.Open(tree, overlay.Options{}).Find(ctx)
	if err != nil {
		return nil, err
	}
	readers := map[string]int{}
	for _, o := range found {
		if o.Component || len(o.Refusals) > 0 {
			continue
		}
		s.overlays = append(s.overlays, o.Path)
		if !o.Root {
			continue
		}
		s.roots = append(s.roots, o.Path)
		for _, read := range o.Reads {
			if strings.HasSuffix(read, ".yaml") && !strings.HasPrefix(path.Base(read), "kustomization") {
				readers[read]++
			}
		}
	}
	for file, n := range readers {
		_, err := os.Stat(filepath.Join(dir, file))
		if err == nil && n <= 5 && (n > readers[s.shared] || n == readers[s.shared] && file < s.shared) {
			s.shared = file
		}
	}
	return s, nil
}

// command runs the kustomize command, once for each overlay.
func (m buildMeasure) command(ctx context.Context, s *stage, overlays []string) (cost, error) {
	var sum cost
	for _, o := range overlays {
		c, err := once(kustomizeCommand(ctx, m.kustomize, filepath.Join(s.dir, o)))
		if err != nil {
			return cost{}, err
		}
		sum = sum.then(c)
	}
	return sum, nil
}

// engine lets one process build the overlays with kustomize's engine, from the
// disk and without printing what it builds.
func engine(ctx context.Context, s *stage) (cost, error) {
	return measured(ctx, child(ctx, engineRole, s.dir), lines(s.overlays))
}

// sources lets processes of Kustodian build the overlays, and ask for the
// place of every scalar. Each takes every n-th run of neighbours, as a job's
// workers share them.
func sources(ctx context.Context, s *stage, n int) (cost, error) {
	parts := make([][]string, n)
	i := 0
	for run := range slices.Chunk(s.overlays, 8) {
		parts[i%n] = append(parts[i%n], run...)
		i++
	}
	return together(parts, func(part []string) (cost, error) {
		return measured(ctx, child(ctx, sourcesRole, s.dir), lines(part))
	})
}

// reviewed lets a process and its workers review the whole folder.
func reviewed(ctx context.Context, s *stage, args ...string) (cost, error) {
	return measured(ctx, child(ctx, append([]string{reviewRole, s.dir}, args...)...), nil)
}

// kept reviews the folder with a memory that is empty.
func kept(ctx context.Context, s *stage) (cost, error) {
	if err := os.RemoveAll(s.cache); err != nil {
		return cost{}, fmt.Errorf("emptying the memory: %w", err)
	}
	return reviewed(ctx, s, "--memory", s.cache)
}

// changed reviews the folder after a line was added to one file.
func changed(ctx context.Context, s *stage) (cost, error) {
	file, err := os.OpenFile(filepath.Join(s.dir, s.shared), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return cost{}, fmt.Errorf("changing a file: %w", err)
	}
	_, err = file.WriteString("\n# changed\n")
	if err = errors.Join(err, file.Close()); err != nil {
		return cost{}, fmt.Errorf("changing %s: %w", s.shared, err)
	}
	return reviewed(ctx, s, "--memory", s.cache)
}

func lines(overlays []string) io.Reader { return strings.NewReader(strings.Join(overlays, "\n")) }
