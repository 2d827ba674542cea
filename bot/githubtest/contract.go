package githubtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kustodian/kustodian/testdata/github"
)

// contract is what GitHub publishes of its interfaces; every request and every answer is held to it.
type contract struct {
	rest   *openapi3.T
	router routers.Router
	hooks  *openapi3.T
	graph  *ast.Schema
}

// loadContract reads the contracts once for all servers of a process; they are only read afterwards.
var loadContract = sync.OnceValues(func() (*contract, error) {
	c := new(contract)
	data, err := github.REST()
	if err != nil {
		return nil, err
	}
	if c.rest, err = openapi3.NewLoader().LoadFromData(data); err != nil {
		return nil, fmt.Errorf("loading the REST contract: %w", err)
	}
	c.rest.Servers = openapi3.Servers{{URL: "/"}}
	// An answer that is a list cannot carry the property by which the discriminator tells a folder.
	contents := c.rest.Paths.Value("/repos/{owner}/{repo}/contents/{path:.+}").Get
	contents.Responses.Status(http.StatusOK).Value.Content.Get("application/json").Schema.Value.Discriminator = nil
	if c.router, err = gorillamux.NewRouter(c.rest); err != nil {
		return nil, fmt.Errorf("routing by the REST contract: %w", err)
	}
	if c.hooks, err = loadHooks(); err != nil {
		return nil, err
	}
	sdl, err := github.GraphQL()
	if err != nil {
		return nil, err
	}
	if c.graph, err = gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(sdl)}); err != nil {
		return nil, fmt.Errorf("loading the GraphQL contract: %w", err)
	}
	return c, nil
})

// loadHooks presents each webhook of the 3.1 document as a path of a 3.0 one, which is what the loader knows.
func loadHooks() (*openapi3.T, error) {
	data, err := github.Webhooks()
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("reading the webhook contract: %w", err)
	}
	hooks, _ := doc["webhooks"].(map[string]any)
	paths := make(map[string]any, len(hooks))
	for name, hook := range hooks {
		paths["/"+name] = hook
	}
	doc["openapi"], doc["paths"] = "3.0.3", paths
	delete(doc, "webhooks")
	if data, err = json.Marshal(doc); err != nil {
		return nil, fmt.Errorf("rewriting the webhook contract: %w", err)
	}
	hooksDoc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("loading the webhook contract: %w", err)
	}
	return hooksDoc, nil
}

// request holds r to its operation. The body is read and put back.
func (c *contract) request(ctx context.Context, r *http.Request, route *routers.Route, params map[string]string, body []byte) error {
	r = r.Clone(ctx)
	if len(body) > 0 && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Body = io.NopCloser(bytes.NewReader(allowed(route.Operation.OperationID, body)))
	return openapi3filter.ValidateRequest(ctx, &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc:  openapi3filter.NoopAuthenticationFunc,
			ExcludeRequestBody:  len(body) == 0 && (route.Operation.RequestBody == nil || !route.Operation.RequestBody.Value.Required),
			SkipSettingDefaults: true,
		},
	})
}

// allowed rewrites the bodies that GitHub takes and its contract does not; see the README of the contracts.
func allowed(operation string, body []byte) []byte {
	trimmed := bytes.TrimSpace(body)
	switch operation {
	case "issues/add-labels", "issues/set-labels":
		if bytes.HasPrefix(trimmed, []byte("[")) {
			return fmt.Appendf(nil, `{"labels":%s}`, trimmed)
		}
	case "apps/create-installation-access-token":
		if bytes.Equal(trimmed, []byte("null")) {
			return []byte("{}")
		}
	}
	return body
}

// response gives the schema of an operation's answer with a status; nil when such an answer has no body. What
// the operation does not list is an error below 400, and basic-error from there.
func (c *contract) response(op *openapi3.Operation, status int) (*openapi3.Schema, error) {
	r := op.Responses.Status(status)
	switch {
	case r == nil && status >= http.StatusBadRequest:
		return c.rest.Components.Schemas["basic-error"].Value, nil
	case r == nil:
		return nil, fmt.Errorf("%s: the contract has no answer with status %d", op.OperationID, status)
	}
	media := r.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		return nil, nil
	}
	return media.Schema.Value, nil
}

// hook gives the schema of an event's payload, of an event with its action as in "pull_request", "opened".
func (c *contract) hook(event, action string) (*openapi3.Schema, error) {
	name := strings.ReplaceAll(strings.TrimSuffix(event+"-"+action, "-"), "_", "-")
	path := c.hooks.Paths.Value("/" + name)
	if path == nil {
		return nil, fmt.Errorf("the contract has no webhook %s", name)
	}
	return path.Post.RequestBody.Value.Content.Get("application/json").Schema.Value, nil
}

// complete makes of the facts a JSON value that fits schema: what the schema requires and the facts do not say is
// filled with the schema's own empty value. It fails when the facts contradict the schema.
func complete(schema *openapi3.Schema, facts any, base string) ([]byte, error) {
	data, err := json.Marshal(facts)
	if err != nil {
		return nil, err
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return nil, err
	}
	if schema != nil {
		value = fill(schema, value, base)
		if err := schema.VisitJSON(value); err != nil {
			return nil, err
		}
	}
	return json.Marshal(value)
}

func fill(schema *openapi3.Schema, value any, base string) any {
	for _, part := range schema.AllOf {
		value = fill(part.Value, value, base)
	}
	if choices := append(schema.OneOf[:len(schema.OneOf):len(schema.OneOf)], schema.AnyOf...); len(choices) > 0 {
		return fillChoice(choices, value, base)
	}
	switch v := value.(type) {
	case map[string]any:
		for name, property := range schema.Properties {
			if field, ok := v[name]; ok && field != nil {
				v[name] = fill(property.Value, field, base)
			}
		}
		for _, name := range schema.Required {
			if _, ok := v[name]; !ok && schema.Properties[name] != nil {
				v[name] = empty(schema.Properties[name].Value, base)
			}
		}
	case []any:
		for i := range v {
			if schema.Items != nil {
				v[i] = fill(schema.Items.Value, v[i], base)
			}
		}
	}
	return value
}

func fillChoice(choices openapi3.SchemaRefs, value any, base string) any {
	for _, choice := range choices {
		candidate := fill(choice.Value, copyJSON(value), base)
		if choice.Value.VisitJSON(candidate) == nil {
			return candidate
		}
	}
	return value
}

func copyJSON(value any) any {
	switch v := value.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for name, field := range v {
			c[name] = copyJSON(field)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = copyJSON(v[i])
		}
		return c
	}
	return value
}

// empty is the value of a required field of which the simulator has nothing to say.
func empty(schema *openapi3.Schema, base string) any {
	if schema.PermitsNull() {
		return nil
	}
	if len(schema.Enum) > 0 {
		return schema.Enum[0]
	}
	if choices := append(schema.OneOf[:len(schema.OneOf):len(schema.OneOf)], schema.AnyOf...); len(choices) > 0 {
		return empty(choices[0].Value, base)
	}
	switch {
	case schema.Type.Includes("boolean"):
		return false
	case schema.Type.Includes("integer"), schema.Type.Includes("number"):
		return float64(0)
	case schema.Type.Includes("array"):
		return []any{}
	case schema.Type.Includes("string"):
		switch schema.Format {
		case "uri":
			return base
		case "date-time":
			return "2020-01-01T00:00:00Z"
		case "email":
			return "nobody@example.com"
		}
		return ""
	}
	return fill(schema, map[string]any{}, base)
}
