package bot_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kustodian/kustodian/bot/githubtest"
)

// corpus unpacks a real repository, or skips the test where it is not at hand.
func corpus(t *testing.T, name string) string {
	t.Helper()
	archive, err := filepath.Abs("../../shared/corpus/" + name + ".tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(archive); err != nil {
		t.Skipf("the repository is not at hand: %v", err)
	}
	folder := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "tar", "xzf", archive, "-C", folder, "--strip-components=1").CombinedOutput(); err != nil {
		t.Fatalf("unpacking %s: %v\n%s", name, err, out)
	}
	return folder
}

// edits are what a person changes in a repository, by path: a text that is
// there, and the one in its place.
type edits map[string][2]string

// TestCorpus opens pull requests on real repositories as people do.
func TestCorpus(t *testing.T) {
	for _, c := range []struct {
		name, repository string
		edits            edits             // of files
		moved            map[string]string // folders, to where; "" deletes
		added            files
		check            string
		want             []string // as [play.said] tells it
		says             []string // in the text of the check run
		config           string   // the default branch's; empty is none
		fix              string   // in what a pull request of fixes shows; empty is none
	}{
		{name: "an image moves to a moving tag", repository: "stefanprodan+podinfo",
			edits: edits{"kustomize/deployment.yaml": {"podinfo:6.14.1", "podinfo:latest"}},
			check: "neutral", want: []string{"kustomize/deployment.yaml:26 image-floating", "kustomize/deployment.yaml:27 pull-policy"}},
		{name: "a workload comes without resources", repository: "stefanprodan+podinfo",
			edits: edits{"deploy/bases/backend/kustomization.yaml": {"resources:\n", "resources:\n  - jobs.yaml\n"}},
			added: files{"deploy/bases/backend/jobs.yaml": text(jobs)},
			check: "neutral", want: []string{"deploy/bases/backend/jobs.yaml:15 best-effort", "deploy/bases/backend/jobs.yaml:16 image-unpinned"}},
		{name: "a base is renamed under its overlays", repository: "stefanprodan+podinfo",
			moved: map[string]string{"deploy/bases/backend": "deploy/bases/server"},
			check: "failure", says: []string{
				"`deploy/overlays/dev/kustomization.yaml:5:5`", "`deploy/overlays/production/kustomization.yaml:5:5`", "`deploy/overlays/staging/kustomization.yaml:5:5`",
			}},
		{name: "an overlay is deleted", repository: "stefanprodan+podinfo",
			moved: map[string]string{"deploy/overlays/dev": ""},
			check: "success"},
		{name: "a component is uncommented", repository: "GoogleCloudPlatform+microservices-demo",
			edits: edits{"kustomize/kustomization.yaml": {"# - components/memorystore", "- components/memorystore"}},
			check: "success"},
		{name: "a workload loses its resources", repository: "GoogleCloudPlatform+microservices-demo", config: policy,
			edits: edits{"kustomize/base/frontend.yaml": {frontendResources, ""}},
			check: "neutral", want: []string{"kustomize/base/frontend.yaml:97 best-effort"}, fix: "+        resources:\n+          requests:\n+            cpu: 100m\n"},
		{name: "a kustomization loses its indentation", repository: "redhat-cop+gitops-catalog",
			edits: edits{"nexus2/base/kustomization.yaml": {"  - nexus-svc.yaml", " - nexus-svc.yaml"}},
			check: "failure", want: []string{"nexus2/base/kustomization.yaml:7 build-failed"}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			folder := corpus(t, c.repository)
			s := newStage(t, mayFix, nil)
			s.push("stefanprodan/podinfo:latest", "stefanprodan/podinfo:6.14.1")
			repo := s.repository("real", files{"README.md": text("A copy.\n")})
			s.github.SetWebhook("", "")
			_, err := repo.CommitFolder("main", "Start", folder)
			s.must(err)
			if c.config != "" {
				_, err := repo.Write("main", "Ask for fixes", files{".kustodian.yaml": text(c.config)})
				s.must(err)
			}
			s.github.SetWebhook(s.webhook, "")
			change := files{}
			for path, edit := range c.edits {
				src, err := os.ReadFile(filepath.Join(folder, path))
				s.must(err)
				if !strings.Contains(string(src), edit[0]) {
					t.Fatalf("%s does not have %q", path, edit[0])
				}
				change[path] = text(strings.Replace(string(src), edit[0], edit[1], 1))
			}
			for path, entry := range c.added {
				change[path] = entry
			}
			for from, to := range c.moved {
				s.must(move(folder, from, to, change))
			}
			p := s.pull(repo, change)
			p.wantSaid(c.want...)
			p.wantCheck(c.check)
			for _, says := range c.says {
				if run := p.check(); run == nil || !strings.Contains(run.Text, says) {
					t.Errorf("the check run does not say %q", says)
				}
			}
			fixes := p.fixes()
			if len(fixes) > 1 || (len(fixes) == 1) != (c.fix != "") || len(fixes) == 1 && !strings.Contains(fixes[0].Body, c.fix) {
				t.Errorf("%d pull requests of fixes; want %q shown", len(fixes), c.fix)
			}
		})
	}
}

// move takes a folder away, and puts it where to says, unless that is "".
func move(root, from, to string, change files) error {
	return filepath.WalkDir(filepath.Join(root, from), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		change[name] = nil
		if to != "" {
			change[to+strings.TrimPrefix(name, from)] = &githubtest.Entry{Content: content}
		}
		return nil
	})
}

// policy asks for fixes, and says what a workload gets.
const policy = "version: 1\nresources:\n- requests: {cpu: 100m, memory: 64Mi}\n"

const frontendResources = `          resources:
            requests:
              cpu: 100m
              memory: 64Mi
            limits:
              cpu: 200m
              memory: 128Mi
`

// jobs is a workload as a first draft has it.
const jobs = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: jobs
spec:
  selector:
    matchLabels:
      app: jobs
  template:
    metadata:
      labels:
        app: jobs
    spec:
      containers:
        - name: jobs
          image: ghcr.io/stefanprodan/podinfo:6.14.1
          ports:
            - containerPort: 9898
`
