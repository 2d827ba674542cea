package overlay

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	commitA = "0123456789abcdef0123456789abcdef01234567"
	commitB = "89abcdef0123456789abcdef0123456789abcdef"
)

func TestParseRemote(t *testing.T) {
	for text, want := range map[string]string{
		"https://github.com/acme/base":                                   "https://github.com/acme/base",
		"https://github.com/acme/base//web?ref=v1":                       "https://github.com/acme/base//web?ref=v1",
		"https://github.com/acme/base/web/small?ref=v1":                  "https://github.com/acme/base//web/small?ref=v1",
		"https://github.com/acme/base.git/web?version=v1":                "https://github.com/acme/base.git//web?ref=v1",
		"https://github.com/acme/base.git//web/?ref=a&version=b":         "https://github.com/acme/base.git//web?ref=a",
		"http://github.com/acme/base":                                    "https://github.com/acme/base",
		"GitHub.com/acme/base/web":                                       "https://github.com/acme/base//web",
		"github.com:acme/base":                                           "https://github.com/acme/base",
		"git@github.com:acme/base.git":                                   "git@github.com:acme/base.git",
		"git@github.com/acme/base":                                       "git@github.com:acme/base",
		"https://me@github.com/acme/base":                                "me@github.com:acme/base",
		"ssh://git@git.example.com:7999/acme/base//web":                  "ssh://git@git.example.com:7999/acme/base//web",
		"git@git.example.com:acme/base.git//web":                         "git@git.example.com:acme/base.git//web",
		"git::https://git.example.com/acme/base":                         "https://git.example.com/acme/base",
		"HTTPS://git.example.com/acme/base":                              "https://git.example.com/acme/base",
		"https://git.example.com:8443/acme/base":                         "https://git.example.com:8443/acme/base",
		"https://me:secret@git.example.com/acme/base":                    "https://me:secret@git.example.com/acme/base",
		"https://dev.azure.com/acme/shop/_git/base/web?version=v1":       "https://dev.azure.com/acme/shop/_git/base//web?ref=v1",
		"https://git.example.com/group/sub/base//web":                    "https://git.example.com/group/sub/base//web",
		"https://git.example.com/group/sub/base?ref=--upload-pack=touch": "https://git.example.com/group/sub//base?ref=--upload-pack=touch",
		"file:///srv/base//web":                                          "file:///srv/base//web",
		"https://github.com/acme/base//web/../../other":                  "",
		"https://github.com/acme.yaml":                                   "",
		"https://git.example.com":                                        "",
		"https://?ref=main":                                              "",
		"../../base":                                                     "",
		"/base":                                                          "",
		"src/github.com/acme/base/web":                                   "",
		"web.yaml":                                                       "",
	} {
		got := ""
		if base, ok := ParseRemote(text); ok {
			got = base.String()
		}
		if got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

// remoteTree is an overlay on a remote base, which itself refers to another,
// with the files of both where a tree shows them.
func remoteTree() (Files, []RemoteAnswer) {
	base := RemoteBase{URL: "https://github.com/acme/base", Ref: commitA, Path: "."}
	deep := RemoteBase{URL: "https://git.example.com/acme/deep", Ref: commitB, Path: "."}
	at := func(b RemoteBase, name string) string { return path.Join(RemoteFolder, b.Folder(), name) }
	files := Files{
		"overlays/prod/kustomization.yaml":    "resources:\n- https://github.com/acme/base//web?ref=" + commitA + "\n- own.yaml\nnamePrefix: prod-\npatches:\n- patch: |\n    kind: Deployment\n    apiVersion: apps/v1\n    metadata: {name: web}\n    spec: {replicas: 3}\n",
		"overlays/prod/own.yaml":              "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: own\n",
		at(base, "web/kustomization.yaml"):    "resources:\n- web.yaml\n- ../common\n- https://git.example.com/acme/deep?ref=" + commitB + "\n",
		at(base, "web/web.yaml"):              "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  minReadySeconds: 5\n",
		at(base, "common/kustomization.yaml"): "configMapGenerator:\n- name: common\n  literals: [a=b]\n",
		at(deep, "kustomization.yaml"):        "resources: [deep.yaml]\n",
		at(deep, "deep.yaml"):                 "apiVersion: v1\nkind: Service\nmetadata:\n  name: deep\n",
	}
	return files, []RemoteAnswer{{URL: base.URL, Ref: base.Ref}, {URL: deep.URL, Ref: deep.Ref}}
}

// TestRemoteBase builds on remote bases as on folders of the tree, and says
// what is whose.
func TestRemoteBase(t *testing.T) {
	files, answers := remoteTree()
	snapshot := Open(files, Options{Remotes: answers}).Watch()
	build, err := snapshot.Build(t.Context(), "overlays/prod")
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	for _, o := range build.Objects {
		for field := range o.Scalars() {
			source, err := build.Explain(t.Context(), o, field)
			if err != nil {
				t.Fatal(err)
			}
			said := source.String()
			if source.Remote != nil {
				said += fmt.Sprintf(" by %s:%d", source.Remote.Path, source.Remote.Line)
			}
			sources[o.Ref.Kind+" "+field.String()] = said
		}
	}
	for field, want := range map[string]string{
		"Deployment spec.minReadySeconds": "https://github.com/acme/base//web/web.yaml?ref=" + commitA + ":7:20 by overlays/prod/kustomization.yaml:2",
		"Deployment spec.replicas":        "overlays/prod/kustomization.yaml:10:22",
		"Service kind":                    "https://git.example.com/acme/deep//deep.yaml?ref=" + commitB + ":2:7 by overlays/prod/kustomization.yaml:2",
	} {
		if sources[field] != want {
			t.Errorf("%s is said at\n%s, want\n%s", field, sources[field], want)
		}
	}
	reads, err := snapshot.Reads()
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(slices.Collect(maps.Keys(reads)), InRemote); i >= 0 {
		t.Errorf("the read set holds what never changes: %v", reads)
	}
	overlays, err := snapshot.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(overlays) != 1 || len(overlays[0].Refusals) > 0 || len(overlays[0].Remotes) != 2 {
		t.Errorf("found %+v; want one overlay with two remote bases", overlays)
	}
}

// TestRemoteAsLocal compares the build with that of the same files in one tree.
func TestRemoteAsLocal(t *testing.T) {
	files, answers := remoteTree()
	remote, err := Open(files, Options{Remotes: answers}).Build(t.Context(), "overlays/prod")
	if err != nil {
		t.Fatal(err)
	}
	local := Files{}
	for name, text := range files {
		for _, a := range answers {
			base := RemoteBase{URL: a.URL, Ref: a.Ref, Path: "."}
			name = strings.Replace(name, RemoteFolder+"/"+base.Folder(), path.Base(base.URL), 1)
		}
		text = strings.Replace(text, "https://github.com/acme/base//web?ref="+commitA, "../../base/web", 1)
		local[name] = strings.Replace(text, "https://git.example.com/acme/deep?ref="+commitB, "../../deep", 1)
	}
	copied, err := Open(local, Options{}).Build(t.Context(), "overlays/prod")
	if err != nil {
		t.Fatal(err)
	}
	want, err := copied.YAML()
	if err != nil {
		t.Fatal(err)
	}
	got, err := remote.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("of a copied and a remote base (-copied +remote):\n%s", diff)
	}
}

// TestRemoteRefused changes one thing about the remote bases.
func TestRemoteRefused(t *testing.T) {
	base := path.Join(RemoteFolder, RemoteBase{URL: "https://github.com/acme/base", Ref: commitA}.Folder())
	const entry = "overlays/prod/kustomization.yaml:2:"
	for name, c := range map[string]struct {
		change func(Files, []RemoteAnswer) []RemoteAnswer
		want   string // reason, place, message
	}{
		"not answered": {func(f Files, _ []RemoteAnswer) []RemoteAnswer { return nil },
			"remote " + entry + " would be fetched"},
		"refused": {func(f Files, a []RemoteAnswer) []RemoteAnswer {
			a[0].Refused = "is of a host that nobody allows"
			return a
		},
			"remote " + entry + " is of a host that nobody allows"},
		"another commit": {func(f Files, a []RemoteAnswer) []RemoteAnswer { a[0].Ref = commitB; return a },
			"remote " + entry + " would be fetched"},
		"a remote base of the base is refused": {func(f Files, a []RemoteAnswer) []RemoteAnswer { a[1].Refused = "is too much"; return a },
			"remote " + entry + " https://github.com/acme/base//web/kustomization.yaml?ref=" + commitA + " at line 4: https://git.example.com/acme/deep?ref=" + commitB + " is too much"},
		"a link out of the base": {func(f Files, a []RemoteAnswer) []RemoteAnswer {
			f[base+"/web/web.yaml"] = LinkTo + "../../../overlays/prod/own.yaml"
			return a
		}, "outside " + entry + " leads out of the repository"},
		"a path out of the base": {func(f Files, a []RemoteAnswer) []RemoteAnswer {
			f[base+"/web/kustomization.yaml"] = "resources:\n- ../../../overlays/prod/own.yaml\n"
			return a
		}, "outside " + entry + " leads out of the repository"},
		"a keyed path out of the base": {func(f Files, a []RemoteAnswer) []RemoteAnswer {
			f[base+"/web/kustomization.yaml"] = "configMapGenerator:\n- name: x\n  files: [k=../../../overlays/prod/own.yaml]\n"
			return a
		}, "outside " + entry + " leads out of the repository"},
		"a program in the base": {func(f Files, a []RemoteAnswer) []RemoteAnswer {
			f[base+"/web/web.yaml"] = "kind: X\n"
			f[base+"/web/kustomization.yaml"] = "generators: [web.yaml]\n"
			return a
		}, "exec " + entry + " would run a program or container"},
		"a patch from the base's repository": {func(f Files, a []RemoteAnswer) []RemoteAnswer {
			f["overlays/prod/kustomization.yaml"] = "patches:\n- path: https://github.com/acme/base//web?ref=" + commitA + "\n"
			return a
		}, "remote " + entry + " would be fetched"},
		"no such folder": {func(f Files, a []RemoteAnswer) []RemoteAnswer {
			f["overlays/prod/kustomization.yaml"] = "resources:\n- https://github.com/acme/base//gone?ref=" + commitA + "\n"
			return a
		}, "missing " + entry + " https://github.com/acme/base//gone?ref=" + commitA + " names a folder that the commit does not have"},
		"a file": {func(f Files, a []RemoteAnswer) []RemoteAnswer {
			f["overlays/prod/kustomization.yaml"] = "resources:\n- https://github.com/acme/base//web/web.yaml?ref=" + commitA + "\n"
			return a
		}, "missing " + entry + " names a file"},
		"a broken file": {func(f Files, a []RemoteAnswer) []RemoteAnswer {
			f[base+"/web/web.yaml"] = "kind: Deployment\n metadata: {}\n"
			return a
		}, "invalid " + entry + " https://github.com/acme/base//web/web.yaml?ref=" + commitA + " at line 2"},
		"back to itself": {func(f Files, a []RemoteAnswer) []RemoteAnswer {
			f[base+"/web/kustomization.yaml"] = "resources:\n- https://github.com/acme/base//web?ref=" + commitA + "\n"
			return a
		}, "cycle " + entry + " refers back to"},
	} {
		t.Run(name, func(t *testing.T) {
			files, answers := remoteTree()
			answers = c.change(files, answers)
			_, err := Open(files, Options{Remotes: answers}).Build(t.Context(), "overlays/prod")
			broken, ok := err.(*BuildError)
			if !ok {
				t.Fatalf("got %v; want a build error", err)
			}
			reason, message, _ := strings.Cut(c.want, " "+entry+" ")
			got := fmt.Sprintf("%s %s:%d: %s", broken.Reason, broken.Path, broken.Line, broken.Text())
			if !strings.HasPrefix(got, reason+" "+entry) || !strings.Contains(got, message) || strings.Contains(got, RemoteFolder) {
				t.Errorf("got\n%s, want\n%s", got, c.want)
			}
		})
	}
}
