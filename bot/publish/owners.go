package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hmarr/codeowners"

	"github.com/kustodian/kustodian/bot/github"
)

// ownersFiles are where GitHub looks for code owners, in its order.
var ownersFiles = []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}

// owners reads who owns the code at a commit; nobody where no file says so, or
// where the file cannot be read as one.
func (p *Publisher) owners(ctx context.Context, sha string) (codeowners.Ruleset, error) {
	for _, name := range ownersFiles {
		text, err := p.Repository.Contents(ctx, name, sha)
		if errors.Is(err, github.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		set, err := codeowners.ParseFile(bytes.NewReader(text))
		if err != nil {
			return nil, nil
		}
		return set, nil
	}
	return nil, nil
}

// ownedBy are the owners of all the files, sorted: "@acme/web", "@jane" or an
// address.
func ownedBy(set codeowners.Ruleset, paths []string) []string {
	var out []string
	for _, path := range paths {
		rule, err := set.Match(path)
		if err != nil || rule == nil {
			continue
		}
		for _, owner := range rule.Owners {
			out = append(out, owner.String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// topFolder is the first folder of a path, "." of a file at the root.
func topFolder(path string) string {
	folder, _, nested := strings.Cut(path, "/")
	if !nested {
		return "."
	}
	return folder
}

// reviewers are the owners that can be asked for a review: users by login,
// teams by slug.
func reviewers(owners []string) (users, teams []string) {
	for _, owner := range owners {
		name, ok := strings.CutPrefix(owner, "@")
		if !ok {
			continue
		}
		if _, team, ok := strings.Cut(name, "/"); ok {
			teams = append(teams, team)
		} else {
			users = append(users, name)
		}
	}
	return users, teams
}
