package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/testdata/demo"
)

// expected is what has to be said on the example, at least: the rule that each
// comment links, and where it stands.
var expected = []struct{ where, rule string }{
	{"base/kustomization.yaml:13", "image-floating"},
	{"base/worker.yaml:7", "single-replica"},
	{"base/worker.yaml:17", "best-effort"},
	{"base/worker.yaml:17", "missing-prestop"},
	{"base/worker.yaml:17", "missing-readiness"},
	{"base/worker.yaml:18", "image-unpinned"},
	{"base/worker.yaml:26", "secret-literal"},
	{"base/worker.yaml:30", "missing-reference"},
	{"overlays/dev/shell.yaml:2", "naked-pod"},
	{"overlays/dev/shell.yaml:8", "image-untagged"},
	{"overlays/prod/worker-log.yaml:12", "env-config-literal"},
}

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
		said = append(said, where(thread)+" "+thread.Comments[0].Body)
	}
	for _, e := range expected {
		if !slices.ContainsFunc(said, func(s string) bool {
			return strings.HasPrefix(s, e.where+" ") && strings.Contains(s, "["+e.rule+"]")
		}) {
			return fmt.Errorf("nothing says %s at %s", e.rule, e.where)
		}
	}
	// The worker's preStop stands in the comment on its requests, and the
	// shell's requests have one of their own.
	if len(said) != len(expected) {
		return fmt.Errorf("there are %d comments, want %d", len(said), len(expected))
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
