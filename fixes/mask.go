package fixes

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// What stands in place of a secret, where it differs from the other side too.
const (
	maskedText        = "(masked)"
	maskedChangedText = "(masked, changed)"
)

func isMasked(text string) bool { return text == maskedText }

// masked copies an object with its secrets masked; before is the same object
// on the other side, nil where there is none or it does not matter.
func masked(ref overlay.ObjectRef, node, before *yaml.Node) *yaml.Node {
	return maskedAt(ref, nil, node, before)
}

func maskedAt(ref overlay.ObjectRef, field overlay.Field, node, before *yaml.Node) *yaml.Node {
	node, before = resolved(node), resolved(before)
	if node == nil {
		return nil
	}
	out := *node
	// Comments of the build are nobody's, and an anchor would print twice.
	out.HeadComment, out.LineComment, out.FootComment, out.Anchor = "", "", "", ""
	if node.Kind == yaml.ScalarNode {
		if isSecret(ref, field, node) {
			out.Value, out.Tag, out.Style = maskedText, "!!str", 0
			if before != nil && before.Value != node.Value {
				out.Value = maskedChangedText
			}
		}
		return &out
	}
	out.Style &^= yaml.FlowStyle
	out.Content = make([]*yaml.Node, len(node.Content))
	if node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i].Value
			out.Content[i] = node.Content[i]
			out.Content[i+1] = maskedAt(ref, field.Append(key), node.Content[i+1], child(before, key))
		}
		return &out
	}
	for i, item := range node.Content {
		step, other := overlay.IndexStep(i), (*yaml.Node)(nil)
		if name := scalar(item, "name"); name != "" {
			step = overlay.ItemStep("name", name)
			if before != nil {
				other = itemOf(before, "name", name)
			}
		}
		out.Content[i] = maskedAt(ref, field.Append(step), item, other)
	}
	return &out
}

// isSecret reports whether a scalar must not be shown. It may say so too
// often: what is hidden can be read in the repository.
func isSecret(ref overlay.ObjectRef, field overlay.Field, node *yaml.Node) bool {
	if len(field) == 0 || node.Value == "" {
		return false
	}
	if ref.Kind == "Secret" && (field[0] == "data" || field[0] == "stringData") {
		return true
	}
	name := ""
	switch {
	case ref.Kind == "ConfigMap" && field[0] == "data":
		name = field.Last()
	case field.Last() == "value" && len(field) > 1:
		name = strings.TrimSuffix(strings.TrimPrefix(field[len(field)-2], "[name="), "]")
	}
	return secretLike(name, node.Value)
}

var (
	secretNames = regexp.MustCompile(`(?i)(passw(or)?d|passphrase|secret|token|api_?key|private_?key|access_?key|credential|auth_?key|dsn$)`)
	// Names that end so say where a secret is, or how long it lives.
	placeNames   = regexp.MustCompile(`(?i)_(file|path|dir|name|ttl|url|host|port|expiry|timeout|enabled)$`)
	secretShapes = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{10,}\.[\w-]+\.|\b(AKIA|ASIA)[A-Z0-9]{16}\b|\b(gh[opsu]|github_pat|glpat|xox[abp])[-_]\w{16,}|://[^/\s:@]+:[^/\s@]+@|--?[\w-]*(password|token|secret)=`)
)

// secretLike reports whether a value, by its name or its own shape, is one
// that only a Secret may hold.
func secretLike(name, value string) bool {
	return secretNames.MatchString(name) && !placeNames.MatchString(name) || secretShapes.MatchString(value)
}
