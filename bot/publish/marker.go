package publish

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// A key signs the hidden markers of one repository, so that what we read back
// is what we wrote, there.
type key []byte

// markers are hidden comments at the end of what we write: what is to be found
// again, and a signature.
var markers = regexp.MustCompile(`<!-- kustodian:v1:([A-Za-z0-9,=]+):([0-9a-f]{32}) -->\s*$`)

// What a marker says begins so, save that of a finding that stands: that is
// its fingerprint alone.
const (
	gonePrefix  = "gone="  // a fingerprint: we said that it is gone
	fixesPrefix = "fixes=" // what a pull request of fixes holds
	checkPrefix = "check=" // the digests of what a check run says, and of its annotations
)

// marker is a hidden comment that says text: ASCII letters, digits, "," and "=".
func (k key) marker(text string) string {
	return "<!-- kustodian:v1:" + text + ":" + k.sign(text) + " -->"
}

// read returns what the marker at the end of a body says, "" where there is
// none that this key signed.
func (k key) read(body string) string {
	m := markers.FindStringSubmatch(body)
	if m == nil || !hmac.Equal([]byte(m[2]), []byte(k.sign(m[1]))) {
		return ""
	}
	return m[1]
}

// sign is half of a HMAC-SHA-256 in hexadecimal: 128 bits.
func (k key) sign(text string) string {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(text)) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// unmarked is a body without its marker.
func unmarked(body string) string {
	return strings.TrimSpace(markers.ReplaceAllString(body, ""))
}
