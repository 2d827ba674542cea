package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

// Fingerprint is the identity that the parts make: 20 hexadecimal digits. No
// part may be a line, an index or an overlay, which other changes move.
func Fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:10])
}

// numbers are left out of messages: they may be lines.
var numbers = regexp.MustCompile(`[0-9]+`)

// At returns the finding with the fingerprint that it has when its source file
// stands at path, as before a rename. Everything else stays.
func (f Finding) At(path string) Finding {
	switch {
	case f.Written != "":
		by, _, _ := strings.Cut(f.Written, "?") // which a remote base is pinned to changes
		f.Fingerprint = Fingerprint(f.Rule, path, "written", by)
		return f
	case f.Source.Entry != "":
		f.Fingerprint = Fingerprint(f.Rule, path, f.Source.By, f.Source.Entry, f.Reason)
		return f
	case f.Origin == overlay.ObjectRef{}:
		f.Fingerprint = Fingerprint(f.Rule, path, f.Reason, numbers.ReplaceAllString(f.Message, ""))
		return f
	}
	group, _, found := strings.Cut(f.Origin.APIVersion, "/")
	if !found {
		group = ""
	}
	f.Fingerprint = Fingerprint(f.Rule, path, group, f.Origin.Kind, f.Origin.Name, f.Field.String(), f.Reason)
	return f
}
