package overlay_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/kustodian/kustodian/rules/overlay"
	"github.com/kustodian/kustodian/testdata/corpus"
	"github.com/kustodian/kustodian/testdata/mutation"
)

// TestMutations changes the text at sources that are said to be exact, in a
// small sample. The build has to follow each.
func TestMutations(t *testing.T) {
	for _, name := range []string{"stefanprodan+podinfo", "kubernetes-sigs+kustomize", "tektoncd+plumbing", "redhat-cop+gitops-catalog"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			snapshot := openCorpus(t, name)
			tally := map[mutation.Outcome]int{}
			for _, c := range sampleClaims(t, snapshot) {
				outcome, err := c.Try(t.Context(), snapshot)
				if err != nil {
					t.Error(err)
				}
				tally[outcome]++
			}
			t.Logf("%d passed, %d broke the build, %d could not be changed", tally[mutation.Passed], tally[mutation.Broke], tally[mutation.Untold])
			if tally[mutation.Passed] == 0 {
				t.Error("nothing was put to the test")
			}
		})
	}
}

func openCorpus(t *testing.T, name string) *overlay.Snapshot {
	t.Helper()
	tree, err := corpus.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no tree %s beside the repository", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	files := overlay.Files(tree.Files)
	for link, target := range tree.Links {
		files[link] = overlay.LinkTo + target
	}
	return overlay.Open(files, overlay.Options{})
}

// sampleClaims takes exact sources from a dozen overlays spread over the tree,
// as many of each way that they are known.
func sampleClaims(t *testing.T, snapshot *overlay.Snapshot) []mutation.Claim {
	const builds, each = 12, 15
	overlays, err := snapshot.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byHow := map[string][]mutation.Claim{}
	for i := range overlays {
		if n := (len(overlays) + builds - 1) / builds; i%n != 0 {
			continue
		}
		b, err := snapshot.Build(t.Context(), overlays[i].Path)
		if err != nil {
			continue // a component, or what TestCorpora tells
		}
		lines, err := b.Blame(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range mutation.Claims(b, lines) {
			byHow[c.Source.How] = append(byHow[c.Source.How], c)
		}
	}
	var sample []mutation.Claim
	for _, all := range byHow {
		for i := range min(len(all), each) {
			sample = append(sample, all[i*len(all)/min(len(all), each)])
		}
	}
	return sample
}
