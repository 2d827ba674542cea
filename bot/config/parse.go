package config

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/fixes/registry"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// Parse decodes the configuration src, which stands at path, over another
// below it, such as [Default] or the organisation's: a key that src has
// replaces the other's, a rule or environment only its own entry, and none
// that the other has locked. It returns what is right in src, and what is not
// as findings of rule config-invalid.
func Parse(path string, src []byte, below Config) (Config, []rules.Finding) {
	config := below.clone()
	config.Exists = true
	if !below.Exists {
		config.PullRequests.Mode = Automatic
	}
	r := &reader{path: path, config: &config, locked: below.Locked}
	if document := r.document(src); document != nil {
		r.own = ownIDs(document)
		r.named = namedEnvironments(document, config.Environments)
		r.root(document)
		r.settle()
	}
	return config, r.told()
}

// Unread is the fault of a file that cannot be read for a reason of its own.
func Unread(path string, why error) rules.Finding {
	r := &reader{path: path}
	r.fault(&yaml.Node{}, "the file is not read: %v", why)
	return r.faults[0]
}

// clone copies what is written to in place, so that what stands below keeps its own.
func (c Config) clone() Config {
	c.Environments, c.Rules.Severities, c.Block = cloned(c.Environments), cloned(c.Rules.Severities), cloned(c.Block)
	c.Rules.In = cloned(c.Rules.In)
	c.Settings, c.Locked, c.Rules.Own = slices.Clone(c.Settings), slices.Clone(c.Locked), slices.Clone(c.Rules.Own)
	c.Sections, c.Rules.Sections, c.Ignore = slices.Clone(c.Sections), slices.Clone(c.Rules.Sections), slices.Clone(c.Ignore)
	c.Fixes.Sections = slices.Clone(c.Fixes.Sections)
	return c
}

func cloned[M ~map[K]V, K comparable, V any](m M) M {
	out := M{}
	maps.Copy(out, m)
	return out
}

// maxFile is how many bytes a configuration may have: GitHub gives no more of
// the organisation's either.
const maxFile = 1 << 20

// document is the root of a file, nil where there is none to read.
func (r *reader) document(src []byte) *yaml.Node {
	if len(src) > maxFile {
		r.fault(&yaml.Node{}, "the file has %d KB, and %d are allowed; nothing of it counts", len(src)>>10, maxFile>>10)
		return nil
	}
	var document, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		line := errorLine(err)
		if at := tabbed(src); at > 0 && at <= line {
			r.fault(&yaml.Node{Line: at, Column: 1}, "the line is indented with a tab, and YAML wants blanks")
			return nil
		}
		r.fault(&yaml.Node{Line: line, Column: 1}, "the file is not YAML: %v", err)
		return nil
	}
	if err := decoder.Decode(&second); err == nil && len(second.Content) > 0 {
		r.fault(second.Content[0], "a configuration is one document, and this is a second; nothing of it counts: take the --- out, or what is below it")
	}
	if len(document.Content) == 0 {
		r.fault(&yaml.Node{Line: 1, Column: 1}, `the file is empty; write "version: 1"`)
		return nil
	}
	return document.Content[0]
}

// tabbed is the first line that is indented with a tab, 0 for none.
func tabbed(src []byte) int {
	for i, line := range bytes.Split(src, []byte("\n")) {
		if blank := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]; bytes.Contains(blank, []byte("\t")) {
			return i + 1
		}
	}
	return 0
}

var lineInError = regexp.MustCompile(`line (\d+)`)

// errorLine is the line that an error of the YAML parser names, else 1.
func errorLine(err error) int {
	if m := lineInError.FindStringSubmatch(err.Error()); m != nil {
		if line, err := strconv.Atoi(m[1]); err == nil {
			return line
		}
	}
	return 1
}

// root reads a whole file that counts everywhere.
func (r *reader) root(node *yaml.Node) {
	config := r.config
	known := keys{
		"version": r.version,
		"rules":   func(n *yaml.Node) { r.rules(n, grading{config.Rules.Severities, config.Rules.In, config.Block}) },
		"ignore":  r.ignores,
		"cluster": func(n *yaml.Node) {
			r.mapping(n, keys{
				"version":   r.clusterVersion(&config.Rules.ClusterVersion),
				"cpuLimits": r.oneOf(&config.Rules.CPULimits, rules.CPULimitsForbid, rules.CPULimitsRequire),
			})
		},
		"environments": r.environments,
		"custom":       func(n *yaml.Node) { r.custom(n, &config.Rules) },
		"inlineIgnore": r.oneOf(&config.InlineIgnore, InlineAllow),
		"resources":    r.resources(&config.Fixes.Resources),
		"images": func(n *yaml.Node) {
			r.mapping(n, keys{
				"leave": r.patterns(&config.Fixes.LeaveImages), "mirror": r.text(&config.Fixes.Mirror), "maxSize": r.size(&config.Rules.ImageSize),
				"mirrors": r.mirrors(new([]registry.Mirror)), // they count where [MirrorsOf] reads them
			})
		},
		"fix":   func(n *yaml.Node) { r.fix(n, config) },
		"sweep": func(n *yaml.Node) { r.sweep(n, &config.Sweep) },
		"kinds": func(n *yaml.Node) {
			config.Rules.Kinds = nil
			r.list(func(n *yaml.Node) { r.kind(n, &config.Rules) })(n)
		},
		"contact":   r.texts(&config.Rules.Contact),
		"generated": r.patterns(&config.Generated),
		"check": func(n *yaml.Node) {
			r.mapping(n, keys{"always": r.flag(&config.CheckAlways)})
		},
		"paths":  r.paths,
		"locked": r.locks,
	}
	seen := r.mapping(node, known)
	r.need(node, seen, "the %s is missing; write \"version: 1\"", "version")
	for _, check := range r.last {
		check()
	}
}

func (r *reader) version(n *yaml.Node) {
	if !r.asked(n, shape{"const": 1}) && (n.Value != "1" || n.ShortTag() != "!!int") {
		r.fault(n, "the version is 1 (a number), not %s", kind(n))
	}
}

func (r *reader) fix(n *yaml.Node, config *Config) {
	r.mapping(n, keys{
		"pullRequests": r.oneOf(&config.PullRequests.Mode, Automatic, OnRequest, Never),
		"max":          r.atMost(config.Caps.PullRequests, &config.PullRequests.Max),
		"labels":       r.texts(&config.PullRequests.Labels),
		"reviewers":    r.oneOf(&config.PullRequests.Reviewers, "codeowners"),
		"env":          r.env(&config.Fixes.Env),
		"unbuilt":      r.oneOf(&config.Fixes.Unbuilt, fixes.UnbuiltRefuse, fixes.UnbuiltAllow),
		"staged":       r.flag(&config.Fixes.Staged),

		"startingResources": r.startingResources(&config.Fixes.StartingResources),
	})
}

func (r *reader) env(to *string) func(*yaml.Node) { return r.oneOf(to, fixes.EnvByKey, fixes.EnvFrom) }

// kind reads where the objects of a custom resource keep their containers.
func (r *reader) kind(node *yaml.Node, policy *rules.Policy) {
	before := len(r.faults)
	var kind rules.Kind
	seen := r.mapping(node, keys{
		"group": r.text(&kind.Group),
		"kind":  r.text(&kind.Kind),
		"pod":   r.field(&kind.Pod, "spec.template.spec"),
		"containers": r.list(func(n *yaml.Node) {
			var at overlay.Field
			if r.field(&at, "spec.template.spec")(n); at != nil {
				kind.Containers = append(kind.Containers, at)
			}
		}),
		"ends": r.flag(&kind.Ends),
	})
	const form = "{group: example.com, kind: Worker, pod: spec.template.spec}"
	r.need(node, seen, "a kind needs its %s: "+form, "kind")
	if node == nil {
		return
	}
	if len(r.faults) == before && len(kind.Pod)+len(kind.Containers) == 0 {
		r.fault(node, "a kind needs to say where its pod or its containers are: %s", form)
	}
	if len(r.faults) == before {
		policy.Kinds = append(policy.Kinds, kind)
	}
}

func (r *reader) field(to *overlay.Field, example string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "string", "minLength": 1}) {
			return
		}
		parsed, err := overlay.ParseField(n.Value)
		if err != nil || n.Kind != yaml.ScalarNode || len(parsed) == 0 {
			r.fault(n, "%q is no field; write one such as %s", n.Value, example)
			return
		}
		*to = parsed
	}
}

func (r *reader) size(to *int64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": []string{"string", "integer"}}) {
			return
		}
		q, err := resource.ParseQuantity(n.Value)
		if err != nil || q.Sign() <= 0 || q.Value() <= 0 {
			r.fault(n, "%s is no size; write one such as 500Mi or 2Gi", kind(n))
			return
		}
		*to = q.Value()
	}
}

func (r *reader) knownRule(n *yaml.Node) bool {
	ids := slices.Clone(r.own)
	for _, below := range r.config.Rules.Own {
		ids = append(ids, below.ID)
	}
	for rule := range rules.All() {
		ids = append(ids, rule.ID)
	}
	switch {
	case n.Kind != yaml.ScalarNode || n.Value == "":
		r.fault(n, "want the id of a rule, not %s; kustodian rules lists them", kind(n))
		return false
	case slices.Contains(ids, n.Value):
		return true
	}
	r.fault(n, "there is no rule %q%s; kustodian rules lists them", n.Value, near(n.Value, ids))
	return false
}

func (r *reader) day(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "string", "format": "date"}) {
			return
		}
		if _, err := time.Parse(time.DateOnly, n.Value); err != nil {
			r.fault(n, "%s is not a day; write it as 2027-01-31", kind(n))
			return
		}
		*to = n.Value
	}
}

// versionForm is a version of Kubernetes, whose last number tells nothing here.
var versionForm = regexp.MustCompile(`^[1-9]\d?\.\d{1,3}(\.\d+)?$`)

func (r *reader) clusterVersion(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "string", "pattern": versionForm.String()}) {
			return
		}
		if !versionForm.MatchString(n.Value) || n.Tag != "!!str" {
			r.fault(n, `%s is no version; write major.minor in quotes, such as "1.34"`, kind(n))
			return
		}
		*to = n.Value
	}
}

func (r *reader) pattern(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.asked(n, shape{"type": "string", "minLength": 1}) {
			return
		}
		if r.fits(n) {
			r.text(to)(n)
		}
	}
}

// fits reports whether a text is a pattern that can match anything: paths are
// from the repository's root, or from the folder of its file.
func (r *reader) fits(n *yaml.Node) bool {
	bad := slices.ContainsFunc([]string{"/", "./", "../"}, func(start string) bool { return strings.HasPrefix(n.Value, start) })
	switch {
	case bad && r.folder == "":
		r.fault(n, "%q matches nothing; write paths from the repository's root, such as overlays/lab/**", n.Value)
	case bad:
		r.fault(n, "%q matches nothing; write paths from this file's folder, such as overlays/lab/**", n.Value)
	case !doublestar.ValidatePattern(n.Value):
		r.fault(n, "%q is no pattern; * stands for part of a name, ** for folders", n.Value)
	default:
		return true
	}
	return false
}

func (r *reader) patterns(to *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*to = []string{} // an empty list says something
		r.list(func(n *yaml.Node) {
			var pattern string
			if r.pattern(&pattern)(n); pattern != "" {
				*to = append(*to, pattern)
			}
		})(n)
	}
}
