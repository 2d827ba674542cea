package rules_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// TestCorpus runs every rule over real public trees beside the repository and
// logs what they say, to be read against the files.
func TestCorpus(t *testing.T) {
	for _, name := range []string{"stefanprodan+podinfo", "GoogleCloudPlatform+microservices-demo", "redhat-cop+gitops-catalog"} {
		t.Run(name, func(t *testing.T) {
			snapshot := overlay.Open(corpus(t, name), overlay.Options{})
			overlays, err := snapshot.Find(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var found [][]rules.Finding
			built := 0
			for _, o := range overlays {
				if !o.Root || o.Component {
					continue
				}
				build, err := snapshot.Build(t.Context(), o.Path)
				var broken *overlay.BuildError
				if errors.As(err, &broken) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				findings, _, err := rules.Run(t.Context(), rules.Subject{Build: build}, rules.Policy{})
				if err != nil {
					t.Fatal(err)
				}
				built++
				found = append(found, findings)
			}
			if built == 0 {
				t.Fatal("no overlay builds")
			}
			counts := map[string]int{}
			for _, f := range rules.Merge(found...) {
				counts[f.Rule+" "+f.Severity.String()]++
				t.Logf("%s:%d %s %s %s exact=%v: %s", f.Path, f.Line, f.Rule, f.Severity, f.Origin.Name, f.Source.Exact, f.Message)
			}
			t.Logf("COUNTS %d builds: %v", built, counts)
		})
	}
}

// corpus reads a packed tree, and skips the test where it is not there.
func corpus(t *testing.T, name string) overlay.Files {
	t.Helper()
	file, err := os.Open(filepath.Join("../../shared/corpus", name+".tar.gz"))
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
	files := overlay.Files{}
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
			files[name] = overlay.LinkTo + header.Linkname
		}
	}
}
