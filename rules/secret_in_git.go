package rules

import (
	"encoding/base64"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "secret-in-git",
	Title:     "a Secret whose values stand in the repository",
	Why:       "Base64 hides nothing: everybody who can read the repository, or its history, has them.",
	Write:     "an ExternalSecret, a SealedSecret or a file encrypted with SOPS; and new values, since these are known",
	Severity:  Error,
	Practices: []int{4},
	Parts:     true,
	Check: func(pass *Pass) {
		for o := range pass.Objects("Secret") {
			if child(o.Node, "sops") != nil || text(o.Node, "type") == "kubernetes.io/service-account-token" || filledByVault(o) {
				continue
			}
			field, severity, message := worst(o)
			if severity != Off {
				pass.ReportAs(severity, o, field, message)
			}
		}
	},
})

// worst is the value of a Secret that speaks most for a secret: one finding is
// enough to send somebody to the object. The severity is Off where none is one.
func worst(o *overlay.Object) (at overlay.Field, severity Severity, message string) {
	for _, list := range []string{"data", "stringData"} {
		for _, key := range keys(child(o.Node, list)) {
			value, ok := secretValue(o, list, key)
			if !ok {
				continue
			}
			if s, said := weigh(o, key, value); s > severity {
				at, severity, message = overlay.Field{list, key}, s, said
			}
		}
	}
	return at, severity, message
}

// weigh says how surely a value of a Secret is one. Secrets also hold whole
// files of configuration, pages and names: those are told, no more.
func weigh(o *overlay.Object, key, value string) (Severity, string) {
	called := key
	if slices.Contains([]string{".json", ".txt", ".yaml", ".yml", ".conf"}, path.Ext(key)) {
		called = strings.TrimSuffix(key, path.Ext(key))
	}
	named, replaced := namedSecret(called, value)
	switch {
	case shapedSecret(value) || registryLogin.MatchString(value):
		return Error, fmt.Sprintf("the value of %s in Secret %s has the shape of a secret", key, o.Origin.Name)
	case replaced || toReplace(value):
		return Info, fmt.Sprintf("the value of %s in Secret %s is a placeholder: the real one must not be written here", key, o.Origin.Name)
	case named:
		return Error, fmt.Sprintf("%s in Secret %s is a secret by its name, and its value stands in the repository", key, o.Origin.Name)
	case !names(key) && word.MatchString(value):
		return Warning, fmt.Sprintf("the value of %s in Secret %s stands in the repository", key, o.Origin.Name)
	}
	return Info, fmt.Sprintf("the value of %s in Secret %s stands in the repository", key, o.Origin.Name)
}

// registryLogin is the file that a container runtime logs in to a registry with.
var registryLogin = regexp.MustCompile(`"(auth|password|identitytoken)"\s*:\s*"[^"$<]{4,}"`)

// word is one word, as keys and passwords are; a host, a path or an address
// has dots, slashes or colons in it.
var word = regexp.MustCompile(`^[^\s/.:]+$`)

// names reports whether a key of a Secret promises what is beside a secret.
func names(key string) bool { return besideSecrets.MatchString(key) || path.Ext(key) != "" }

var besideSecrets = regexp.MustCompile(`(?i)(^|[_.-])(user(name)?|login|name|email|host(name)?|port|database|db|url|uri|endpoint|path|type|region|bucket|namespace|version|realm|project|notes?)$`)

// secretValue is the text of a key of a Secret. ok is false for what is no
// secret: nothing, a certificate, or a reference that something resolves later.
func secretValue(o *overlay.Object, list, key string) (value string, ok bool) {
	n := child(o.Node, list, key)
	if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", false
	}
	value = n.Value
	if list == "data" {
		decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
		if err != nil {
			return "", false // the API server refuses it
		}
		value = string(decoded)
	}
	switch value = strings.TrimSpace(withoutComments(value)); {
	case value == "", value == "{}", value == "[]", substituted(value), resolvedLater.MatchString(value), public(value), notSecret.MatchString(value):
		return "", false
	}
	return value, true
}

// withoutComments is a text of several lines, such as a file of users, without
// those that are comments.
func withoutComments(text string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// publicKey is the beginning of a public key of SSH.
var publicKey = regexp.MustCompile(`^(ssh-(rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-\S+) `)

// public reports whether a value is a certificate or a public key.
func public(value string) bool {
	return publicKey.MatchString(value) || strings.Contains(value, "-----BEGIN ") && !strings.Contains(value, "PRIVATE KEY-----")
}

// filledByVault reports whether Argo CD's Vault plugin fills the Secret in.
func filledByVault(o *overlay.Object) bool {
	return text(o.Node, "metadata", "annotations", "avp.kubernetes.io/path") != ""
}
