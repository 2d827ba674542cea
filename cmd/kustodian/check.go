package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot"
	"github.com/kustodian/kustodian/bot/publish"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules"
)

func checkCommand() *cobra.Command {
	var base, format, failOn string
	cmd := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Build overlays, run the rules, and print the findings at their sources",
		Long: `Builds every overlay at or below each PATH (default: here), runs the rules over
what was built, and prints each finding once, at the line of the file that causes it.
A PATH may be a file: then the overlays that read it are checked. Nothing outside the
repository is read, and nothing is fetched unless --remote-base names it.`,
		Example: `  kustodian check
  kustodian check overlays/prod --fail-on warning
  kustodian check --base origin/main --format sarif > kustodian.sarif`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(publish.Formats(), format) {
				return fmt.Errorf("--format %q: want one of %s", format, strings.Join(publish.Formats(), ", "))
			}
			threshold, err := failThreshold(failOn)
			if err != nil {
				return err
			}
			t, err := targetOf(args)
			if err != nil {
				return err
			}
			job, err := t.job(base)
			if err != nil {
				return err
			}
			// A proof builds every overlay that reads the file twice more, so
			// fixes are planned for the formats that carry their edits.
			job.Fix = slices.Contains([]string{"json", "sarif", "diff"}, format)
			report, err := runReview(cmd, review.Reviewer{}, job)
			if err != nil {
				return err
			}
			if !report.Kustomize {
				return fmt.Errorf("there is no kustomization.yaml below %s", t.root)
			}
			options := publish.Options{Color: colored(cmd.OutOrStdout()), Version: bot.Version()}
			if err := publish.Write(cmd.OutOrStdout(), format, report, options); err != nil {
				return fmt.Errorf("printing the report: %w", err)
			}
			if publish.Fails(report, threshold) {
				return errFindings
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&base, "base", "", "report only what is new since the working tree left `REF`")
	cmd.Flags().StringVar(&format, "format", "text", "how to print: "+strings.Join(publish.Formats(), ", "))
	cacheFlag(cmd)
	remoteFlags(cmd)
	cmd.Flags().StringVar(&failOn, "fail-on", "error", "exit 1 from this severity on: error, warning, info, never")
	complete(cmd, "format", publish.Formats()...)
	complete(cmd, "fail-on", "error", "warning", "info", "never")
	return cmd
}

// failThreshold reads --fail-on; rules.Off stands for never.
func failThreshold(text string) (rules.Severity, error) {
	if text == "never" {
		return rules.Off, nil
	}
	severity, err := rules.ParseSeverity(text)
	if err != nil || severity == rules.Off {
		return rules.Off, fmt.Errorf("--fail-on %q: want error, warning, info or never", text)
	}
	return severity, nil
}

// complete offers the values of a flag to the shell's completion.
func complete(cmd *cobra.Command, flag string, values ...string) {
	// The only error is of a flag that does not exist.
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

// runReview reviews a job. Where stderr is a terminal it counts the builds there.
func runReview(cmd *cobra.Command, reviewer review.Reviewer, job review.Job) (*review.Report, error) {
	if progress := cmd.ErrOrStderr(); terminal(progress) {
		var mu sync.Mutex
		builds := 0
		reviewer.Built = func(overlay string) {
			mu.Lock()
			defer mu.Unlock()
			builds++
			fmt.Fprintf(progress, "\r\x1b[K%d built, %s", builds, publish.Printable(overlay))
		}
		defer fmt.Fprint(progress, "\r\x1b[K")
	}
	remember(cmd, &reviewer)
	debug.SetGCPercent(worker.GarbagePercent) // this process ends with the job, as its workers do
	var err error
	if reviewer.Remotes, err = remotes(cmd); err != nil {
		return nil, err
	}
	return reviewer.Run(cmd.Context(), job)
}

// terminal reports whether w is a terminal.
func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// colored reports whether to print colours to w; see https://no-color.org.
func colored(w io.Writer) bool { return terminal(w) && os.Getenv("NO_COLOR") == "" }
