package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/testdata/corpus"
)

// startingValues is a configuration as a repository that wants fixes has it:
// with numbers for containers about which nothing else is known, and the version
// that the fixes may count on.
const startingValues = `version: 1
cluster: {version: "1.34"}
fix:
  startingResources: {requests: {cpu: 100m, memory: 128Mi}}
`

func fixesCommand() *cobra.Command {
	var list, write bool
	cmd := &cobra.Command{
		Use:   "fixes [REPOSITORY...]",
		Short: "Plan and prove a fix of every finding that has a recipe",
		Long: `Plans and proves a fix of every finding of the rules that have one, against a registry
on loopback that has every image. Then "kustodian fix --write" writes them in a git checkout;
git's own diff is compared with the lines that the fixes mean to change, every overlay is
built with the kustomize command before and after to look for changes that no fix declared,
and a second run has to propose nothing.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := chosen(args)
			if err != nil {
				return err
			}
			return benchFixes(cmd.Context(), cmd.OutOrStdout(), names, list, write)
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "print every finding without a fix")
	cmd.Flags().BoolVar(&write, "build", true, "have the kustodian command write the fixes, and build with the kustomize command")
	return cmd
}

// A fixTally counts what became of the findings of one repository.
type fixTally struct {
	repository                         string
	findings, planned, proved, refused int
	lines, extra, built, beyond, again int
	reasons                            map[fixes.Reason]int
	examples                           map[fixes.Reason]string
	rules                              map[string][2]int // proved, all
	took                               time.Duration
}

func benchFixes(ctx context.Context, out io.Writer, names []string, list, write bool) error {
	images, err := openImages()
	if err != nil {
		return err
	}
	defer images.Close()
	folder, err := os.MkdirTemp("", "kustodian-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // what stays is in the folder for temporary files
	command := fixCommandLine{images: images}
	if write {
		if command.binary, err = buildKustodian(ctx, folder); err != nil {
			return err
		}
	}
	total := fixTally{repository: "all", reasons: map[fixes.Reason]int{}, examples: map[fixes.Reason]string{}, rules: map[string][2]int{}}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "repository\tfindings\tplanned\tproved\trefused\tshare\tlines\textra\tbuilt\tbeyond\tagain\ttime")
	for _, name := range names {
		tally, err := fixOne(ctx, command, filepath.Join(folder, name), name, list, out)
		if err != nil {
			return fmt.Errorf("fixing %s: %w", name, err)
		}
		tally.print(table)
		if err := table.Flush(); err != nil {
			return err
		}
		total.add(tally)
	}
	total.print(table)
	if err := table.Flush(); err != nil {
		return err
	}
	return total.printReasons(out)
}

func (t *fixTally) print(w io.Writer) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%.1f %%\t%d\t%d\t%d\t%d\t%d\t%s\n", t.repository, t.findings, t.planned, t.proved, t.refused,
		share(t.proved, t.findings), t.lines, t.extra, t.built, t.beyond, t.again, t.took.Round(time.Second/10))
}

func (t *fixTally) add(other *fixTally) {
	t.findings += other.findings
	t.planned += other.planned
	t.proved += other.proved
	t.refused += other.refused
	t.lines += other.lines
	t.extra += other.extra
	t.built += other.built
	t.beyond += other.beyond
	t.again += other.again
	t.took += other.took
	for reason, n := range other.reasons {
		t.reasons[reason] += n
		t.examples[reason] = cmp.Or(t.examples[reason], other.repository+" "+other.examples[reason])
	}
	for rule, n := range other.rules {
		t.rules[rule] = [2]int{t.rules[rule][0] + n[0], t.rules[rule][1] + n[1]}
	}
}

// printReasons prints how many findings each rule has and fixes, and how many
// each reason left without a fix, with one of them.
func (t *fixTally) printReasons(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nrule\tproved\tof")
	for _, rule := range slices.Sorted(maps.Keys(t.rules)) {
		fmt.Fprintf(table, "%s\t%d\t%d\n", rule, t.rules[rule][0], t.rules[rule][1])
	}
	fmt.Fprintln(table, "\nreason\tfindings\tmeans")
	right := t.proved
	for _, reason := range slices.Sorted(maps.Keys(t.reasons)) {
		means := fixes.Explain(reason).Means
		if means != "" && !slices.Contains(shortcomings, reason) {
			right += t.reasons[reason]
		}
		fmt.Fprintf(table, "%s\t%d\t%s\n\t\tsuch as %s\n", reason, t.reasons[reason], cmp.Or(means, "NO REASON OF THE SET"), t.examples[reason])
	}
	fmt.Fprintf(table, "\nof %d findings\tfixed\t%d\t%.1f %%\n", t.findings, t.proved, share(t.proved, t.findings))
	fmt.Fprintf(table, "\tfixed, or refused for what no edit of ours may change\t%d\t%.1f %%\n", right, share(right, t.findings))
	return table.Flush()
}

// shortcomings are the reasons for which a better plan might still find a fix;
// the others say that the owner, another tool, the API server or this machine
// stands in the way.
var shortcomings = []fixes.Reason{
	fixes.ReasonNoProof, fixes.ReasonConflict, fixes.ReasonNotPlaced, fixes.ReasonText, fixes.ReasonShared, fixes.ReasonSpreads,
}

func share(part, all int) float64 {
	if all == 0 {
		return 100
	}
	return 100 * float64(part) / float64(all)
}

// fixOne fixes one repository in a folder of its own.
func fixOne(ctx context.Context, command fixCommandLine, folder, name string, list bool, out io.Writer) (*fixTally, error) {
	tree, err := corpus.Read(name)
	if err != nil {
		return nil, err
	}
	err = errors.Join(os.Mkdir(folder, 0o755), tree.Write(folder), os.WriteFile(filepath.Join(folder, config.File), []byte(startingValues), 0o644))
	if err != nil {
		return nil, err
	}
	if err := checkout(ctx, folder); err != nil {
		return nil, err
	}
	head := worker.TreeRef{Folder: folder}
	reviewer := review.Reviewer{Ask: command.images.answer}
	started := time.Now()
	report, err := reviewer.Run(ctx, review.Job{Head: head, Config: head, Fix: true})
	if err != nil {
		return nil, err
	}
	tally := tallyOf(name, report)
	tally.took = time.Since(started)
	if list {
		listUnfixed(out, report)
	}
	if command.binary == "" {
		return tally, nil
	}
	return tally, errors.Join(tally.check(ctx, command, folder, report, out), os.RemoveAll(folder))
}

// tallyOf counts the findings that have a recipe. A finding was planned unless
// it was refused before any proof.
func tallyOf(name string, report *review.Report) *fixTally {
	t := &fixTally{repository: name, reasons: map[fixes.Reason]int{}, examples: map[fixes.Reason]string{}, rules: map[string][2]int{}}
	for _, f := range report.Findings {
		if f.Suppressed != nil || !fixes.HasRecipe(f.Rule) {
			continue
		}
		t.findings++
		counts := t.rules[f.Rule]
		counts[1]++
		if f.Fix != nil {
			t.planned++
			t.proved++
			counts[0]++
		} else {
			t.refused++
			t.reasons[f.NoFixReason]++
			t.examples[f.NoFixReason] = cmp.Or(t.examples[f.NoFixReason], fmt.Sprintf("%s:%d %s: %s", f.Path, f.Line, f.Rule, f.NoFix))
		}
		t.rules[f.Rule] = counts
	}
	return t
}

func listUnfixed(out io.Writer, report *review.Report) {
	for _, f := range report.Findings {
		if f.Fix == nil && f.Suppressed == nil && fixes.HasRecipe(f.Rule) {
			fmt.Fprintf(out, "%s\t%s\t%s:%d\t%s\t%s\n", f.NoFixReason, f.Rule, f.Path, f.Line, f.Field, f.NoFix)
		}
	}
}
