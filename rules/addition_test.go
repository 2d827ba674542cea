package rules

import (
	"testing"

	"github.com/kustodian/kustodian/rules/overlay"
)

// TestAdditions reads what is added to overlays, and asks what of an object it
// changes.
func TestAdditions(t *testing.T) {
	flux := func(spec string) string {
		return "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec:\n  path: ./apps/web\n  " + spec + "\n"
	}
	argo := func(source string) string {
		return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\nspec:\n  source: {path: apps/web, kustomize: {" + source + "}}\n"
	}
	web := overlay.ObjectRef{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web"}
	for _, c := range []struct{ text, field, value, want string }{
		{flux("postBuild: {substitute: {N: '2'}}"), "spec.replicas", "${N}", "puts a value in place of this"},
		{flux("postBuild: {substituteFrom: [{kind: ConfigMap, name: x}]}"), "spec.replicas", "${N:=1}", "puts a value in place of this"},
		{flux("postBuild: {substitute: {N: '2'}}"), "spec.replicas", "2", ""},
		{flux("postBuild: {}"), "spec.replicas", "${N}", ""},
		{flux("patches: [{patch: '{spec: {replicas: 2}}', target: {kind: Deployment}}]"), "spec.replicas", "1", "patches this"},
		{flux("patches: [{patch: '{spec: {replicas: 2}}', target: {kind: Deploy}}]"), "spec.replicas", "1", ""},
		{flux("patches: [{patch: '{spec: {replicas: 2}}', target: {name: we.*, namespace: shop}}]"), "spec.replicas", "1", "patches this"},
		{flux("patches: [{patch: '{spec: {replicas: 2}}', target: {namespace: other}}]"), "spec.replicas", "1", ""},
		{flux("patches: [{patch: '{kind: Deployment, metadata: {name: web}, spec: {paused: true}}'}]"), "spec.replicas", "1", ""},
		{flux("patches: [{patch: '{kind: Deployment, metadata: {name: other}, spec: {replicas: 2}}'}]"), "spec.replicas", "1", ""},
		{flux("patches: [{patch: '[{op: test, path: /spec/replicas, value: 1}]', target: {kind: Deployment}}]"), "spec.replicas", "1", ""},
		{flux("patches: [{patch: '[{op: add, path: /spec/template/spec/containers/-, value: {}}]', target: {kind: Deployment}}]"), "spec.template.spec.containers[name=app].resources", "", "patches this"},
		{flux("patches: [{patch: '&a {spec: *a}', target: {kind: Deployment}}]"), "spec.replicas", "1", ""},
		{flux("patches: [{patch: '][', target: {kind: Deployment}}, 7]"), "spec.replicas", "1", ""},
		{flux("patches: {}"), "spec.replicas", "1", ""},
		{flux("commonMetadata: {labels: {team: web}}"), "metadata.labels", "", "sets this label"},
		{flux("commonMetadata: {labels: {team: web}}"), "metadata.labels.app", "web", ""},
		{flux("components: [../x]"), "spec.replicas", "1", ""},
		{argo("replicas: [{name: web, count: 3}]"), "spec.replicas", "1", "sets these replicas"},
		{argo("replicas: [{name: other, count: 3}]"), "spec.replicas", "1", ""},
		{argo("namePrefix: a-"), "metadata.name", "web", "adds to this name"},
		{argo("namespace: shop"), "metadata.namespace", "", "sets this namespace"},
		{argo("commonAnnotations: {a: b}"), "spec.template.metadata.annotations.a", "c", "sets this annotation"},
		{argo("images: [7, {}, 'a=']"), "spec.template.spec.containers[name=app].image", "b", ""},
		{argo("images: ['example.com:5000/web']"), "spec.template.spec.containers[name=app].image", "example.com:5000/web:1", "sets this image"},
	} {
		note, _ := NoteFile("apps.yaml", []byte(c.text))
		field, err := overlay.ParseField(c.field)
		if err != nil {
			t.Fatal(err)
		}
		f := amended(Finding{Severity: Error, Object: web, Field: field, Message: "m"}, AdditionsTo([]Note{note}, "apps/web", ""), nil, c.value)
		want, severity := "m", Error
		if c.want != "" {
			by := "Flux Kustomization"
			if note.Additions[0].By == "Argo CD Application x" {
				by = "Argo CD Application"
			}
			want, severity = "m; "+by+" x in apps.yaml:1 "+c.want, Info
		}
		if f.Message != want || f.Severity != severity {
			t.Errorf("%s\n%s %q: %s %q, want %q", c.text, c.field, c.value, f.Severity, f.Message, want)
		}
		if others := AdditionsTo([]Note{note}, "apps/other", ""); len(others) > 0 {
			t.Errorf("%s\nis added to another folder: %+v", c.text, others)
		}
	}
}

func TestAdditionFolders(t *testing.T) {
	for _, c := range []struct{ path, generated, dir string }{
		{"./apps/web", "", "apps/web"}, {"/apps/web/", "", "apps/web"}, {"apps/{{env}}", "", "apps/dev"}, {"apps/{{ .env }}-x/web", "", "apps/dev-x/web"},
		{"{{path}}", "apps/*", "apps/web"}, {"{{.path.path}}", "apps/*", "apps/web"},
	} {
		if got := folders(c.path, []string{c.generated}); len(AdditionsTo([]Note{{Additions: []Addition{{Folders: got}}}}, c.dir, "")) != 1 {
			t.Errorf("%s is %q, which is not %s", c.path, got, c.dir)
		}
	}
	for _, path := range []string{"", "../other", "{{path}}", "a[b", "apps/*/web"} {
		if got := folders(path, nil); len(AdditionsTo([]Note{{Additions: []Addition{{Folders: got}}}}, "apps/web", "")) > 0 {
			t.Errorf("%s is %q, which means apps/web", path, got)
		}
	}
}
