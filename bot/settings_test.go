package bot

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sethvargo/go-envconfig"
)

const testPEM = "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----\n"

// enough is the least that has to be set; changes are "NAME=VALUE".
func enough(changes ...string) envconfig.Lookuper {
	env := map[string]string{"GITHUB_APP_ID": "42", "GITHUB_PRIVATE_KEY": testPEM, "WEBHOOK_SECRETS": "new, old", "ALLOWED_ACCOUNTS": "acme"}
	for _, change := range changes {
		name, value, _ := strings.Cut(change, "=")
		env[name] = value
	}
	return envconfig.MapLookuper(env)
}

func TestSettings(t *testing.T) {
	got, err := LoadSettings(context.Background(), enough())
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		AppID: 42, PrivateKey: testPEM[:len(testPEM)-1], WebhookSecrets: []string{"new", "old"}, Accounts: []string{"acme"},
		GitHubURL: "https://api.github.com", DataDir: "data", AnswersSize: 1024, NATSReplicas: 1, Listen: ":8080", MetricsListen: ":9090", Workers: 2, OverlayTimeout: time.Minute, OverlayMemory: 2048,
		Registries: []string{"docker.io", "ghcr.io", "quay.io", "registry.k8s.io"}, LogFormat: "text",
		SweepsAtMost: "daily", PullRequestsAtMost: 20, OwnRulesAtMost: 50, IgnoresAtMost: 1000,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSettingsInFiles(t *testing.T) {
	dir := t.TempDir()
	key, secrets := filepath.Join(dir, "key"), filepath.Join(dir, "secrets")
	for path, text := range map[string]string{key: testPEM, secrets: "new\nold\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := LoadSettings(context.Background(), enough("GITHUB_PRIVATE_KEY=", "GITHUB_PRIVATE_KEY_FILE="+key, "WEBHOOK_SECRETS=", "WEBHOOK_SECRETS_FILE="+secrets))
	if err != nil || got.PrivateKey != testPEM || len(got.WebhookSecrets) != 2 {
		t.Errorf("got %q, %q, %v", got.PrivateKey, got.WebhookSecrets, err)
	}
}

func TestSettingsFaults(t *testing.T) {
	for _, c := range []struct{ change, want string }{
		{"GITHUB_APP_ID=", "GITHUB_APP_ID: write the App's number"},
		{"GITHUB_APP_ID=kustodian", `GITHUB_APP_ID: has to be a whole number, not "kustodian"`},
		{"GITHUB_PRIVATE_KEY=", "GITHUB_PRIVATE_KEY: write the App's private key"},
		{"GITHUB_PRIVATE_KEY=/etc/key.pem", "GITHUB_PRIVATE_KEY: write the App's private key"},
		{"WEBHOOK_SECRETS= , ", "WEBHOOK_SECRETS: write the webhook's secret"},
		{"ALLOWED_ACCOUNTS=", "ALLOWED_ACCOUNTS: write the users"},
		{"GITHUB_URL=github.com", "GITHUB_URL: write an address"},
		{"READ_ONLY=maybe", `READ_ONLY: has to be true or false, not "maybe"`},
		{"WORKERS=0", "WORKERS: write how many"},
		{"SWEEP=on mondays", "SWEEP: write five fields"},
		{"REGISTRIES=https://docker.io", `REGISTRIES: "https://docker.io" is no host; write docker.io`},
		{"REGISTRIES=docker.io/library", `REGISTRIES: "docker.io/library" is no host; write docker.io`},
		{"REGISTRIES=*.example.com", `REGISTRIES: "*.example.com" is no host; write docker.io`},
		{"REGISTRIES_FILE=/nowhere/registries.yaml", "REGISTRIES_FILE: open /nowhere/registries.yaml"},
		{"REMOTE_BASES=https://github.com/acme", `REMOTE_BASES: "https://github.com/acme" is no place; write a host`},
		{"REMOTE_BASES=github.com/acme/..", `REMOTE_BASES: "github.com/acme/.." is no place`},
		{"REMOTE_BASES_INSIDE=git.example.com/acme", `REMOTE_BASES_INSIDE: "git.example.com/acme" is no host`},
		{"REMOTE_BASES_LOGINS_FILE=/nowhere/logins", "REMOTE_BASES_LOGINS_FILE: open /nowhere/logins"},
		{"SWEEP=TZ=UTC", "SWEEP: write five fields"},
		{"SWEEPS_AT_MOST=often", "SWEEPS_AT_MOST: write hourly, daily or weekly"},
		{"PULL_REQUESTS_AT_MOST=-1", "PULL_REQUESTS_AT_MOST: write how many"},
		{"OWN_RULES_AT_MOST=many", `OWN_RULES_AT_MOST: has to be a whole number, not "many"`},
		{"IGNORES_AT_MOST=-1", "IGNORES_AT_MOST: write how many"},
		{"LOG_FORMAT=xml", "LOG_FORMAT: write text or json"},
	} {
		_, err := LoadSettings(context.Background(), enough(c.change))
		var fault *SettingError
		if !errors.As(err, &fault) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.change, err, c.want)
		}
	}
	_, err := LoadSettings(context.Background(), enough("WEBHOOK_SECRETS=", "WEBHOOK_SECRETS_FILE=/nowhere/secrets"))
	if err == nil || !strings.HasPrefix(err.Error(), "WEBHOOK_SECRETS_FILE: open /nowhere/secrets") {
		t.Errorf("a file that is not there: %v", err)
	}
	for _, silent := range []string{"SWEEP=off", "SWEEP=0 6 * * 1", "ALLOWED_ACCOUNTS=*", "READ_ONLY=true", "LOG_FORMAT=json", "GITHUB_URL=https://ghe.example.com/api/v3"} {
		if _, err := LoadSettings(context.Background(), enough(silent)); err != nil {
			t.Errorf("%s: %v", silent, err)
		}
	}
}

func TestSettingsHelp(t *testing.T) {
	help := SettingsHelp()
	if len(help) < 15 {
		t.Fatalf("found %d variables", len(help))
	}
	for _, v := range help {
		if v.Name == "" || v.Help == "" {
			t.Errorf("%+v has no name or no help", v)
		}
	}
}

func TestCloneURL(t *testing.T) {
	for api, want := range map[string]string{
		"https://api.github.com":         "https://github.com",
		"https://api.acme.ghe.com":       "https://acme.ghe.com",
		"https://ghe.example.com/api/v3": "https://ghe.example.com",
		"http://127.0.0.1:8080/":         "http://127.0.0.1:8080",
	} {
		if got := (Settings{GitHubURL: api}).CloneURL(); got != want {
			t.Errorf("%s: %s; want %s", api, got, want)
		}
	}
}
