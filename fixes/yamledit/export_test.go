package yamledit

// Verify is the check of an edit that means to change nothing.
func Verify(f *File, text []byte) error {
	_, err := f.verified(Edit{}, text, func(*Node) error { return nil })
	return err
}

// SpanOf is the bytes of a node, without anchor and tag.
func SpanOf(n *Node) (start, end int) { return n.start, n.end }

// StyleOf is how a node is written: plain, single, double, literal, folded, flow or block.
func StyleOf(n *Node) string {
	return [...]string{"plain", "single", "double", "literal", "folded", "flow", "block"}[n.style]
}
