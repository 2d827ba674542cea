package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot/publish"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/fixes/registry"
)

func fixCommand() *cobra.Command {
	var only, registries, mirrors []string
	var write, staged, anonymous bool
	cmd := &cobra.Command{
		Use:   "fix [PATH...]",
		Short: "Plan fixes, prove them, and print them as one diff",
		Long: `Plans a fix for each finding, builds every overlay that reads a changed file before
and after, and keeps the fixes whose difference is exactly what was meant. They are printed
as one unified diff that "git apply" takes. What each of them does, and what was refused
and why, goes to stderr.`,
		Example: `  kustodian fix
  kustodian fix --rule missing-requests --write
  kustodian fix --rule image-unpinned | git apply`,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := targetOf(args)
			if err != nil {
				return err
			}
			if err := knownRules(cmd.Context(), t, only); err != nil {
				return fmt.Errorf("--rule: %w", err)
			}
			job, err := t.job("")
			if err != nil {
				return err
			}
			job.Fix, job.Rules, job.Staged = true, only, staged
			images := &registry.Client{Hosts: registries, OwnLogin: !anonymous}
			if err := trustMirrors(images, mirrors); err != nil {
				return err
			}
			report, err := runReview(cmd, review.Reviewer{Ask: askFromShell(images)}, job)
			if err != nil {
				return err
			}
			if err := publish.FixText(cmd.ErrOrStderr(), report); err != nil {
				return err
			}
			explainRefusals(cmd, report)
			if write {
				return writeFixes(cmd, t.root, report)
			}
			return publish.Diff(cmd.OutOrStdout(), report)
		},
	}
	cmd.Flags().StringSliceVar(&only, "rule", nil, "fix the findings of this rule only; may be repeated")
	cacheFlag(cmd)
	remoteFlags(cmd)
	cmd.Flags().BoolVar(&staged, "staged", false, "of what would restart production together with other environments, fix the lowest environment only")
	cmd.Flags().BoolVar(&write, "write", false, "edit the files instead of printing a diff")
	cmd.Flags().StringSliceVar(&registries, "registry", registry.PublicHosts, "registries that may be asked for digests, beside those where docker login was")
	cmd.Flags().BoolVar(&anonymous, "anonymous", false, "ask registries as anybody, without what docker login left on this machine")
	cmd.Flags().StringArrayVar(&mirrors, "mirror", nil, "REGISTRY=WHERE: ask and trust WHERE in place of a registry, by http where it is http://localhost:PORT; may be repeated")
	return cmd
}

// askFromShell asks for whoever runs the command. The mirror that a
// configuration picks is one that a server knows by its name; a digest is its
// origin's too.
func askFromShell(images *registry.Client) func(context.Context, fixes.Question) fixes.Answer {
	ask := review.AskRegistry(images.For(registry.Asker{}))
	return func(ctx context.Context, q fixes.Question) fixes.Answer {
		q.Mirror = ""
		return ask(ctx, q)
	}
}

// trustMirrors adds mirrors to who is asked for digests.
func trustMirrors(client *registry.Client, mirrors []string) error {
	for _, said := range mirrors {
		of, at, ok := strings.Cut(said, "=")
		if !ok || of == "" || at == "" {
			return fmt.Errorf("--mirror %q: want REGISTRY=WHERE, such as docker.io=mirror.example.com/hub", said)
		}
		at, plain := strings.CutPrefix(at, "http://")
		client.PlainHTTP = client.PlainHTTP || plain
		client.Mirrors = append(client.Mirrors, registry.Mirror{Of: of, At: at, Trusted: true})
	}
	return nil
}

// explainRefusals says on stderr which findings have no fix, and why; then
// what each of the reasons means and what to do by hand.
func explainRefusals(cmd *cobra.Command, report *review.Report) {
	seen := map[fixes.Reason]bool{}
	for _, f := range report.Findings {
		if f.Fix == nil && f.NoFix != "" && f.NoFixReason != fixes.ReasonNoRecipe {
			line := fmt.Sprintf("%s:%d: %s: no fix: %s (%s)", f.Path, f.Line, f.Rule, f.NoFix, f.NoFixReason)
			fmt.Fprintln(cmd.ErrOrStderr(), publish.Printable(line))
			seen[f.NoFixReason] = true
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(seen)) {
		why := fixes.Explain(reason)
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s %s\n", reason, why.Means, why.ByHand)
	}
}

// writeFixes writes the fixed files below root. The whole text of all fixes
// is made before the first file is touched.
func writeFixes(cmd *cobra.Command, root string, report *review.Report) error {
	after, err := publish.Fixed(report)
	if err != nil {
		return err
	}
	folder, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	defer folder.Close()
	var faults []error
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if err := writeFile(folder, path, after[path]); err != nil {
			faults = append(faults, err)
			continue
		}
		fmt.Fprintln(cmd.OutOrStdout(), publish.Printable(path))
	}
	return errors.Join(faults...)
}

// writeFile replaces a file below the folder, keeping its mode; nil deletes it.
func writeFile(folder *os.Root, path string, text []byte) error {
	if text == nil {
		return folder.Remove(path)
	}
	if err := folder.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := folder.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}
