package overlay

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestReach changes trees at random: an overlay whose build changes has looked
// up something that changed, and Find has said before that it might.
func TestReach(t *testing.T) {
	const changes = 12
	for _, name := range []string{"stefanprodan+podinfo", "kubernetes-sigs+kustomize"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(7, 7))
			files := corpus(t, name)
			before := Open(files, Options{})
			overlays, err := before.Find(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			was := map[string]outcome{}
			for _, o := range overlays {
				was[o.Path] = outcomeOf(t, before, o.Path)
			}
			moved := 0
			for range changes {
				tree := maps.Clone(files)
				what := changeAtRandom(random, tree, overlays)
				after := Open(tree, Options{})
				changed := before.Change(difference(files, tree))
				for _, o := range overlays {
					is := outcomeOf(t, after, o.Path)
					if in := outcomeOf(t, changed, o.Path); !strings.Contains(what, " is a link ") && (in.text != is.text || !maps.Equal(in.reads, is.reads)) {
						t.Errorf("%s: %s builds otherwise in the tree that was changed than in one that was opened so", what, o.Path)
					}
					if is.text == was[o.Path].text {
						continue
					}
					moved++
					if states, err := after.States(slices.Collect(maps.Keys(was[o.Path].reads))); err != nil || maps.Equal(states, was[o.Path].reads) {
						t.Errorf("%s: the build of %s changes, and nothing that it looked up (%v)", what, o.Path, err)
					}
					if !differs(t, before, after, o.Reads) {
						t.Errorf("%s: the build of %s changes, and nothing that it was said to look up", what, o.Path)
					}
				}
			}
			t.Logf("%d changes changed %d builds", changes, moved)
			if moved == 0 {
				t.Error("no change changed a build")
			}
		})
	}
}

// difference is what turns one tree into another, for [Snapshot.Change].
func difference(from, to Files) map[string][]byte {
	changed := map[string][]byte{}
	for p := range from {
		if _, ok := to[p]; !ok {
			changed[p] = nil
		}
	}
	for p, text := range to {
		if was, ok := from[p]; !ok || was != text {
			changed[p] = []byte(text)
		}
	}
	return changed
}

// An outcome is what an overlay builds to, or the fault that keeps it from it.
type outcome struct {
	text  string
	reads ReadSet
}

func outcomeOf(t *testing.T, snapshot *Snapshot, dir string) outcome {
	t.Helper()
	watched := snapshot.Watch()
	var text []byte
	build, err := watched.Build(t.Context(), dir)
	if err == nil {
		text, err = build.YAML()
	}
	if err != nil {
		text = fmt.Append(nil, "error: ", err)
	}
	reads, err := watched.Reads()
	if err != nil {
		t.Error(err)
	}
	return outcome{string(text), reads}
}

// differs reports whether a path has another state in another tree.
func differs(t *testing.T, a, b *Snapshot, paths []string) bool {
	t.Helper()
	before, err := a.States(paths)
	if err != nil {
		t.Fatal(err)
	}
	after, err := b.States(paths)
	if err != nil {
		t.Fatal(err)
	}
	return !maps.Equal(before, after)
}

// changeAtRandom changes one thing of a tree, and says what.
func changeAtRandom(random *rand.Rand, tree Files, overlays []Overlay) string {
	var read []string // files that overlays read
	var missed []string
	for _, o := range overlays {
		for _, p := range o.Reads {
			if _, ok := tree[p]; ok {
				read = append(read, p)
			} else if path.Ext(p) != "" && !slices.ContainsFunc(slices.Collect(maps.Keys(tree)), func(f string) bool { return strings.HasPrefix(f, p+"/") }) {
				missed = append(missed, p)
			}
		}
	}
	slices.Sort(read)
	slices.Sort(missed)
	at := read[random.IntN(len(read))]
	beside := path.Join(path.Dir(at), fmt.Sprintf("moved-%d.yaml", random.IntN(1000)))
	switch random.IntN(6) {
	case 0:
		lines := strings.Split(tree[at], "\n")
		i := random.IntN(len(lines))
		tree[at] = strings.Join(slices.Delete(lines, i, i+1), "\n")
		return fmt.Sprintf("line %d of %s is gone", i+1, at)
	case 1:
		tree[at] = strings.Replace(tree[at], "name: ", "name: x", 1)
		return at + " is changed"
	case 2:
		delete(tree, at)
		return at + " is deleted"
	case 3:
		tree[beside] = tree[at]
		delete(tree, at)
		return at + " is renamed to " + beside
	case 4:
		tree[beside] = tree[at]
		tree[at] = LinkTo + path.Base(read[random.IntN(len(read))])
		return at + " is a link to " + tree[at]
	}
	if len(missed) > 0 {
		at = missed[random.IntN(len(missed))]
	}
	tree[at] = "resources: []\n"
	return at + " is added"
}

// TestOrder builds the overlays of a tree one after the other and two at once,
// in orders that differ: what was built before changes nothing.
func TestOrder(t *testing.T) {
	for _, name := range []string{"stefanprodan+podinfo", "kubernetes-sigs+kustomize"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := corpus(t, name)
			overlays, err := Open(files, Options{}).Find(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			alone := map[string]outcome{}
			for _, o := range overlays {
				alone[o.Path] = outcomeOf(t, Open(files, Options{}), o.Path)
			}
			for seed := range uint64(3) {
				rand.New(rand.NewPCG(seed, seed)).Shuffle(len(overlays), func(i, j int) { overlays[i], overlays[j] = overlays[j], overlays[i] })
				shared := Open(files, Options{})
				var group sync.WaitGroup
				for part := range slices.Chunk(slices.Clone(overlays), (len(overlays)+1)/2) {
					group.Go(func() {
						for _, o := range part {
							if got := outcomeOf(t, shared, o.Path); got.text != alone[o.Path].text || !maps.Equal(got.reads, alone[o.Path].reads) {
								t.Errorf("order %d: %s builds otherwise than alone", seed, o.Path)
							}
						}
					})
				}
				group.Wait()
			}
		})
	}
}
