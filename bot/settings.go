package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/sethvargo/go-envconfig"

	"github.com/kustodian/kustodian/bot/config"
	"github.com/kustodian/kustodian/bot/mirror"
	"github.com/kustodian/kustodian/fixes/registry"
)

// Settings are what the operator of the App decides, by environment variables.
// [SettingsHelp] says what each is for.
type Settings struct {
	AppID              int64         `env:"GITHUB_APP_ID" help:"number of the GitHub App; required"`
	PrivateKey         string        `env:"GITHUB_PRIVATE_KEY" help:"the App's private key in PEM; this or the next is required"`
	PrivateKeyFile     string        `env:"GITHUB_PRIVATE_KEY_FILE" help:"file that holds it"`
	WebhookSecrets     []string      `env:"WEBHOOK_SECRETS" help:"the webhook's secret, or several with commas while one replaces another; this or the next is required"`
	WebhookSecretsFile string        `env:"WEBHOOK_SECRETS_FILE" help:"file that holds them, one a line"`
	Accounts           []string      `env:"ALLOWED_ACCOUNTS" help:"users and organisations to work for, with commas; * is everybody; required"`
	GitHubURL          string        `env:"GITHUB_URL,default=https://api.github.com" help:"GitHub's REST API; of an Enterprise server https://HOST/api/v3"`
	DataDir            string        `env:"DATA_DIR,default=data" help:"folder of mirrors, caches and the embedded queue"`
	AnswersSize        int64         `env:"ANSWERS_SIZE,default=1024" help:"how many MiB of what builds came to are kept in DATA_DIR, so that only what changed is built again; 0 keeps nothing"`
	NATSURL            string        `env:"NATS_URL" help:"NATS cluster to use in place of the embedded queue"`
	NATSCredentials    string        `env:"NATS_CREDENTIALS_FILE" help:"file of the user's credentials there"`
	NATSReplicas       int           `env:"NATS_REPLICAS,default=1" help:"how many servers of the cluster keep each job"`
	Listen             string        `env:"LISTEN,default=:8080" help:"address of the webhook"`
	MetricsListen      string        `env:"METRICS_LISTEN,default=:9090" help:"address of /healthz, /readyz and /metrics"`
	ReadOnly           bool          `env:"READ_ONLY,default=false" help:"true: read and review, and write nothing to GitHub"`
	Workers            int           `env:"WORKERS,default=2" help:"how many jobs run at once"`
	OverlayTimeout     time.Duration `env:"OVERLAY_TIMEOUT,default=60s" help:"how long one overlay may take; beyond that it is not checked, and the review says so"`
	OverlayMemory      int64         `env:"OVERLAY_MEMORY_MB,default=2048" help:"megabytes of memory that one overlay may take, in each process; beyond that it is not checked"`
	Registries         []string      `env:"REGISTRIES,default=docker.io,ghcr.io,quay.io,registry.k8s.io" help:"registries that may be asked for digests, with commas; - is none"`
	RegistriesFile     string        `env:"REGISTRIES_FILE" help:"file of mirrors, and of the credentials that installations may use; deploy/README.md shows one"`
	RemoteBases        []string      `env:"REMOTE_BASES" help:"places that bases of other repositories may be fetched from where they are pinned to a commit, such as github.com/acme, with commas; empty is none"`
	RemoteBasesInside  []string      `env:"REMOTE_BASES_INSIDE" help:"hosts among them, with their port where it is not 443, that may be inside your own network"`
	RemoteBasesLogins  string        `env:"REMOTE_BASES_LOGINS_FILE" help:"file of logins for them, one a line: installation, place, user name, password"`
	SweepSchedule      string        `env:"SWEEP" help:"when repositories are swept that do not say, as five fields of cron in UTC; empty is once a week, each at its own time; off is never"`
	SweepsAtMost       string        `env:"SWEEPS_AT_MOST,default=daily" help:"the most often that a repository may ask to be swept: hourly, daily or weekly"`
	PullRequestsAtMost int           `env:"PULL_REQUESTS_AT_MOST,default=20" help:"the most pull requests of sweeps that a repository may ask to have open at once"`
	OwnRulesAtMost     int           `env:"OWN_RULES_AT_MOST,default=50" help:"the most rules of its own that a repository may have; 0 is none"`
	IgnoresAtMost      int           `env:"IGNORES_AT_MOST,default=1000" help:"the most ignores that the configurations of a repository may have"`
	LogFormat          string        `env:"LOG_FORMAT,default=text" help:"text or json"`

	// Mirrors and Bindings are what RegistriesFile says.
	Mirrors  []registry.Mirror
	Bindings []registry.Binding
	// Logins are what RemoteBasesLogins says.
	Logins []mirror.Login
}

// A Variable is one setting as `serve --help` lists it.
type Variable struct{ Name, Default, Help string }

// SettingsHelp lists every variable that [LoadSettings] reads, in the order of
// [Settings].
func SettingsHelp() []Variable {
	var all []Variable
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		name, value, _ := strings.Cut(field.Tag.Get("env"), ",default=")
		if name != "" {
			all = append(all, Variable{Name: name, Default: value, Help: field.Tag.Get("help")})
		}
	}
	return all
}

// A SettingError is a setting that is missing or wrong, in one line that says
// what to write.
type SettingError struct{ Name, Fault string }

func (e *SettingError) Error() string { return e.Name + ": " + e.Fault }

// LoadSettings reads the settings from the environment that lookuper is, and
// the files that they name. Every fault is a [SettingError], all of them joined.
func LoadSettings(ctx context.Context, lookuper envconfig.Lookuper) (Settings, error) {
	var s Settings
	var faults []error
	// Each variable on its own, so that a fault is told by its name.
	for _, v := range SettingsHelp() {
		if err := s.decode(ctx, v.Name, lookuper); err != nil {
			faults = append(faults, err)
		}
	}
	faults = append(faults, s.readFiles(), s.check())
	return s, errors.Join(faults...)
}

// decode sets the field of one variable.
func (s *Settings) decode(ctx context.Context, name string, lookuper envconfig.Lookuper) error {
	only := envconfig.LookuperFunc(func(key string) (string, bool) {
		if key != name {
			return "", false
		}
		value, ok := lookuper.Lookup(key)
		value = strings.TrimSpace(value)
		return value, ok && value != "" // set to nothing is not set
	})
	var decoded Settings
	if err := envconfig.ProcessWith(ctx, &envconfig.Config{Target: &decoded, Lookuper: only}); err != nil {
		field := fieldOf(name)
		return &SettingError{name, fmt.Sprintf("has to be %s, not %q", wanted(field.Type), lookup(lookuper, name))}
	}
	index := fieldOf(name).Index
	reflect.ValueOf(s).Elem().FieldByIndex(index).Set(reflect.ValueOf(decoded).FieldByIndex(index))
	return nil
}

// wanted says what a setting of a type is written as.
func wanted(t reflect.Type) string {
	if t == reflect.TypeFor[time.Duration]() {
		return "a time such as 60s"
	}
	return map[reflect.Kind]string{reflect.Int: "a whole number", reflect.Int64: "a whole number", reflect.Bool: "true or false"}[t.Kind()]
}

func fieldOf(name string) reflect.StructField {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		if env, _, _ := strings.Cut(field.Tag.Get("env"), ","); env == name {
			return field
		}
	}
	return reflect.StructField{}
}

func lookup(lookuper envconfig.Lookuper, name string) string {
	value, _ := lookuper.Lookup(name)
	return value
}

// readFiles reads the secrets that are in files.
func (s *Settings) readFiles() error {
	if s.PrivateKey == "" && s.PrivateKeyFile != "" {
		key, err := os.ReadFile(s.PrivateKeyFile)
		if err != nil {
			return &SettingError{"GITHUB_PRIVATE_KEY_FILE", err.Error()}
		}
		s.PrivateKey = string(key)
	}
	if len(s.WebhookSecrets) == 0 && s.WebhookSecretsFile != "" {
		lines, err := os.ReadFile(s.WebhookSecretsFile)
		if err != nil {
			return &SettingError{"WEBHOOK_SECRETS_FILE", err.Error()}
		}
		s.WebhookSecrets = strings.Fields(string(lines))
	}
	return nil
}

// check tells what is missing and what makes no sense.
func (s *Settings) check() error {
	var faults []error
	need := func(ok bool, name, fault string) {
		if !ok {
			faults = append(faults, &SettingError{name, fault})
		}
	}
	need(s.AppID > 0, "GITHUB_APP_ID", "write the App's number, as its settings page on GitHub shows it")
	need(strings.Contains(s.PrivateKey, "-----BEGIN"), "GITHUB_PRIVATE_KEY", "write the App's private key in PEM, or its file to GITHUB_PRIVATE_KEY_FILE")
	s.WebhookSecrets, s.Accounts = trimmed(s.WebhookSecrets), trimmed(s.Accounts)
	need(len(s.WebhookSecrets) > 0, "WEBHOOK_SECRETS", "write the webhook's secret, or its file to WEBHOOK_SECRETS_FILE")
	need(len(s.Accounts) > 0, "ALLOWED_ACCOUNTS", "write the users and organisations to work for, with commas, or * for everybody")
	u, err := url.Parse(s.GitHubURL)
	need(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "", "GITHUB_URL", "write an address such as https://api.github.com")
	need(s.OverlayTimeout >= time.Second, "OVERLAY_TIMEOUT", "write a second or more; a slow overlay takes two")
	need(s.OverlayMemory >= 256, "OVERLAY_MEMORY_MB", "write 256 or more; a large repository takes 400")
	need(s.AnswersSize >= 0, "ANSWERS_SIZE", "write how many MiB are kept, 0 for none")
	need(s.Workers > 0, "WORKERS", "write how many jobs run at once, at least 1")
	need(s.NATSReplicas > 0, "NATS_REPLICAS", "write how many servers keep each job, at least 1")
	need(slices.Contains([]string{config.Hourly, config.Daily, config.Weekly}, s.SweepsAtMost), "SWEEPS_AT_MOST", "write hourly, daily or weekly")
	need(s.PullRequestsAtMost >= 0, "PULL_REQUESTS_AT_MOST", "write how many may be open at once, 0 for none")
	need(s.OwnRulesAtMost >= 0, "OWN_RULES_AT_MOST", "write how many a repository may have, 0 for none")
	need(s.IgnoresAtMost >= 0, "IGNORES_AT_MOST", "write how many a repository may have, 0 for none")
	need(s.LogFormat == "text" || s.LogFormat == "json", "LOG_FORMAT", "write text or json")
	if s.SweepSchedule != "" && s.SweepSchedule != "off" {
		_, err := config.ParseSchedule(s.SweepSchedule)
		need(err == nil, "SWEEP", "write five fields of cron, such as 0 6 * * 1, or off")
	}
	if s.Registries = trimmed(s.Registries); len(s.Registries) == 1 && s.Registries[0] == "-" {
		s.Registries = nil
	}
	faults = append(faults, s.readRegistries()...)
	faults = append(faults, s.checkRegistries()...)
	faults = append(faults, s.readRemotes())
	return errors.Join(faults...)
}

// caps are what no repository's configuration may ask for more of.
func (s Settings) caps() config.Caps {
	return config.Caps{PullRequests: s.PullRequestsAtMost, OwnRules: s.OwnRulesAtMost, Ignores: s.IgnoresAtMost, Sweeps: s.SweepsAtMost}
}

// trimmed drops blanks around and empty ones among values.
func trimmed(values []string) []string {
	var out []string
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// CloneURL is where repositories are cloned from: the host of the API, without
// its path and the "api." that GitHub's own clouds put before it.
func (s Settings) CloneURL() string {
	u, err := url.Parse(s.GitHubURL)
	if err != nil {
		return s.GitHubURL
	}
	return u.Scheme + "://" + strings.TrimPrefix(u.Host, "api.")
}

// Logger writes to standard error as LogFormat says.
func (s Settings) Logger() *slog.Logger {
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}
