package overlay

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// corpora are real public trees beside the repository; they are not part of it.
var corpora = []string{"stefanprodan+podinfo", "GoogleCloudPlatform+microservices-demo", "tektoncd+plumbing", "redhat-cop+gitops-catalog"}

// corpus reads a packed tree, skipping the test where it is not there.
func corpus(t *testing.T, name string) Files {
	t.Helper()
	file, err := os.Open(filepath.Join("../../../shared/corpus", name+".tar.gz"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no tree %s beside the repository", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	files := Files{}
	for reader := tar.NewReader(unzipped); ; {
		header, err := reader.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(path.Clean(header.Name), "/")
		switch header.Typeflag {
		case tar.TypeReg:
			data, err := io.ReadAll(reader)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = string(data)
		case tar.TypeSymlink:
			files[name] = LinkTo + header.Linkname
		}
	}
}

// plain builds as the kustomize command does, with the engine alone.
func plain(files Files, dir string) (string, error) {
	fsys := &treeFS{ctx: context.Background(), snapshot: Open(files, Options{})}
	m, err := krusty.MakeKustomizer(&krusty.Options{Reorder: krusty.ReorderOptionUnspecified, LoadRestrictions: types.LoadRestrictionsNone, PluginConfig: types.DisabledPluginConfig()}).
		Run(fsys, path.Join(treeRoot, dir))
	if err != nil {
		return "", err
	}
	text, err := m.AsYaml()
	return string(text), err
}

var _ filesys.FileSystem = (*treeFS)(nil)

var whole = flag.Bool("whole", false, "build every overlay of the trees beside the repository, not a sample")

// sampleOverlays are at most n overlays that are built, spread over the tree.
func sampleOverlays(t *testing.T, snapshot *Snapshot, n int) []Overlay {
	t.Helper()
	overlays, err := snapshot.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	overlays = slices.DeleteFunc(overlays, func(o Overlay) bool { return o.Component || len(o.Refusals) > 0 })
	if len(overlays) == 0 {
		t.Fatal("no overlays found")
	}
	if *whole {
		return overlays
	}
	n = min(n, len(overlays))
	sample := make([]Overlay, n)
	for i := range sample {
		sample[i] = overlays[i*len(overlays)/n]
	}
	return sample
}

// TestCorpora holds builds to the engine's own, to the paths that were told
// before, and to a source for every scalar.
func TestCorpora(t *testing.T) {
	for _, name := range corpora {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := corpus(t, name)
			snapshot := Open(files, Options{})
			how := map[string]int{}
			built, scalars := 0, 0
			for _, o := range sampleOverlays(t, snapshot, 30) {
				b, err := snapshot.Build(t.Context(), o.Path)
				if err != nil {
					t.Logf("%v", err)
					continue
				}
				built++
				checkParity(t, overlayCase{files: files, build: o.Path}, b)
				checkReads(t, snapshot, o, b)
				for _, object := range b.Objects {
					eachScalar(object.Node, nil, func(field Field, _ *yaml.Node) {
						scalars++
						source, err := b.Explain(t.Context(), object, field)
						if err != nil {
							t.Fatal(err)
						}
						how[source.How]++
					})
				}
			}
			t.Logf("%d built, %d scalars", built, scalars)
			for h, n := range how {
				t.Logf("%10s %6.2f %%", h, 100*float64(n)/float64(scalars))
			}
		})
	}
}

// checkReads holds a build to look nothing up that was not told before it, but
// below a path that was told and is not there.
func checkReads(t *testing.T, snapshot *Snapshot, o Overlay, b *Build) {
	t.Helper()
	told := func(name string) bool {
		return slices.ContainsFunc(o.Reads, func(told string) bool {
			if name == told || !below(name, told) {
				return name == told
			}
			_, err := snapshot.resolve(told)
			return err != nil
		})
	}
	for name := range b.Reads {
		if !told(name) {
			t.Errorf("%s: looks up %s (%s), which Find does not list", o.Path, name, b.Reads[name])
		}
	}
}
