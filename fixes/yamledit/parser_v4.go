//go:build yamlv4

package yamledit

import (
	"bytes"

	"go.yaml.in/yaml/v4"
)

// The next version of the parser: what holds with both hangs on neither.
type parsed = yaml.Node

const (
	mappingNode  = yaml.MappingNode
	sequenceNode = yaml.SequenceNode
	aliasNode    = yaml.AliasNode

	singleQuotedStyle = yaml.SingleQuotedStyle
	doubleQuotedStyle = yaml.DoubleQuotedStyle
	literalStyle      = yaml.LiteralStyle
	foldedStyle       = yaml.FoldedStyle
	flowStyle         = yaml.FlowStyle
)

// decoder reads the documents of a text in turn, io.EOF after the last.
func decoder(src []byte) interface{ Decode(any) error } {
	return yaml.NewDecoder(bytes.NewReader(src))
}
