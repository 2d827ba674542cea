package rules_test

import (
	"testing"

	"github.com/kustodian/kustodian/rules"
)

func TestHoldsSecret(t *testing.T) {
	for _, c := range []struct {
		text string
		want bool
	}{
		{"- name: SMTP_PASSWORD\n  value: Tr0ub4dor-and-3\n", true},
		{"  password: hunter42 # for now\n", true},
		{"args: [--token=abcdef123456]\n", true},
		{"key: AKIAIOSFODNN7EXAMPLE\r\n", true},
		{"literals:\n- DB_PASSWORD=hunter42\n", true},
		{"- name: LOG_LEVEL\n  value: info\n", false},
		{"- name: SMTP_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: smtp, key: password}\n", false},
		{"- name: TOKEN_FILE\n  value: /run/token\n", false},
		{"secretName: web-tls\n", false},
		{"image: nginx:1.27 # token\n", false},
	} {
		if got := rules.HoldsSecret(c.text); got != c.want {
			t.Errorf("%q: got %v, want %v", c.text, got, c.want)
		}
	}
}
