package fixes

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// TestRealRepositories fixes what it can in repositories that others wrote:
// whatever is planned is proved, and the fixed tree is planned no further.
func TestRealRepositories(t *testing.T) {
	for _, name := range []string{"stefanprodan+podinfo", "fluxcd+flux2-kustomize-helm-example"} {
		t.Run(name, func(t *testing.T) {
			c := &fixCase{
				files: readArchive(t, "../../shared/corpus/"+name+".tar.gz"),
				rules: []string{"image-floating", "image-unpinned", "missing-requests", "best-effort", "missing-readiness", "schema",
					"kustomize-deprecated", "pull-policy", "missing-prestop", "grace-too-short", "missing-spread", "missing-pdb"},
				checks: rules.Policy{ClusterVersion: "1.34"},
				policy: Policy{Resources: []ResourcePolicy{{Requests: map[string]string{"cpu": "100m", "memory": "64Mi"}}}},
				digest: anyDigest,
			}
			tree := open(t, c, c.files)
			planned := tree.plan(t, c)
			proved, _ := tree.prove(t, c, planned.Fixes)
			t.Logf("%d findings, %d fixes, %d without", len(tree.findings), len(proved), len(planned.NoFix))
			c.unchanged(t, tree, planned, proved)
		})
	}
}

func readArchive(t *testing.T, path string) overlay.Files {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := overlay.Files{}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		_, name, below := strings.Cut(header.Name, "/")
		if header.Typeflag != tar.TypeReg || !below {
			continue
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
}
