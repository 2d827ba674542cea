package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/rules/schema"
	"github.com/kustodian/kustodian/testdata/corpus"
)

func rulesCommand() *cobra.Command {
	var list, peers bool
	cmd := &cobra.Command{
		Use:   "rules [REPOSITORY...]",
		Short: "Run every rule, and say what it finds and what it costs",
		Long: `Runs every rule on every root of real repositories, and the same objects through kube-score.
A finding counts once for each overlay, a source once for each repository. The time of a
rule is what it takes once the sources of the build are known; what those cost stands apart.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := chosen(args)
			if err != nil {
				return err
			}
			return benchRules(cmd.Context(), cmd.OutOrStdout(), names, list, peers)
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "print every finding")
	cmd.Flags().BoolVar(&peers, "peers", true, "run kube-score on the same objects")
	return cmd
}

// A ruleTally counts what one rule does.
type ruleTally struct {
	findings, sources, overlays, suppressed int
	took                                    time.Duration
}

// A rulesTally counts what all rules do.
type rulesTally struct {
	rules                     map[string]*ruleTally
	builds, objects           int
	building, checking        time.Duration
	placing                   time.Duration // finding the sources of what is found
	peerFindings, peerSources int
}

func benchRules(ctx context.Context, out io.Writer, names []string, list, peers bool) error {
	tally := &rulesTally{rules: map[string]*ruleTally{}}
	for rule := range rules.All() {
		tally.rules[rule.ID] = &ruleTally{}
	}
	command := ""
	if peers {
		var err error
		if command, err = peer(ctx, kubeScore); err != nil {
			return err
		}
	}
	for _, name := range names {
		found, err := tally.repository(ctx, name, command)
		if err != nil {
			return fmt.Errorf("checking %s: %w", name, err)
		}
		for _, f := range found {
			if list {
				fmt.Fprintf(out, "%s\t%s\t%s\t%s:%d\t%s\t%s\t%q\n", f.Rule, f.Severity, name, f.Path, f.Line, f.Origin.Kind+" "+f.Origin.Name, f.Message, f.Overlays[:min(2, len(f.Overlays))])
			}
		}
	}
	tally.print(out)
	return scale(ctx, out)
}

// repository runs the rules on every root of one repository.
func (t *rulesTally) repository(ctx context.Context, name, kubeScore string) ([]rules.Finding, error) {
	tree, err := corpus.Read(name)
	if err != nil {
		return nil, err
	}
	files := overlay.Files(tree.Files)
	definitions := schema.Definitions{}
	for _, text := range tree.Files {
		definitions.AddText([]byte(text))
	}
	for link, target := range tree.Links {
		files[link] = overlay.LinkTo + target
	}
	snapshot := overlay.Open(files, overlay.Options{})
	overlays, err := snapshot.Find(ctx)
	if err != nil {
		return nil, err
	}
	paths, err := snapshot.YAMLFiles(ctx)
	if err != nil {
		return nil, err
	}
	var notes []rules.Note
	for _, file := range paths {
		text, err := snapshot.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if note, ok := rules.NoteFile(file, text); ok {
			notes = append(notes, note)
		}
	}
	seen := rules.See(overlays, paths, notes)
	published := rules.Published(seen)
	policy := everyRule()
	var found [][]rules.Finding
	var roots []overlay.Overlay
	var facts []rules.Fact
	scores := map[string]bool{}
	for _, o := range overlays {
		if !o.Root || o.Component {
			continue
		}
		start := time.Now()
		build, err := snapshot.Build(ctx, o.Path)
		var broken *overlay.BuildError
		if errors.As(err, &broken) {
			continue
		}
		if err != nil {
			return nil, err
		}
		built := time.Now()
		subject := rules.Subject{Build: build, Part: rules.IsPart(o.Path), Published: published, Definitions: definitions}
		if _, _, err := rules.Run(ctx, subject, policy); err != nil {
			return nil, err
		}
		placed := time.Now() // and now the sources of the build are known
		findings, noted, err := rules.Run(ctx, subject, policy)
		if err != nil {
			return nil, err
		}
		checked := time.Since(placed)
		t.building, t.checking, t.placing = t.building+built.Sub(start), t.checking+checked, t.placing+max(0, placed.Sub(built)-checked)
		t.builds, t.objects = t.builds+1, t.objects+len(build.Objects)
		roots, facts, found = append(roots, o), append(facts, noted...), append(found, findings)
		if err := t.each(ctx, build, definitions); err != nil {
			return nil, err
		}
		if kubeScore != "" {
			if err := t.score(ctx, kubeScore, build, scores); err != nil {
				return nil, err
			}
		}
	}
	t.peerSources += len(scores)
	start := time.Now()
	joined, err := rules.Join(rules.Facts{Head: facts, Overlays: roots}, policy)
	if err != nil {
		return nil, err
	}
	t.checking += time.Since(start)
	found = append(found, joined, rules.SurveyTree(seen, snapshot.ReadFile, policy))
	merged := rules.Suppress(rules.Merge(found...), snapshot.ReadFile)
	t.count(found, merged)
	return merged, nil
}

// everyRule turns on what is off by default.
func everyRule() rules.Policy {
	policy := rules.Policy{Severities: map[string]rules.Severity{}}
	for rule := range rules.All() {
		if rule.Severity == rules.Off {
			policy.Severities[rule.ID] = rules.Info
		}
	}
	return policy
}

// each times every rule alone, on a build whose sources are known.
func (t *rulesTally) each(ctx context.Context, build *overlay.Build, definitions schema.Definitions) error {
	policy := rules.Policy{Severities: map[string]rules.Severity{}}
	for rule := range rules.All() {
		policy.Severities[rule.ID] = rules.Off
	}
	run := func() (time.Duration, error) {
		start := time.Now()
		_, _, err := rules.Run(ctx, rules.Subject{Build: build, Definitions: definitions}, policy)
		return time.Since(start), err
	}
	none, err := run()
	if err != nil {
		return err
	}
	for rule := range rules.All() {
		if rule.Check == nil {
			continue
		}
		policy.Severities[rule.ID] = rules.Info
		took, err := run()
		if err != nil {
			return err
		}
		policy.Severities[rule.ID] = rules.Off
		t.rules[rule.ID].took += max(0, took-none)
	}
	return nil
}

func (t *rulesTally) count(found [][]rules.Finding, merged []rules.Finding) {
	for _, f := range slices.Concat(found...) {
		t.rules[f.Rule].findings++
	}
	overlays := map[string]map[string]bool{}
	for _, f := range merged {
		rule := t.rules[f.Rule]
		rule.sources++
		if f.Suppressed != nil {
			rule.suppressed++
		}
		if overlays[f.Rule] == nil {
			overlays[f.Rule] = map[string]bool{}
		}
		for _, o := range f.Overlays {
			overlays[f.Rule][o] = true
		}
	}
	for id, of := range overlays {
		t.rules[id].overlays += len(of)
	}
}

func (t *rulesTally) print(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "rule\tfindings\tsources\toverlays\tsuppressed\ttime")
	findings, sources := 0, 0
	for rule := range rules.All() {
		r := t.rules[rule.ID]
		findings, sources = findings+r.findings, sources+r.sources
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%s\n", rule.ID, r.findings, r.sources, r.overlays, r.suppressed, r.took.Round(time.Millisecond))
	}
	fmt.Fprintf(table, "all\t%d\t%d\n", findings, sources)
	if t.peerFindings > 0 {
		fmt.Fprintf(table, "kube-score\t%d\t%d\n", t.peerFindings, t.peerSources)
	}
	table.Flush() //nolint:errcheck // the terminal's
	fmt.Fprintf(out, "\n%d builds, %d objects: building %s, rules %s, ratio %.2f (at most 0.25 is the goal); their sources %s, ratio %.2f\n",
		t.builds, t.objects, t.building.Round(time.Millisecond), t.checking.Round(time.Millisecond), float64(t.checking)/float64(t.building),
		t.placing.Round(time.Millisecond), float64(t.placing)/float64(t.building))
}
