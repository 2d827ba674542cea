package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
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
	cmd.Flags().StringVar(&m.profiles, "profile", "", "folder for profiles of each mode's processor time, from a round more; "+
		"a review's workers may write nothing, and builds with sources stand for them")
	return cmd
}

// buildMeasure is one run of the benchmark.
type buildMeasure struct {
	out       io.Writer
	rounds    int
	profiles  string // folder for profiles, "" for none
	kustomize string
}

func (m buildMeasure) run(ctx context.Context, asked []string) error {
	names, err := chosen(asked)
	if err != nil {
		return err
	}
	if m.profiles != "" {
		if err := os.MkdirAll(m.profiles, 0o755); err != nil {
			return fmt.Errorf("making a folder for profiles: %w", err)
		}
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
	found      []string // those of them with findings
	shared     string   // a file that several roots read, which is changed
	profile    string   // how the names of profiles begin, "" for none
}

// A mode is one way to build the overlays of a stage.
type mode struct {
	name  string
	roots bool // builds the roots only
	found bool // builds the overlays with findings only
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
	if err := m.profile(ctx, name, s, modes); err != nil {
		return err
	}
	return m.print(name, s, modes, least)
}

// profile runs each mode once more, which a profile slows down.
func (m buildMeasure) profile(ctx context.Context, name string, s *stage, modes []mode) error {
	if m.profiles == "" {
		return nil
	}
	for i, mode := range modes {
		s.profile = filepath.Join(m.profiles, fmt.Sprintf("%s-%d-%s", name, i, strings.Join(strings.FieldsFunc(mode.name, notWord), "-")))
		if _, err := mode.run(ctx); err != nil {
			return fmt.Errorf("profiling %s: %w", mode.name, err)
		}
	}
	return nil
}

func notWord(r rune) bool { return r == ' ' || r == ',' || r == '\'' }

func (m buildMeasure) modes(s *stage) []mode {
	return []mode{
		{name: commandMode, run: func(ctx context.Context) (cost, error) { return m.command(ctx, s, s.overlays) }},
		{name: commandRootsMode, roots: true, run: func(ctx context.Context) (cost, error) { return m.command(ctx, s, s.roots) }},
		{name: engineMode, run: func(ctx context.Context) (cost, error) { return engine(ctx, s, s.overlays) }},
		{name: "Kustodian's builds with sources, 1 process", run: func(ctx context.Context) (cost, error) { return sources(ctx, s, s.overlays, 1) }},
		{name: "Kustodian's builds with sources, 2 processes", run: func(ctx context.Context) (cost, error) { return sources(ctx, s, s.overlays, 2) }},
		{name: engineFoundMode, found: true, run: func(ctx context.Context) (cost, error) { return engine(ctx, s, s.found) }},
		{name: "Kustodian's builds of those, with sources", found: true, run: func(ctx context.Context) (cost, error) { return sources(ctx, s, s.found, 1) }},
		{name: "the same, with Explain of what Where leaves open", found: true, run: func(ctx context.Context) (cost, error) {
			return sources(ctx, s, s.found, 1, "--"+explainFlag)
		}},
		{name: "a review with rules and Explain, cold", roots: true, run: func(ctx context.Context) (cost, error) { return reviewed(ctx, s) }},
		{name: "the same review, keeping its answers", roots: true, run: func(ctx context.Context) (cost, error) { return kept(ctx, s) }},
		{name: "the same, nothing changed", roots: true, run: func(ctx context.Context) (cost, error) { return reviewed(ctx, s, "--"+memoryFlag, s.cache) }},
		{name: "the same, one file changed", roots: true, run: func(ctx context.Context) (cost, error) { return changed(ctx, s) }},
	}
}

const (
	commandMode      = "kustomize, a process each"
	commandRootsMode = "kustomize, a process each, roots"
	engineMode       = "kustomize's engine, in one process"
	engineFoundMode  = "the engine, overlays with findings"
)

func (m buildMeasure) print(name string, s *stage, modes []mode, least map[string]cost) error {
	fmt.Fprintf(m.out, "%s: %d overlays, %d of them roots, %d of those with findings\n", name, len(s.overlays), len(s.roots), len(s.found))
	table := tabwriter.NewWriter(m.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\twall s\tCPU s\tof the command's wall\tof its CPU\tof the engine's CPU\tpeak MiB\t") //nolint:errcheck // Flush tells
	for _, mode := range modes {
		c, command, roots, engine := least[mode.name], least[commandMode], least[commandRootsMode], least[engineMode]
		ofWall, ofCPU, ofEngine := ratio(c.wall, command.wall), ratio(c.cpu, command.cpu), ratio(c.cpu, engine.cpu)
		switch {
		case mode.roots:
			ofWall, ofCPU, ofEngine = ratio(c.wall, roots.wall), ratio(c.cpu, roots.cpu), ""
		case mode.found:
			ofWall, ofCPU, ofEngine = "", "", ratio(c.cpu, least[engineFoundMode].cpu)
		}
		fmt.Fprintf(table, "%s\t%.2f\t%.2f\t%s\t%s\t%s\t%d\t\n", mode.name, c.wall, c.cpu, ofWall, ofCPU, ofEngine, c.memory>>20) //nolint:errcheck // Flush tells
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	_, err := fmt.Fprintln(m.out)
	return err
}

func ratio(a, b float64) string { return fmt.Sprintf("%.3f", a/b) }

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
	if s.found, err = s.withFindings(ctx); err != nil {
		return nil, err
	}
	for file, n := range readers {
		_, err := os.Stat(filepath.Join(dir, file))
		if err == nil && n <= 5 && (n > readers[s.shared] || n == readers[s.shared] && file < s.shared) {
			s.shared = file
		}
	}
	return s, nil
}

// withFindings are the roots in which a review finds something.
func (s *stage) withFindings(ctx context.Context) ([]string, error) {
	out, err := s.child(ctx, reviewRole).Output()
	if err != nil {
		return nil, fmt.Errorf("finding overlays with findings: %w", err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(o string) bool { return !slices.Contains(s.roots, o) }), nil
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
func engine(ctx context.Context, s *stage, overlays []string) (cost, error) {
	return measured(ctx, s.child(ctx, engineRole), lines(overlays))
}

// sources lets processes of Kustodian build the overlays, and ask for the
// place of every scalar. Each takes neighbours, as a job's workers do.
func sources(ctx context.Context, s *stage, overlays []string, n int, flags ...string) (cost, error) {
	var parts [][]string
	for part := range slices.Chunk(overlays, max((len(overlays)+n-1)/n, 1)) {
		parts = append(parts, part)
	}
	return together(parts, func(part []string) (cost, error) {
		return measured(ctx, s.child(ctx, sourcesRole, flags...), lines(part))
	})
}

// child is this program in one of its roles, over the stage's folder.
func (s *stage) child(ctx context.Context, role string, flags ...string) *exec.Cmd {
	if s.profile != "" {
		flags = append(flags, "--"+profileFlag, s.profile)
	}
	return child(ctx, append([]string{role, s.dir}, flags...)...)
}

// reviewed lets a process and its workers review the whole folder.
func reviewed(ctx context.Context, s *stage, args ...string) (cost, error) {
	return measured(ctx, s.child(ctx, reviewRole, args...), nil)
}

// kept reviews the folder with a memory that is empty.
func kept(ctx context.Context, s *stage) (cost, error) {
	if err := os.RemoveAll(s.cache); err != nil {
		return cost{}, fmt.Errorf("emptying the memory: %w", err)
	}
	return reviewed(ctx, s, "--"+memoryFlag, s.cache)
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
	return reviewed(ctx, s, "--"+memoryFlag, s.cache)
}

func lines(overlays []string) io.Reader { return strings.NewReader(strings.Join(overlays, "\n")) }
