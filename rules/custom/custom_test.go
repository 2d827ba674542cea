package custom_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/custom"
)

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {team: shop, empty: ""}
  annotations: null
spec:
  replicas: 3
  ratio: 1.5
  paused: false
  list: [1, null, x]
  template:
    spec:
      containers:
      - {name: web, image: "registry.example.com/web:1.2", env: [{name: PASSWORD, value: hunter2}]}
      - {name: helper, image: helper}
`

func object(t testing.TB, kind, text string) custom.Value {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	return custom.ObjectOf(kind, document.Content[0])
}

func TestHolds(t *testing.T) {
	web := object(t, "Deployment", deployment)
	secret := object(t, "Secret", "metadata: {name: s, annotations: {kubectl.kubernetes.io/last-applied-configuration: x, a: b}}\ntype: Opaque\ndata: {a: YQ==}\nstringData: {b: b}\n")
	for _, c := range []struct {
		object custom.Value
		check  string
		want   string // true, false, or a pattern of the error
	}{
		{web, `has(object.metadata.labels.team)`, "true"},
		{web, `has(object.metadata.labels.owner)`, "false"},
		{web, `has(object.metadata.annotations.owner)`, "false"},          // null is absent
		{web, `!has(object.spec.template.metadata.labels.owner)`, "true"}, // no field of the path has to be there
		{web, `has(object.metadata.labels["team"].x)`, "false"},           // a text has no fields
		{web, `object.metadata.name + 1 == 2`, "no such overload"},
		{web, `object.metadata.?labels.?owner.orValue("nobody") == "nobody"`, "true"},
		{web, `object.spec.replicas >= 2 && object.spec.ratio > 1`, "true"},
		{web, `object.spec.paused`, "false"},
		{web, `object.spec.list.size() == 3`, "true"},
		{web, `object.spec.template.spec.containers.all(c, c.image.startsWith("registry.example.com/"))`, "false"},
		{web, `object.spec.template.spec.containers.exists(c, c.image.matches("^registry[.]example[.]com/"))`, "true"},
		{web, `overlay.production && overlay.environment == "prod" && overlay.path == "overlays/prod"`, "true"},
		{web, `old == null`, "true"},
		{web, `old == null || old.spec.replicas <= object.spec.replicas`, "true"},
		{web, `has(old.spec.replicas)`, "false"},
		{web, `old.?spec.?replicas.orValue(3) == object.spec.replicas`, "true"},
		{web, `object.spec.strategy.type == "Recreate"`, "there is no strategy; ask for it with has"},
		{web, `object.spec.replicas`, "it gives int and not true or false"},
		{web, `object.spec.list[1]`, "it gives nothing and not"},
		{web, `object.spec.list[7] == 1`, "no item of that number"},
		{web, `1 / (object.spec.replicas - 3) == 0`, "division by zero"},
		// What a check says of an error never repeats a value.
		{web, `int(object.spec.template.spec.containers[0].env[0].value) > 1`, "^a value cannot be converted$"},
		{web, `object[object.spec.template.spec.containers[0].env[0].value] == 1`, "^a key is not there"},
		{secret, `has(object.data) || has(object.stringData) || "data" in object`, "false"},
		{secret, `object.metadata.annotations == {"a": "b"} && object.type == "Opaque"`, "true"},
		{object(t, "List", "[]"), `object == {}`, "true"},
	} {
		check, faults := custom.Compile(c.check)
		if faults != nil {
			t.Errorf("%s: %v", c.check, faults)
			continue
		}
		holds, err := check.Holds(t.Context(), c.object, custom.Value{}, custom.Overlay{Path: "overlays/prod", Environment: "prod", Production: true}, custom.NewBudget(0))
		got := fmt.Sprint(holds)
		if err != nil {
			got = err.Error()
		}
		if !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%s: got %q, want %q", c.check, got, c.want)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		check        string
		line, column int
		want         string
	}{
		{``, 1, 1, "Syntax error"},
		{`object.spec.`, 1, 13, "Syntax error"},
		{"object.spec.a == 1 &&\n  objct.spec.b == 2", 2, 3, `no "objct"`},
		{`size(object) == 1 && mathces(object.a, "x")`, 1, 29, `no "mathces"`},
		{`overlay.enviroment == "prod"`, 1, 8, `overlay has no "enviroment"`},
		{`overlay.production == "yes"`, 1, 20, "no matching overload"},
		{`"text"`, 1, 1, "gives string"},
		{`has(object)`, 1, 5, "has asks for a field"},
		{`"a".matches("(")`, 1, 13, "pattern of matches is none"},
		{`"a".matches(object.pattern)`, 1, 19, "not written out"},
		{`"a".matches("` + strings.Repeat("a", 1025) + `")`, 1, 13, "1025 bytes; 1024 are allowed"},
		{`"a".matches("` + strings.Repeat("a{900}", 20) + `")`, 1, 13, "repeats too much"},
		{strings.Repeat(" ", 64<<10) + "true", 1, 1, "65 KB; 64 are allowed"},
		{strings.Repeat("(", 5000) + "true" + strings.Repeat(")", 5000), 1, 0, "recursion limit"},
		{strings.Repeat("[", 30000), 1, 0, "recursion limit"},
		{"true" + strings.Repeat("+1", 30000), 1, 0, "recursion"},
	} {
		start := time.Now()
		_, faults := custom.Compile(c.check)
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%.60s: took %s", c.check, took)
		}
		if len(faults) == 0 {
			t.Errorf("%.60s: no fault", c.check)
			continue
		}
		f := faults[0]
		if !regexp.MustCompile(c.want).MatchString(f.Message) || c.column > 0 && (f.Line != c.line || f.Column != c.column) {
			t.Errorf("%.60s: got %d:%d %q, want %d:%d %q", c.check, f.Line, f.Column, f.Message, c.line, c.column, c.want)
		}
	}
}

// TestOld asks what an object was before a change.
func TestOld(t *testing.T) {
	was := object(t, "Deployment", strings.Replace(deployment, "replicas: 3", "replicas: 5", 1))
	for check, want := range map[string]bool{
		`old == null || object.spec.replicas >= old.spec.replicas`: false,
		`old != null && has(old.metadata.labels.team)`:             true,
		`has(old.metadata.labels.owner)`:                           false,
		`object.metadata == old.metadata`:                          true,
		`object == old`:                                            false,
	} {
		compiled, faults := custom.Compile(check)
		if faults != nil || !compiled.AsksOld {
			t.Fatalf("%s: asks for old: %v, %v", check, compiled, faults)
		}
		holds, err := compiled.Holds(t.Context(), object(t, "Deployment", deployment), was, custom.Overlay{}, custom.NewBudget(0))
		if err != nil || holds != want {
			t.Errorf("%s: got %v %v, want %v", check, holds, err, want)
		}
	}
	if compiled, _ := custom.Compile(`object.old == "old"`); compiled == nil || compiled.AsksOld {
		t.Error("a field of that name is taken for what the object was")
	}
}

// TestHostile runs checks that are written to take long. Each ends, and says why.
func TestHostile(t *testing.T) {
	var list strings.Builder
	list.WriteString("list: [")
	for i := range 20_000 {
		fmt.Fprintf(&list, "item%d, ", i)
	}
	list.WriteString("]\nlong: " + strings.Repeat("a", 60_000) + "\n")
	huge := object(t, "ConfigMap", list.String())
	for name, check := range map[string]string{
		"old in loops":            `old.list.all(a, old.list.all(b, object.list.all(c, a + b + c != "")))`,
		"loops in loops":          `object.list.all(a, object.list.all(b, object.list.all(c, a + b + c != "")))`,
		"maps of maps":            `object.list.map(a, object.list.map(b, object.list)).size() == 0`,
		"doubled lists":           `[[0]]` + strings.Repeat(`.map(a, a + a)`, 40) + `[0].all(x, x == 0)`,
		"doubled trees":           `[0]` + strings.Repeat(`.map(a, [a, a])`, 40) + ` == [0]` + strings.Repeat(`.map(a, [a, a])`, 40),
		"doubled maps":            `[0]` + strings.Repeat(`.map(a, {"x": a, "y": a})`, 40) + ` == [0]` + strings.Repeat(`.map(a, {"x": a, "y": a})`, 40),
		"doubled texts":           `["aaaaaaaa"]` + strings.Repeat(`.map(a, a + a)`, 40) + `[0] == ""`,
		"a pattern that branches": `object.list.all(a, object.long.matches("(a?){150}(a*)*b"))`,
		"a long check":            strings.Repeat(`object.list[0] == "item0" && `, 2000) + `true && object.list.all(a, object.list.all(b, object.list.all(c, true)))`,
		"sums":                    `object.list.map(a, object.list.filter(b, a != b)).exists(l, l == object.list)`,
		"texts of lists":          `object.list.exists(a, object.list.exists(b, string(a) + object.long + object.long + b == ""))`,
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			check, faults := custom.Compile(check)
			if faults != nil {
				t.Logf("does not compile: %v", faults[0].Message)
				return
			}
			compiled := time.Since(start)
			holds, err := check.Holds(t.Context(), huge, huge, custom.Overlay{}, custom.NewBudget(0))
			took := time.Since(start)
			t.Logf("compiled in %s, ended after %s: %v %v", compiled, took, holds, err)
			if err == nil {
				t.Errorf("it holds: %t", holds)
			}
			if took > 30*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

// TestShare holds the builds of a job to what they may cost together.
func TestShare(t *testing.T) {
	for _, builds := range []int{0, 1, 100, 101, 5000} {
		share := custom.Share(builds)
		if share == 0 || share > custom.DefaultCost || share*uint64(builds) > custom.JobCost {
			t.Errorf("each of %d builds may cost %d", builds, share)
		}
	}
}

// TestBudget ends all checks of a build with what they may cost together, with
// their time, and with the job.
func TestBudget(t *testing.T) {
	web := object(t, "Deployment", deployment)
	check, faults := custom.Compile(`object.spec.template.spec.containers.all(c, c.image != "")`)
	if faults != nil {
		t.Fatal(faults)
	}
	budget := &custom.Budget{Cost: 50, Until: time.Now().Add(time.Minute)}
	asked := 0
	var err error
	for ; err == nil && asked < 50; asked++ {
		_, err = check.Holds(t.Context(), web, custom.Value{}, custom.Overlay{}, budget)
	}
	if !errors.Is(err, custom.ErrSpent) || asked < 2 {
		t.Errorf("after %d: %v, want more than one and %v", asked, err, custom.ErrSpent)
	}
	if _, err = check.Holds(t.Context(), web, custom.Value{}, custom.Overlay{}, &custom.Budget{Cost: 1000}); !errors.Is(err, custom.ErrSpent) {
		t.Errorf("past its time: %v, want %v", err, custom.ErrSpent)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err = check.Holds(ended, web, custom.Value{}, custom.Overlay{}, custom.NewBudget(0)); !errors.Is(err, context.Canceled) {
		t.Errorf("of a job that ended: %v", err)
	}
}
