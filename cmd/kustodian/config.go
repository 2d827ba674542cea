package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/publish"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Validate and explain " + config.File,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(validateCommand(), explainCommand())
	return cmd
}

// organisationFlag names the file that counts below the repository's.
func organisationFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "organisation", "", "the organisation's configuration, a `FILE` that counts below the repository's")
}

// readConfiguration reads the configurations of the repository around args, over
// the organisation's where the flag names one.
func readConfiguration(ctx context.Context, args []string, organisation string) (target, worker.ConfigureAnswer, error) {
	t, err := targetOf(args)
	if err != nil {
		return t, worker.ConfigureAnswer{}, err
	}
	var defaults []byte
	if organisation != "" {
		if defaults, err = os.ReadFile(organisation); err != nil {
			return t, worker.ConfigureAnswer{}, fmt.Errorf("--organisation: %w", err)
		}
	}
	answer, err := review.Configuration(ctx, review.TreeRef{Folder: t.root}, defaults)
	return t, answer, err
}

func validateCommand() *cobra.Command {
	var organisation string
	cmd := &cobra.Command{
		Use:   "validate [FOLDER]",
		Short: "Tell what is wrong with the configurations of a repository",
		Long: `Reads ` + config.File + ` at the root of the repository around FOLDER (default: here) and those
of its folders, and prints each fault at its file and line, with what to write instead.
Exit status: 0 nothing is wrong; 1 there are faults; 2 nothing could be read.`,
		Example: `  kustodian config validate
  kustodian config validate --organisation ../.github/` + config.File,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, answer, err := readConfiguration(cmd.Context(), args, organisation)
			if err != nil {
				return err
			}
			for i := range answer.Below {
				answer.Below[i].Path = organisation
			}
			return printFaults(cmd.OutOrStdout(), answer.Config, append(answer.Below, answer.Findings...))
		},
	}
	organisationFlag(cmd, &organisation)
	return cmd
}

// printFaults prints faults as compilers do, or that there are none.
func printFaults(w io.Writer, read config.Config, faults []rules.Finding) error {
	for _, f := range faults {
		fmt.Fprintln(w, publish.Printable(fmt.Sprintf("%s:%d:%d: %s", f.Path, f.Line, f.Column, f.Message)))
	}
	switch {
	case len(faults) > 0:
		return errFindings
	case !read.Exists:
		fmt.Fprintf(w, "there is no %s; the defaults count\n", config.File)
	default:
		fmt.Fprintln(w, "nothing is wrong")
	}
	return nil
}

func explainCommand() *cobra.Command {
	var organisation string
	var all bool
	cmd := &cobra.Command{
		Use:   "explain [PATH]",
		Short: "Show each value of the configuration and the line that sets it",
		Long: `Prints what the configurations of the repository set, each value with the file and line
that sets it; with a PATH, what counts for that file or overlay.`,
		Example: `  kustodian config explain
  kustodian config explain overlays/prod --all`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, answer, err := readConfiguration(cmd.Context(), args, organisation)
			if err != nil {
				return err
			}
			at := ""
			if len(t.paths) == 1 && len(args) == 1 {
				at = t.paths[0]
			}
			return printSettings(cmd.OutOrStdout(), answer.Config, at, all)
		},
	}
	organisationFlag(cmd, &organisation)
	cmd.Flags().BoolVar(&all, "all", false, "also the rules that nothing is said of")
	return cmd
}

// printSettings prints what counts at a path; where that is "", what counts
// everywhere, and then what each part says otherwise.
func printSettings(w io.Writer, c config.Config, at string, all bool) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(s config.Setting, indent string) {
		from := "default"
		if s.File != "" {
			from = fmt.Sprintf("%s:%d", s.File, s.Line)
		}
		if lock, ok := c.LockOf(s.Key); ok {
			from += fmt.Sprintf(", locked by %s:%d", lock.File, lock.Line)
		}
		fmt.Fprintf(table, "%s%s\t%s\t%s\n", indent, publish.Printable(s.Key), publish.Printable(s.Value), publish.Printable(from))
	}
	for _, s := range c.InForce(at) {
		if all || s.File != "" || !strings.HasPrefix(s.Key, "rules.") {
			row(s, "")
		}
	}
	part := ""
	for _, s := range c.Settings {
		if at != "" || s.Section == "" {
			continue
		}
		if s.Section != part {
			part = s.Section
			fmt.Fprintf(table, "in %s\n", publish.Printable(part))
		}
		row(s, "  ")
	}
	return table.Flush()
}
