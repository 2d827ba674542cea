package github

import (
	"context"
	"log/slog"
	"strings"
	"time"
)

// An Audit says on whose behalf writes are made. It travels in the context, see [WithAudit].
type Audit struct {
	Requester    string   // login of who asked, or "sweep"
	Delivery     string   // id of the webhook
	Fingerprints []string // of the findings that the write is about
}

type auditKey struct{}

// WithAudit returns a context whose writes are told with audit.
func WithAudit(ctx context.Context, audit Audit) context.Context {
	return context.WithValue(ctx, auditKey{}, audit)
}

// An AuditLine tells of one write, sent or refused.
type AuditLine struct {
	Audit
	Time         time.Time
	Installation int64
	Repository   string            // owner/name
	Call         string            // method and path, or the name of the mutation
	Ref          string            // that it writes, else ""
	Old, New     string            // commits that the ref points to before and after, where known
	Permissions  map[string]string // of the token
	Status       int               // of the answer; 0 where there was none
	Error        string            // why it was refused or got no answer, else ""
}

// LogValue is the line as one group of attributes.
func (l AuditLine) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Time("time", l.Time),
		slog.String("requester", l.Requester),
		slog.String("delivery", l.Delivery),
		slog.Int64("installation", l.Installation),
		slog.String("repository", l.Repository),
		slog.String("call", l.Call),
		slog.String("ref", l.Ref),
		slog.String("old", l.Old),
		slog.String("new", l.New),
		slog.String("fingerprints", strings.Join(l.Fingerprints, " ")),
		slog.Any("permissions", l.Permissions),
		slog.Int("status", l.Status),
		slog.String("error", l.Error),
	)
}
