package config

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// examples show how each key is written, for whoever wrote it otherwise.
var examples = map[string]string{
	"version":      `version: 1`,
	"cluster":      `cluster: {version: "1.34"}`,
	"environments": `environments: {production: ["overlays/prod*"]}`,
	"rules":        `rules: {missing-liveness: off, node-port: {severity: error, block: [production]}}`,
	"ignore":       `ignore: [{rule: node-port, path: "overlays/lab/**", reason: no load balancer}]`,
	"custom":       `custom: [{id: team-label, check: has(object.metadata.labels.team), message: say which team owns it}]`,
	"inlineIgnore": `inlineIgnore: allow`,
	"resources":    `resources: [{match: {name: web}, requests: {cpu: 100m, memory: 256Mi}}]`,
	"images":       `images: {leave: ["example.com/dev/*"], maxSize: 2Gi}`,
	"fix":          `fix: {pullRequests: request, max: 5, labels: [kustodian], reviewers: codeowners}`,
	"sweep":        `sweep: {schedule: "0 6 * * 1", timezone: Europe/Berlin}`,
	"kinds":        `kinds: [{group: example.com, kind: Worker, pod: spec.template.spec}]`,
	"contact":      `contact: [example.com/team]`,
	"generated":    `generated: [".env"]`,
	"check":        `check: {always: true}`,
	"paths":        `paths: {"teams/shop/**": {rules: {node-port: off}}}`,
	"locked":       `locked: [rules.secret-in-git]`,
}

// misshapen tells that a node is of another shape than is wanted, and how it is
// written.
func (r *reader) misshapen(n *yaml.Node, want string) {
	key := "version"
	switch {
	case len(r.at) > 0:
		key = r.at[0]
	case r.section != "" && r.folder == "":
		key = "paths"
	}
	example := examples[key]
	hint := ""
	if example != "" {
		hint = fmt.Sprintf("; write it as in %s", example)
	}
	r.fault(n, "want %s, not %s%s", want, kind(n), hint)
}
