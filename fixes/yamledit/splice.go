// Package yamledit makes byte-minimal edits of YAML text. It knows no Kubernetes.
package yamledit

// A Splice puts New in place of the bytes Start to End, half open, of the
// file as it was read.
type Splice struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	New   string `json:"new"`
}
