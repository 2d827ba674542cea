package overlay

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
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

// plain builds with the engine alone.
func plain(files Files, dir string) (string, error) {
	fsys := &treeFS{ctx: context.Background(), snapshot: Open(files, Options{}), reads: ReadSet{}}
	m, err := krusty.MakeKustomizer(&krusty.Options{LoadRestrictions: types.LoadRestrictionsNone, PluginConfig: types.DisabledPluginConfig()}).
		Run(fsys, path.Join(treeRoot, dir))
	if err != nil {
		return "", err
	}
	text, err := m.AsYaml()
	return string(text), err
}

var _ filesys.FileSystem = (*treeFS)(nil)

func TestCorpora(t *testing.T) {
	for _, name := range corpora {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := corpus(t, name)
			snapshot := Open(files, Options{})
			overlays, err := snapshot.Find(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(overlays) == 0 {
				t.Fatal("no overlays found")
			}
			how := map[string]int{}
			built, scalars := 0, 0
			for _, o := range overlays {
				if o.Component {
					continue
				}
				b, err := snapshot.Build(t.Context(), o.Path)
				if err != nil {
					t.Logf("%v", err)
					continue
				}
				built++
				got, err := b.YAML()
				if err != nil {
					t.Fatal(err)
				}
				want, err := plain(files, o.Path)
				if err != nil {
					t.Errorf("%s: built, but the engine alone says %v", o.Path, err)
				}
				if string(got) != want {
					t.Errorf("%s: the build differs from the engine's own", o.Path)
				}
				for _, object := range b.Objects {
					eachScalar(object.Node, nil, func(field Field, n *yaml.Node) {
						scalars++
						source, err := b.Explain(t.Context(), object, field)
						if err != nil {
							t.Fatal(err)
						}
						how[source.How]++
					})
				}
			}
			t.Logf("%d overlays, %d built, %d scalars", len(overlays), built, scalars)
			for h, n := range how {
				t.Logf("%8s %6.2f %%", h, 100*float64(n)/float64(scalars))
			}
		})
	}
}
