package overlay

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// searchedLines bounds the search for the line that broke a file: each line
// searched costs one more parse of the lines before it.
const searchedLines = 300

// searchedBytes bounds the files that are searched at all, for the same reason.
const searchedBytes = 256 << 10

// brokenLine is the line of data, from 1, that ends what parses. The parser's
// own answer, said, is often where the block began that the line is wrong in.
func brokenLine(data []byte, said int) int {
	if len(data) > searchedBytes {
		return said
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	for n := min(len(lines), said+searchedLines); n >= said; n-- {
		var document yaml.Node
		if yaml.Unmarshal(bytes.Join(lines[:n], nil), &document) == nil {
			return min(n+1, len(lines))
		}
	}
	return said
}
