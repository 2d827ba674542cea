package github

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
)

//go:embed queries/*.graphql
var queries embed.FS

// graphql sends one of the documents in queries with its variables, and decodes
// the data of the answer into data.
func (r *Repository) graphql(ctx context.Context, l level, call, document string, variables, data any) error {
	query, err := queries.ReadFile("queries/" + document + ".graphql")
	if err != nil {
		return fmt.Errorf("%s: %w", call, err)
	}
	client := r.clients[l]
	req, err := client.NewRequest(http.MethodPost, r.app.graphql.String(), map[string]any{
		"query": string(query), "variables": variables,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", call, err)
	}
	var body struct {
		Data   json.RawMessage
		Errors []graphqlError
	}
	if _, err := client.Do(ctx, req, &body); err != nil {
		return failed(call, err)
	}
	if len(body.Errors) > 0 {
		return r.graphqlFailed(call, body.Errors)
	}
	if err := json.Unmarshal(body.Data, data); err != nil {
		return fmt.Errorf("%s: reading the answer: %w", call, err)
	}
	return nil
}

// A graphqlError is one of those that GraphQL answers with status 200.
type graphqlError struct{ Type, Message string }

func (r *Repository) graphqlFailed(call string, found []graphqlError) error {
	e := &Error{Call: call, Status: http.StatusOK, Message: found[0].Message}
	for _, also := range found[1:] {
		e.Details = append(e.Details, also.Message)
	}
	switch found[0].Type {
	case "NOT_FOUND":
		e.is = ErrNotFound
	case "FORBIDDEN", "INSUFFICIENT_SCOPES":
		e.is = ErrForbidden
	case "STALE_DATA":
		e.is = ErrStale
	case "UNPROCESSABLE":
		e.is = ErrRejected
	case "RATE_LIMITED":
		return fmt.Errorf("%s: %w", call, r.app.limitsOf(r.installation).spent(e.Message))
	}
	return e
}
