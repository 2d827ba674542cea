package mirror

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// ErrUnrelated is the error where two commits have no common ancestor.
var ErrUnrelated = errors.New("no common ancestor")

// MergeBase returns the best common ancestor of two commits of the mirror,
// the latest where there are several; [ErrUnrelated] where there is none.
func (m *Mirror) MergeBase(a, b string) (string, error) {
	hash, err := mergeBase(openStore(m.files), plumbing.NewHash(a), plumbing.NewHash(b))
	if err != nil {
		return "", fmt.Errorf("finding the merge base of %s and %s: %w", a, b, err)
	}
	return hash.String(), nil
}

func mergeBase(store storer.EncodedObjectStorer, a, b plumbing.Hash) (plumbing.Hash, error) {
	ours, err := object.GetCommit(store, a)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	theirs, err := object.GetCommit(store, b)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	bases, err := ours.MergeBase(theirs)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if len(bases) == 0 {
		return plumbing.ZeroHash, ErrUnrelated
	}
	latest := slices.MaxFunc(bases, func(a, b *object.Commit) int { return a.Committer.When.Compare(b.Committer.When) })
	return latest.Hash, nil
}
