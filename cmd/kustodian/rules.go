package main

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/rules"
	cases "github.com/kustodian/kustodian/testdata/rules"
)

func rulesCommand() *cobra.Command {
	var practices bool
	cmd := &cobra.Command{
		Use:   "rules [ID]",
		Short: "List the rules, or explain one with its example",
		Example: `  kustodian rules
  kustodian rules missing-requests`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 1:
				return explainRule(cmd.OutOrStdout(), args[0])
			case practices:
				return listPractices(cmd.OutOrStdout())
			}
			return listRules(cmd.OutOrStdout())
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for rule := range rules.All() {
				ids = append(ids, rule.ID+"\t"+rule.Title)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().BoolVar(&practices, "practices", false, "list by the practice that a rule serves")
	return cmd
}

func listRules(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for rule := range rules.All() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", rule.ID, rule.Severity, rule.Title)
	}
	return table.Flush()
}

// listPractices lists the rules by the numbers of the practices they serve.
func listPractices(w io.Writer) error {
	serves := map[int][]string{}
	for rule := range rules.All() {
		for _, n := range rule.Practices {
			serves[n] = append(serves[n], rule.ID)
		}
	}
	var numbers []int
	for n := range serves {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, n := range numbers {
		fmt.Fprintf(table, "%d\t  %s\n", n, strings.Join(serves[n], ", "))
	}
	return table.Flush()
}

// explainRule prints one rule with its first case as the example.
func explainRule(w io.Writer, id string) error {
	rule, ok := rules.ByID(id)
	if !ok {
		return fmt.Errorf("there is no rule %q; kustodian rules lists them", id)
	}
	fmt.Fprintf(w, "%s (%s): %s\n\n%s\n\nWrite instead: %s\n\n", rule.ID, rule.Severity, rule.Title, rule.Why, rule.Write)
	if example, err := firstCase(id); err != nil {
		return err
	} else if example != nil {
		fmt.Fprintln(w, "Example, in which an arrow marks what is found:")
		for _, file := range example.Files {
			if !strings.HasPrefix(file.Name, "want/") {
				text := expectation.ReplaceAllString(strings.TrimRight(string(file.Data), "\n"), "# <- $1")
				fmt.Fprintf(w, "\n  # %s\n  %s\n", file.Name, strings.ReplaceAll(text, "\n", "\n  "))
			}
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "To turn it off, in %s:\n\n  rules:\n    %s: off\n\n", config.File, rule.ID)
	fmt.Fprintf(w, "To silence one line, with its reason:\n\n  # kustodian:ignore %s the reason\n", rule.ID)
	return nil
}

// expectation is what a case says of a finding: at which line, of which rule,
// and with which words.
var expectation = regexp.MustCompile(`(?m)# want(?:\+\d+)? (\S+) ".*$`)

// firstCase is the first case of a rule, nil where it has none.
func firstCase(id string) (*txtar.Archive, error) {
	names, err := fs.Glob(cases.FS, path.Join(id, "*.txtar"))
	if err != nil || len(names) == 0 {
		return nil, err
	}
	src, err := fs.ReadFile(cases.FS, names[0])
	if err != nil {
		return nil, err
	}
	return txtar.Parse(src), nil
}
