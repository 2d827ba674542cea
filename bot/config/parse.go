package config

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/robfig/cron/v3"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/kustodian/kustodian/fixes"
	"github.com/kustodian/kustodian/rules"
	"github.com/kustodian/kustodian/rules/overlay"
)

// Parse decodes the configuration src, which stands at path, over another
// below it, such as [Default] or the organisation's: a key that src has
// replaces the other's, a rule or environment only its own entry. It returns
// what is right in src, and what is not as findings of rule config-invalid.
func Parse(path string, src []byte, below Config) (Config, []rules.Finding) {
	config := below
	config.Exists = true
	if !below.Exists {
		config.PullRequests.Mode = Automatic
	}

	r := &reader{path: path}
	var document yaml.Node
	if err := yaml.Unmarshal(src, &document); err != nil {
		r.fault(&yaml.Node{Line: errorLine(err), Column: 1}, "the file is not YAML: %v", err)
		return config, r.faults
	}
	if len(document.Content) == 0 {
		r.fault(&yaml.Node{Line: 1, Column: 1}, `the file is empty; write "version: 1"`)
		return config, r.faults
	}
	r.config(document.Content[0], &config)
	return config, r.faults
}

// config reads the whole file.
func (r *reader) config(node *yaml.Node, config *Config) {
	r.own = ownIDs(node)
	for _, below := range config.Rules.Own {
		r.own = append(r.own, below.ID)
	}
	seen := r.mapping(node, keys{
		"version": func(n *yaml.Node) {
			if n.Value != "1" {
				r.fault(n, "version %s is not known; write 1", n.Value)
			}
		},
		"cluster": func(n *yaml.Node) {
			r.mapping(n, keys{
				"version":   r.clusterVersion(&config.Rules.ClusterVersion),
				"cpuLimits": r.oneOf(&config.Rules.CPULimits, rules.CPULimitsForbid, rules.CPULimitsRequire),
			})
		},
		"environments": func(n *yaml.Node) {
			config.Environments = cloned(config.Environments)
			r.each(n, func(key, value *yaml.Node) {
				var patterns []string
				r.patterns(&patterns)(value)
				config.Environments[key.Value] = patterns
			})
		},
		"rules":        func(n *yaml.Node) { r.rules(n, config) },
		"custom":       func(n *yaml.Node) { r.custom(n, &config.Rules) },
		"inlineIgnore": r.oneOf(&config.InlineIgnore, InlineAllow),
		"ignore": func(n *yaml.Node) {
			config.Ignore = nil
			r.list(func(n *yaml.Node) { r.ignore(n, config) })(n)
		},
		"resources": func(n *yaml.Node) {
			config.Fixes.Resources = nil
			r.list(func(n *yaml.Node) { r.resources(n, &config.Fixes) })(n)
		},
		"images": func(n *yaml.Node) {
			r.mapping(n, keys{"leave": r.patterns(&config.Fixes.LeaveImages)})
		},
		"fix": func(n *yaml.Node) {
			r.mapping(n, keys{
				"pullRequests": r.oneOf(&config.PullRequests.Mode, Automatic, OnRequest, Never),
				"max":          r.count(&config.PullRequests.Max),
				"labels":       r.texts(&config.PullRequests.Labels),
				"reviewers":    r.oneOf(&config.PullRequests.Reviewers, "codeowners"),
				"env":          r.oneOf(&config.Fixes.Env, fixes.EnvByKey, fixes.EnvFrom),
				"unbuilt":      r.oneOf(&config.Fixes.Unbuilt, fixes.UnbuiltRefuse, fixes.UnbuiltAllow),
				"startingResources": func(n *yaml.Node) {
					entry := fixes.ResourcePolicy{Requests: map[string]string{}}
					if r.amounts(n, &entry, nil) {
						config.Fixes.StartingResources = &entry
					}
				},
			})
		},
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
	})
	if node.Kind == yaml.MappingNode && !seen["version"] {
		r.fault(node, `the version is missing; write "version: 1"`)
	}
}

// SweepOf is when a repository is swept by its configuration src: the only
// part of a repository's own that a server reads itself.
func SweepOf(src []byte) (sweep Sweep) {
	var document yaml.Node
	if err := yaml.Unmarshal(src, &document); err != nil || len(document.Content) == 0 {
		return sweep // which is told where the file is reviewed
	}
	if n := value(document.Content[0], "sweep"); n != nil {
		(&reader{}).sweep(n, &sweep)
	}
	return sweep
}

func (r *reader) sweep(n *yaml.Node, sweep *Sweep) {
	r.mapping(n, keys{"schedule": r.schedule(&sweep.Schedule), "timezone": r.timezone(&sweep.Timezone)})
}

// rules reads severities by rule: a word, or a mapping with severity and the
// environments in which a finding blocks.
func (r *reader) rules(node *yaml.Node, config *Config) {
	policy := &config.Rules
	policy.Severities, config.Block = cloned(policy.Severities), cloned(config.Block)
	r.each(node, func(key, value *yaml.Node) {
		if !r.knownRule(key) {
			return
		}
		severity := func(n *yaml.Node) {
			// YAML 1.1 readers take a bare off for false; people write it bare.
			parsed, err := rules.ParseSeverity(n.Value)
			if err != nil {
				r.fault(n, "%v", err)
				return
			}
			policy.Severities[key.Value] = parsed
		}
		if value.Kind == yaml.MappingNode {
			r.mapping(value, keys{"severity": severity, "block": func(n *yaml.Node) {
				var environments []string
				r.texts(&environments)(n)
				config.Block[key.Value] = environments
			}})
			return
		}
		severity(value)
	})
}

func (r *reader) ignore(node *yaml.Node, config *Config) {
	before := len(r.faults)
	ignore := Ignore{Line: node.Line}
	seen := r.mapping(node, keys{
		"rule": func(n *yaml.Node) {
			if r.knownRule(n) {
				ignore.Rule = n.Value
			}
		},
		"path":    r.pattern(&ignore.Path),
		"overlay": r.pattern(&ignore.Overlay),
		"kind":    r.pattern(&ignore.Kind),
		"name":    r.pattern(&ignore.Name),
		"reason":  r.text(&ignore.Reason),
		"until": func(n *yaml.Node) {
			if _, err := time.Parse(time.DateOnly, n.Value); err != nil {
				r.fault(n, "%q is not a day; write it as 2027-01-31", n.Value)
				return
			}
			ignore.Until = n.Value
		},
	})
	for _, key := range []string{"rule", "reason"} {
		if !seen[key] {
			r.fault(node, "an ignore needs a %s", key)
		}
	}
	if len(r.faults) == before {
		config.Ignore = append(config.Ignore, ignore)
	}
}

// kind reads where the objects of a custom resource keep their containers.
func (r *reader) kind(node *yaml.Node, policy *rules.Policy) {
	before := len(r.faults)
	var kind rules.Kind
	field := func(to *overlay.Field) func(*yaml.Node) {
		return func(n *yaml.Node) {
			parsed, err := overlay.ParseField(n.Value)
			if err != nil || n.Kind != yaml.ScalarNode || len(parsed) == 0 {
				r.fault(n, "%q is no field; write one such as spec.template.spec", n.Value)
				return
			}
			*to = parsed
		}
	}
	r.mapping(node, keys{
		"group": r.text(&kind.Group),
		"kind":  r.text(&kind.Kind),
		"pod":   field(&kind.Pod),
		"containers": r.list(func(n *yaml.Node) {
			var at overlay.Field
			if field(&at)(n); at != nil {
				kind.Containers = append(kind.Containers, at)
			}
		}),
		"ends": r.flag(&kind.Ends),
	})
	if len(r.faults) == before && (kind.Kind == "" || len(kind.Pod)+len(kind.Containers) == 0) {
		r.fault(node, "a kind needs its kind, and where its pod or its containers are: {group: example.com, kind: Worker, pod: spec.template.spec}")
	}
	if len(r.faults) == before {
		policy.Kinds = append(policy.Kinds, kind)
	}
}

func (r *reader) resources(node *yaml.Node, policy *fixes.Policy) {
	entry := fixes.ResourcePolicy{Requests: map[string]string{}}
	match := func(n *yaml.Node) {
		r.mapping(n, keys{
			"namespace": r.pattern(&entry.Match.Namespace), "kind": r.text(&entry.Match.Kind),
			"name": r.pattern(&entry.Match.Name), "container": r.pattern(&entry.Match.Container),
		})
	}
	if r.amounts(node, &entry, match) {
		policy.Resources = append(policy.Resources, entry)
	}
}

// amounts reads requests and what goes with them, and reports whether all of
// it is right; match reads which containers, nil where that is not asked.
func (r *reader) amounts(node *yaml.Node, entry *fixes.ResourcePolicy, match func(*yaml.Node)) bool {
	before := len(r.faults)
	read := keys{
		"requests": func(n *yaml.Node) {
			r.each(n, func(key, value *yaml.Node) {
				if key.Value != "cpu" && key.Value != "memory" {
					r.fault(key, "requests has no key %q; write cpu or memory", key.Value)
					return
				}
				if q, err := resource.ParseQuantity(value.Value); err != nil || q.Sign() <= 0 {
					r.fault(value, "%q is no amount of %s; write one such as 100m or 256Mi", value.Value, key.Value)
					return
				}
				entry.Requests[key.Value] = value.Value
			})
		},
		"memoryLimitFactor": r.factor(&entry.MemoryLimitFactor),
	}
	if match != nil {
		read["match"] = match
	}
	r.mapping(node, read)
	if len(entry.Requests) == 0 && len(r.faults) == before {
		r.fault(node, "the entry has no requests; write requests: {cpu: 100m, memory: 256Mi}")
	}
	return len(r.faults) == before
}

func (r *reader) knownRule(n *yaml.Node) bool {
	ids := slices.Clone(r.own)
	for rule := range rules.All() {
		ids = append(ids, rule.ID)
	}
	if slices.Contains(ids, n.Value) {
		return true
	}
	r.fault(n, "there is no rule %q%s", n.Value, near(n.Value, ids))
	return false
}

func (r *reader) schedule(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if _, err := cron.ParseStandard(n.Value); err != nil {
			r.fault(n, `%q is no schedule; write five fields of cron such as "0 6 * * 1"`, n.Value)
			return
		}
		*to = n.Value
	}
}

func (r *reader) timezone(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if _, err := time.LoadLocation(n.Value); err != nil {
			r.fault(n, "%q is no time zone; write one such as Europe/Berlin", n.Value)
			return
		}
		*to = n.Value
	}
}

func (r *reader) clusterVersion(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var major, minor int
		if _, err := fmt.Sscanf(n.Value, "%d.%d", &major, &minor); err != nil || n.Tag != "!!str" {
			r.fault(n, `%q is no version; write major.minor in quotes, such as "1.34"`, n.Value)
			return
		}
		*to = n.Value
	}
}

func (r *reader) pattern(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if !doublestar.ValidatePattern(n.Value) {
			r.fault(n, "%q is no pattern; * stands for part of a name, ** for folders", n.Value)
			return
		}
		r.text(to)(n)
	}
}

func (r *reader) patterns(to *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*to = nil
		r.list(func(n *yaml.Node) {
			var pattern string
			if r.pattern(&pattern)(n); pattern != "" {
				*to = append(*to, pattern)
			}
		})(n)
	}
}

// cloned copies a map, so that what stands below keeps its own.
func cloned[M ~map[K]V, K comparable, V any](m M) M {
	out := M{}
	maps.Copy(out, m)
	return out
}
