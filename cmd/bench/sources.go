package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/testdata/corpus"
	"github.com/kustodian/kustodian/testdata/mutation"
)

func sourcesCommand() *cobra.Command {
	m := sourcesMeasure{}
	cmd := &cobra.Command{
		Use:   "sources [REPOSITORY...]",
		Short: "How many scalars have a source, how many of those are exact, and whether builds follow where exact sources are changed",
		RunE: func(cmd *cobra.Command, asked []string) error {
			names, err := chosen(asked)
			if err != nil {
				return err
			}
			m.out = cmd.OutOrStdout()
			missed := 0
			for _, name := range names {
				n, err := m.corpus(cmd.Context(), name)
				if err != nil {
					return err
				}
				missed += n
			}
			if missed > 0 {
				return fmt.Errorf("%d fields do not follow the source that is said to be exact", missed)
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&m.samples, "samples", 200, "how many sources are changed in each layer and corpus")
	cmd.Flags().Uint64Var(&m.seed, "seed", 7, "which sources are changed")
	cmd.Flags().IntVar(&m.causes, "causes", 0, "how many of the likeliest reasons for a source that is not exact are printed")
	return cmd
}

// sourcesMeasure is what is asked of the benchmark.
type sourcesMeasure struct {
	out             io.Writer
	samples, causes int
	seed            uint64
}

// A lot is a claim with the number that the sample is drawn by.
type lot struct {
	mutation.Claim
	rank uint64
}

// shares are the counts of one corpus.
type shares struct {
	mu                      sync.Mutex
	builds                  int
	scalars, sourced, exact int
	how                     map[string]int
	inexact                 map[string][]string         // cause to examples
	claims                  map[string]map[string][]lot // by layer and by what set it
	explaining              time.Duration
}

// corpus measures one repository, and returns how many sources missed.
func (m sourcesMeasure) corpus(ctx context.Context, name string) (int, error) {
	tree, err := corpus.Read(name)
	if err != nil {
		return 0, err
	}
	files := overlay.Files(tree.Files)
	for link, target := range tree.Links {
		files[link] = overlay.LinkTo + target
	}
	snapshot := overlay.Open(files, overlay.Options{})
	s, err := m.explainAll(ctx, snapshot)
	if err != nil {
		return 0, err
	}
	if s.builds == 0 {
		fmt.Fprintf(m.out, "%s: nothing builds\n\n", name)
		return 0, nil
	}
	percent := func(n int) float64 { return 100 * float64(n) / float64(s.scalars) }
	fmt.Fprintf(m.out, "%s: %d builds, %d scalars, with a source %.3f %%, exact %.3f %%, %s each\n", name, s.builds, s.scalars,
		percent(s.sourced), percent(s.exact), (s.explaining / time.Duration(s.builds)).Round(10*time.Microsecond))
	var missed []string
	table := tabwriter.NewWriter(m.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "layer\tshare\tsampled\tpassed\tmissed\tbreaks\tnot verifiable\t")
	for _, how := range slices.Sorted(maps.Keys(s.how)) {
		sample := draw(s.claims[how], m.samples)
		t, err := try(ctx, snapshot, sample)
		if err != nil {
			return 0, err
		}
		missed = append(missed, t.missed...)
		fmt.Fprintf(table, "%s\t%.2f %%\t%d\t%d\t%d\t%d\t%d\t\n", how, percent(s.how[how]), len(sample),
			t.counts[mutation.Passed], t.counts[mutation.Missed], t.counts[mutation.Broke], t.counts[mutation.Untold])
	}
	if err := table.Flush(); err != nil {
		return 0, err
	}
	m.printCauses(s)
	for _, text := range missed {
		fmt.Fprintln(m.out, "missed:", text)
	}
	_, err = fmt.Fprintln(m.out)
	return len(missed), err
}

func (m sourcesMeasure) printCauses(s *shares) {
	causes := slices.SortedFunc(maps.Keys(s.inexact), func(a, b string) int {
		return cmp.Or(len(s.inexact[b])-len(s.inexact[a]), strings.Compare(a, b))
	})
	for _, cause := range causes[:min(m.causes, len(causes))] {
		fmt.Fprintf(m.out, "%6d not exact: %s, such as %s\n", len(s.inexact[cause]), cause, s.inexact[cause][0])
	}
}

// explainAll asks for the source of every scalar of every overlay.
func (m sourcesMeasure) explainAll(ctx context.Context, snapshot *overlay.Snapshot) (*shares, error) {
	overlays, err := snapshot.Find(ctx)
	if err != nil {
		return nil, err
	}
	s := &shares{how: map[string]int{}, inexact: map[string][]string{}, claims: map[string]map[string][]lot{}}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for _, o := range overlays {
		if o.Component || len(o.Refusals) > 0 {
			continue
		}
		group.Go(func() error {
			build, err := snapshot.Build(ctx, o.Path)
			var broken *overlay.BuildError
			if errors.As(err, &broken) {
				return nil
			}
			if err != nil {
				return err
			}
			start := time.Now()
			lines, err := build.Blame(ctx)
			if err != nil {
				return err
			}
			m.count(s, build, lines, time.Since(start))
			return nil
		})
	}
	return s, group.Wait()
}

// count adds one build. Of each layer, and in it of each thing that sets
// fields, it keeps as many claims as may be sampled.
func (m sourcesMeasure) count(s *shares, build *overlay.Build, lines []overlay.BlameLine, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.builds++
	s.explaining += took
	for _, line := range lines {
		s.scalars++
		s.how[line.Source.How]++
		if line.Source.Path != "" {
			s.sourced++
		}
		if line.Source.Exact {
			s.exact++
			continue
		}
		cause := fmt.Sprintf("%s by %s of %s", line.Source.How, line.Source.By, shortened(line.Field))
		s.inexact[cause] = append(s.inexact[cause], fmt.Sprintf("%s: %s %s = %.60q (%s)", build.Overlay, line.Object, line.Field, line.Value, line.Source))
	}
	for _, c := range mutation.Claims(build, lines) {
		s.keep(lot{c, m.rank(c)}, m.samples)
	}
}

// keep keeps a claim if it is among the first n of its sort.
func (s *shares) keep(l lot, n int) {
	layer := s.claims[l.Source.How]
	if layer == nil {
		layer = map[string][]lot{}
		s.claims[l.Source.How] = layer
	}
	kept := layer[l.Source.By]
	at, _ := slices.BinarySearchFunc(kept, l.rank, func(l lot, rank uint64) int { return cmp.Compare(l.rank, rank) })
	if at < n {
		kept = slices.Insert(kept, at, l)
		layer[l.Source.By] = kept[:min(len(kept), n)]
	}
}

// rank draws a claim's lot: the same for the same seed, whatever the order of
// the builds.
func (m sourcesMeasure) rank(c mutation.Claim) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, m.seed, c.Overlay, "\x00", c.Object, "\x00", c.Scalar)
	return h.Sum64()
}

// shortened is a field as far as it tells one cause from another.
func shortened(field overlay.Field) string {
	steps := make([]string, 0, len(field))
	for _, step := range field {
		if overlay.IsItem(step) {
			step = "[]"
		}
		steps = append(steps, step)
	}
	if len(steps) > 4 {
		steps = append([]string{"…"}, steps[len(steps)-3:]...)
	}
	if len(steps) > 0 && steps[0] == "metadata" && len(steps) > 2 || len(steps) > 0 && (steps[0] == "data" || steps[0] == "stringData") {
		steps = append(steps[:len(steps)-1], "*")
	}
	return strings.Join(steps, ".")
}

// draw takes a sample of one layer, by turns of each thing that sets fields.
func draw(layer map[string][]lot, n int) []mutation.Claim {
	var sample []mutation.Claim
	sorts := slices.Sorted(maps.Keys(layer))
	for turn := 0; len(sample) < n; turn++ {
		before := len(sample)
		for _, by := range sorts {
			if turn < len(layer[by]) && len(sample) < n {
				sample = append(sample, layer[by][turn].Claim)
			}
		}
		if len(sample) == before {
			break
		}
	}
	return sample
}

// tested is what became of a sample.
type tested struct {
	counts map[mutation.Outcome]int
	missed []string
}

// try puts a sample to the test, one change and one build at a time.
func try(ctx context.Context, snapshot *overlay.Snapshot, sample []mutation.Claim) (*tested, error) {
	t := &tested{counts: map[mutation.Outcome]int{}}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for _, c := range sample {
		group.Go(func() error {
			outcome, err := c.Try(ctx, snapshot)
			if err != nil && outcome != mutation.Missed {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			t.counts[outcome]++
			if err != nil {
				t.missed = append(t.missed, err.Error())
			}
			return nil
		})
	}
	err := group.Wait()
	slices.Sort(t.missed)
	return t, err
}
