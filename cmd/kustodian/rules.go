package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot/publish"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/docs"
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
				return explainRule(cmd, args[0])
			case practices:
				_, err := io.WriteString(cmd.OutOrStdout(), docs.Practices())
				return err
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
	cmd.Flags().BoolVar(&practices, "practices", false, "list the practices, and the rules that serve each")
	return cmd
}

func listRules(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for rule := range rules.All() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", rule.ID, rule.Severity, rule.Title)
	}
	return table.Flush()
}

// explainRule prints the page of a rule: of the catalogue, else of the
// repository around the current folder.
func explainRule(cmd *cobra.Command, id string) error {
	w := cmd.OutOrStdout()
	if rule, ok := rules.ByID(id); ok {
		page, err := docs.Page(rule, fixes.RecipeTitle(id))
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, page)
		return err
	}
	t, err := targetOf(nil)
	if err != nil {
		return err
	}
	own, err := ownRule(cmd.Context(), t, id)
	if err != nil {
		return err
	}
	if own == nil {
		return fmt.Errorf("there is no rule %q; kustodian rules lists them", id)
	}
	for line := range strings.Lines(docs.Own(*own)) {
		fmt.Fprintln(w, publish.Printable(strings.TrimSuffix(line, "\n")))
	}
	return nil
}

// knownRule reports whether a rule is in the catalogue or the repository's own.
func knownRule(ctx context.Context, t target, id string) (bool, error) {
	if _, ok := rules.ByID(id); ok {
		return true, nil
	}
	own, err := ownRule(ctx, t, id)
	return own != nil, err
}

// ownRule is a rule of the repository's own, nil where it has none of that id.
func ownRule(ctx context.Context, t target, id string) (*rules.OwnRule, error) {
	answer, err := review.Configuration(ctx, review.TreeRef{Folder: t.root}, nil)
	if err != nil {
		return nil, err
	}
	own := answer.Config.Rules.Own
	i := slices.IndexFunc(own, func(r rules.OwnRule) bool { return r.ID == id })
	if i < 0 {
		return nil, nil
	}
	return &own[i], nil
}
