package rules_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"testing"

	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
	cases "github.com/kustodian/kustodian/testdata/rules"
)

// malformed are objects that no cluster takes, and that a build may well give.
var malformed = []string{
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {selector: null, template: {spec: {containers: null, volumes: 3}}}",
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: 7\nspec: {template: [1, 2]}",
	"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {replicas: x, volumeClaimTemplates: [null, {spec: 1}], template: {metadata: 4, spec: {containers: [{}, null, 3, {name: []}, {image: {a: b}}]}}}",
	"apiVersion: v1\nkind: Pod\nmetadata: {name: ä-é-日本}\nspec: {containers: [{name: a, resources: {requests: {cpu: 1..5}, limits: [1]}, env: [{name: x, value: {}}, x], ports: {a: b}, command: sh, args: [null, [1]]}]}",
	"apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: [1], annotations: x}\nspec: {selector: {a: {b: c}, d: null}, ports: [{port: http, targetPort: []}, 8]}",
	"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {selector: {matchExpressions: [{key: 1, operator: In, values: x}, 2]}, minAvailable: 200%}",
	"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {scaleTargetRef: [], metrics: [{resource: 3}], minReplicas: -1, maxReplicas: 1e99}",
	"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: '* *', jobTemplate: {spec: {template: {spec: {containers: {name: a}}}}}}",
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: [x]\nbinaryData: {a: 1}",
	"kind: {}\napiVersion: []\nmetadata: {name: {}}",
	"apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a}\nspec: {steps: {image: x}, sidecars: [1]}",
}

// FuzzRules holds every rule to a malformed object: it may say what it likes,
// and does not panic.
func FuzzRules(f *testing.F) {
	for _, object := range malformed {
		f.Add([]byte(object))
	}
	for rule := range rules.All() {
		for _, file := range caseFiles(f, rule.ID) {
			f.Add(file)
		}
	}
	snapshot := overlay.Open(overlay.Files{"kustomization.yaml": "resources: []\n"}, overlay.Options{})
	f.Fuzz(func(t *testing.T, text []byte) {
		build, err := snapshot.Build(t.Context(), ".")
		if err != nil {
			t.Fatal(err)
		}
		build.Production = true
		if build.Objects, err = objects(text, 100); err != nil {
			return
		}
		policy := policyOf("cluster 1.34")
		found, facts, err := rules.Run(t.Context(), rules.Subject{Build: build}, policy)
		if err != nil {
			t.Fatal(err)
		}
		joined, err := rules.Join(rules.Facts{Head: facts, Base: facts, Compared: true}, policy)
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range append(found, joined...) {
			if finding.Rule == "rule-failed" {
				t.Error(finding.Message)
			}
			if finding.Message == "" || finding.Fingerprint == "" {
				t.Errorf("a finding without message or fingerprint: %+v", finding)
			}
		}
	})
}

// objects are those of a text, the first of them, as a build would have them.
func objects(text []byte, most int) ([]*overlay.Object, error) {
	var out []*overlay.Object
	for decoder := yaml.NewDecoder(bytes.NewReader(text)); len(out) < most; {
		var document yaml.Node
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		// A build holds mappings, and the aliases in them are acyclic.
		if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode || bytes.ContainsRune(text, '*') {
			continue
		}
		o := &overlay.Object{Node: document.Content[0]}
		o.Ref = overlay.ObjectRef{APIVersion: scalarAt(o, "apiVersion"), Kind: scalarAt(o, "kind"), Name: scalarAt(o, "metadata", "name"), Namespace: scalarAt(o, "metadata", "namespace")}
		o.Origin = o.Ref
		out = append(out, o)
	}
	return out, nil
}

func scalarAt(o *overlay.Object, steps ...string) string {
	if n := o.Lookup(steps); n != nil && n.Kind == yaml.ScalarNode {
		return n.Value
	}
	return ""
}

// caseFiles are the YAML files of a rule's cases.
func caseFiles(t testing.TB, id string) [][]byte {
	t.Helper()
	names, err := fs.Glob(cases.FS, path.Join(id, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var files [][]byte
	for _, name := range names {
		src, err := fs.ReadFile(cases.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range txtar.Parse(src).Files {
			if path.Ext(file.Name) == ".yaml" && path.Base(file.Name) != "kustomization.yaml" {
				files = append(files, file.Data)
			}
		}
	}
	return files
}
