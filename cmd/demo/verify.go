package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/testdata/demo"
)

// ruleLink finds the rule of a comment, which links its page.
var ruleLink = regexp.MustCompile(`<sub>.*\[([a-z-]+)\]\(http`)

// verify holds what GitHub's side has of the example against what has to be
// there: the comments, and a fix pull request that changes the build of
// production as expected.
func (p *play) verify(ctx context.Context, w io.Writer) error {
	pull, err := p.repo.PullRequest(p.number)
	if err != nil {
		return err
	}
	var said []string
	for _, thread := range pull.Threads {
		rule := ruleLink.FindStringSubmatch(thread.Comments[0].Body)
		if rule == nil {
			return fmt.Errorf("the comment at %s names no rule", where(thread))
		}
		said = append(said, where(thread)+" "+rule[1]+"\n")
	}
	slices.Sort(said)
	if got := strings.Join(said, ""); got != demo.Said {
		return fmt.Errorf("the comments are otherwise than expected:\n%s", udiff.Unified("expected", "said", demo.Said, got))
	}
	fixes := p.fixes()
	if len(fixes) != 1 {
		return fmt.Errorf("there are %d fix pull requests, want one", len(fixes))
	}
	before, err := p.built(ctx, fixes[0].Base.SHA, "overlays/prod")
	if err != nil {
		return err
	}
	after, err := p.built(ctx, fixes[0].Head.SHA, "overlays/prod")
	if err != nil {
		return err
	}
	if got := udiff.Unified("before", "after", before, after); got != string(demo.Built) {
		return fmt.Errorf("the fixes change the build of overlays/prod otherwise than expected:\n%s", got)
	}
	if breaches := p.github.Breaches(); len(breaches) > 0 {
		return fmt.Errorf("GitHub's contract was broken: %s", breaches[0])
	}
	fmt.Fprintf(w, "\n%d comments stand where they have to, and the fixes change the build as expected.\n", len(said))
	return nil
}

// built is an overlay of a commit as kustomize builds it.
func (p *play) built(ctx context.Context, commit, path string) (string, error) {
	paths, err := p.repo.Paths(commit)
	if err != nil {
		return "", err
	}
	tree := overlay.Files{}
	for _, name := range paths {
		if tree[name], err = p.repo.File(commit, name); err != nil {
			return "", err
		}
	}
	build, err := overlay.Open(tree, overlay.Options{}).Build(ctx, path)
	if err != nil {
		return "", err
	}
	text, err := build.YAML()
	return string(text), err
}
