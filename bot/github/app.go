package github

import (
	"context"
	"net/http"
	"time"
)

// Options are what an App needs to know of itself and of GitHub.
type Options struct {
	AppID      int64
	PrivateKey []byte // PEM, PKCS #1 or #8
	// BaseURL is where the REST API is; "" is https://api.github.com. An
	// Enterprise server's ends in /api/v3.
	BaseURL string
	// ReadOnly blocks every request that would change something; the call
	// returns [ErrReadOnly]. Tokens are still minted, with reading rights only.
	ReadOnly bool
	// Audit is told of every write, sent or refused; nil logs to [slog.Default].
	// It is called from several goroutines.
	Audit func(AuditLine)
	// Transport sends the requests; nil is one with timeouts.
	Transport http.RoundTripper
	// WriteInterval is the least time between two writes of an installation; 0
	// is GitHub's advice of 1 s, negative is none.
	WriteInterval time.Duration
}

// An App is Kustodian as GitHub knows it. It is safe for concurrent use.
type App struct{}

// Open makes the App. It dials nothing; a key or URL that cannot be read is an error.
func Open(options Options) (*App, error) { panic("to be written") }

// Login returns the name that GitHub gives the author of what the App writes,
// such as "kustodian[bot]".
func (a *App) Login(ctx context.Context) (string, error) { panic("to be written") }

// An Installation is an account that installed the App.
type Installation struct {
	ID        int64
	Account   string // login of the user or organisation
	Suspended bool
	Mode      Mode
}

// A Mode is how much an installation lets the App do.
type Mode int

const (
	// Report is reading, reviews and check runs; no commits, no resolving of threads.
	Report Mode = iota
	// Fix is writing contents too.
	Fix
)

// Installations lists who installed the App, suspended ones included.
func (a *App) Installations(ctx context.Context) ([]Installation, error) { panic("to be written") }

// InstallationRepositories lists the repositories that an installation covers.
func (a *App) InstallationRepositories(ctx context.Context, installation int64) ([]Info, error) {
	panic("to be written")
}

// Repository returns a repository of an installation. It sends nothing.
func (a *App) Repository(installation int64, owner, name string) *Repository {
	panic("to be written")
}
