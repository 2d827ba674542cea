package rules

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// secretShapes are values that are secrets whatever they are called.
var secretShapes = []*regexp.Regexp{
	regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`),
	regexp.MustCompile(`^eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+$`), // JWT
	regexp.MustCompile(`\b(AKIA|ASIA)[0-9A-Z]{16}\b`),                                    // AWS access key
	regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{36,}\b`),                                 // GitHub token
	regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9_]{60,}\b`),
	regexp.MustCompile(`\bglpat-[A-Za-z0-9_-]{20,}\b`),                  // GitLab token
	regexp.MustCompile(`\bxox[abprs]-[A-Za-z0-9-]{10,}\b`),              // Slack token
	regexp.MustCompile(`\bAIza[0-9A-Za-z_-]{35}\b`),                     // Google API key
	regexp.MustCompile(`\bsk_live_[0-9A-Za-z]{20,}\b`),                  // Stripe key
	regexp.MustCompile(`^[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@$]{3,}@`), // URL with a password
}

var (
	// secretName is a name that promises a secret; a bare KEY promises none.
	secretName = regexp.MustCompile(`(?i)(^|[_.-]|[a-z])(password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)$`)
	// placeholder is a value that somebody is to replace.
	placeholder = regexp.MustCompile(`(?i)^(change[-_ ]?(me|it|this)\b.*|replace.*|todo|xxx+|\*+|<[^<>]*>|your[-_ ].*|example|dummy|placeholder|none|null|test|password|secret|admin|root|postgres|minioadmin)$`)
	// elsewhere is a value that says where the secret is.
	elsewhere = regexp.MustCompile(`^(op://|vault:|ref\+|<path:|/|\./|arn:|projects/|https?://[^@]*$)`)
	// resolvedLater is a value that a tool replaces when it deploys.
	resolvedLater = regexp.MustCompile(`^(op://|vault:|ref\+|<path:|<[^<>]*>$|\{\{.*\}\}$|%%.*%%$)`)
	// objectName is a value that names an object which holds a secret, such as
	// web-secret in JGROUPS_ENCRYPT_SECRET.
	objectName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?-(secrets?|credentials?|creds|token)$`)
	// descriptive are small words that say which password it is, and are none.
	descriptive = regexp.MustCompile(`^([a-z]+-){2,}(password|passphrase)$`)
	notSecret   = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|[0-9.]+[a-z]{0,2})$`)
)

// shapedSecret reports whether a value is a secret by its shape.
func shapedSecret(value string) bool {
	for _, shape := range secretShapes {
		if shape.MatchString(value) {
			return true
		}
	}
	return false
}

// namedSecret reports whether a value is a secret by what it is called, and
// whether it is one that somebody is to replace. Names such as SECRETS_DIR,
// TOKEN_FILE and PASSWORD_PATH do not end in a secret's word.
func namedSecret(name, value string) (secret, replaced bool) {
	if !secretName.MatchString(name) || value == "" || elsewhere.MatchString(value) || objectName.MatchString(value) || notSecret.MatchString(value) || strings.Contains(value, "$(") || strings.Contains(value, "${") {
		return false, false
	}
	return true, toReplace(value)
}

// toReplace reports whether somebody is to replace a value, which may be
// encoded as those of a Secret are.
func toReplace(value string) bool {
	if decoded, err := base64.StdEncoding.DecodeString(value); err == nil && placeholder.Match(decoded) {
		return true
	}
	return placeholder.MatchString(value) || descriptive.MatchString(value)
}

var (
	keyAndValue  = regexp.MustCompile(`^[\s-]*["']?([A-Za-z0-9_.-]+)["']?\s*[:=]\s*["']?([^"'#]*?)["']?\s*(?:#.*)?$`)
	assignedFlag = regexp.MustCompile(`--([A-Za-z0-9_.-]+)=(\S+)`)
)

// HoldsSecret reports whether a text, such as some lines of a file, holds what
// looks like a secret, by shape or by the name in front of it. It is for texts
// that are to be shown: better one too many than one too few.
func HoldsSecret(text string) bool {
	name := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		for _, word := range strings.Fields(line) {
			if shapedSecret(strings.Trim(word, `"'`)) {
				return true
			}
		}
		pairs := assignedFlag.FindAllStringSubmatch(line, -1)
		if m := keyAndValue.FindStringSubmatch(line); m != nil {
			switch m[1] {
			case "name":
				name = m[2]
			case "value": // of the env entry whose name stands above
				pairs = append(pairs, []string{line, name, m[2]})
			default:
				pairs = append(pairs, m)
			}
		}
		for _, m := range pairs {
			if secret, _ := namedSecret(m[1], m[2]); secret {
				return true
			}
		}
	}
	return false
}
