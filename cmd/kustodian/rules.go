package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot/config"
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
			return listRules(cmd.Context(), cmd.OutOrStdout())
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

// listRules lists the catalogue, and then the rules of the repository around
// the current folder where it has some.
func listRules(ctx context.Context, w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for rule := range rules.All() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", rule.ID, rule.Severity, rule.Title)
	}
	t, err := targetOf(nil)
	if err != nil {
		return err
	}
	own, err := ownRules(ctx, t)
	if err == nil && len(own) > 0 {
		fmt.Fprintf(table, "\nof this repository:\n")
		for _, rule := range own {
			fmt.Fprintf(table, "%s\t%s\t%s\n", rule.ID, rule.Severity, publish.Printable(rule.Message))
		}
	}
	return errors.Join(table.Flush(), err)
}

// ownRules are a repository's own. Without a configuration at its root nothing
// is looked through for them.
func ownRules(ctx context.Context, t target) ([]rules.OwnRule, error) {
	if _, err := os.Stat(filepath.Join(t.root, config.File)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	answer, err := review.Configuration(ctx, review.TreeRef{Folder: t.root}, nil)
	return answer.Config.Rules.Own, err
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
	own, err := ownRules(cmd.Context(), t)
	if err != nil {
		return err
	}
	rule, ok := ownRule(own, id)
	if !ok {
		return unknownRule(id, own)
	}
	for line := range strings.Lines(docs.Own(rule)) {
		fmt.Fprintln(w, publish.Printable(strings.TrimSuffix(line, "\n")))
	}
	return nil
}

// unknownRule is the error of an id that no rule has.
func unknownRule(id string, own []rules.OwnRule) error {
	return fmt.Errorf("there is no rule %q%s; kustodian rules lists them", id, rules.Policy{Own: own}.Near(id))
}

// ownRule is the rule of an id among a repository's own, and whether there is one.
func ownRule(own []rules.OwnRule, id string) (rules.OwnRule, bool) {
	i := slices.IndexFunc(own, func(r rules.OwnRule) bool { return r.ID == id })
	if i < 0 {
		return rules.OwnRule{}, false
	}
	return own[i], true
}

// knownRules tells which of the ids is no rule, of the catalogue or of the
// repository's own.
func knownRules(ctx context.Context, t target, ids []string) error {
	for _, id := range ids {
		if _, ok := rules.ByID(id); ok {
			continue
		}
		own, err := ownRules(ctx, t)
		if err != nil {
			return err
		}
		if _, ok := ownRule(own, id); !ok {
			return unknownRule(id, own)
		}
	}
	return nil
}
