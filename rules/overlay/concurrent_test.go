package overlay

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
)

// schemaOf is a tree whose overlay brings a schema of its own, in which the
// ports of a Service are one value: a patch replaces them all.
var schemaOf = Files{
	"kustomization.yaml": `resources: [web.yaml]
openapi: {path: schema.json}
patches:
- patch: |
    apiVersion: example.com/v1
    kind: Site
    metadata: {name: web}
    spec: {pages: [{name: b, text: y}]}
`,
	"web.yaml": "apiVersion: example.com/v1\nkind: Site\nmetadata: {name: web}\nspec: {pages: [{name: a, text: x}]}\n",
	"schema.json": `{"definitions": {"com.example.v1.Site": {"type": "object",
"x-kubernetes-group-version-kind": [{"group": "example.com", "kind": "Site", "version": "v1"}],
"properties": {"spec": {"type": "object", "properties": {"pages": {"type": "array", "x-kubernetes-patch-merge-key": "name",
"x-kubernetes-patch-strategy": "merge", "items": {"type": "object"}}}}}}}}
`,
}

// withoutSchema is the same tree without the schema: the list is replaced.
var withoutSchema = Files{
	"kustomization.yaml": `resources: [web.yaml]
patches:
- patch: |
    apiVersion: example.com/v1
    kind: Site
    metadata: {name: web}
    spec: {pages: [{name: b, text: y}]}
`,
	"web.yaml": schemaOf["web.yaml"],
}

// A job is one overlay to build.
type job struct {
	snapshot *Snapshot
	name     string // of the tree
	overlay  string
}

// result is what a job builds to, or why it does not.
func (j job) result(t *testing.T) string {
	b, err := j.snapshot.Build(t.Context(), j.overlay)
	var broken *BuildError
	switch {
	case errors.As(err, &broken):
		return broken.Error()
	case err != nil:
		t.Error(err)
		return ""
	}
	text, err := b.YAML()
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// TestShuffled builds two real trees at once, with overlays that bring a schema
// of their own between, in several orders: what an overlay builds to never
// depends on what was built before it, or beside it.
func TestShuffled(t *testing.T) {
	var jobs []job
	for _, name := range []string{"stefanprodan+podinfo", "tektoncd+plumbing"} {
		snapshot := Open(corpus(t, name), Options{})
		for _, o := range sampleOverlays(t, snapshot, 25) {
			jobs = append(jobs, job{snapshot, name, o.Path})
		}
	}
	for range 4 {
		jobs = append(jobs, job{Open(schemaOf, Options{}), "schema", "."}, job{Open(withoutSchema, Options{}), "plain", "."})
	}
	random := rand.New(rand.NewPCG(7, 7))
	wanted := map[string]string{}
	for range 3 {
		random.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
		results := make([]string, len(jobs))
		next := make(chan int)
		var workers sync.WaitGroup
		for range 4 {
			workers.Go(func() {
				for i := range next {
					results[i] = jobs[i].result(t)
				}
			})
		}
		for i := range jobs {
			next <- i
		}
		close(next)
		workers.Wait()
		for i, j := range jobs {
			key := j.name + " " + j.overlay
			if first, ok := wanted[key]; ok && first != results[i] {
				t.Errorf("%s builds to\n%s\nand in another order to\n%s", key, first, results[i])
			}
			wanted[key] = results[i]
		}
	}
	if wanted["schema ."] == wanted["plain ."] {
		t.Errorf("the schema makes no difference, so the test shows nothing:\n%s", wanted["plain ."])
	}
}
