// Package github holds the contracts that GitHub publishes of its interfaces, cut to what the bot and the
// simulator use: REST, webhooks and GraphQL. The README beside it says where each file came from.
package github

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
)

//go:embed rest.json.gz
var rest []byte

//go:embed rest-examples.json.gz
var restExamples []byte

//go:embed webhooks.json.gz
var webhooks []byte

//go:embed schema.graphql.gz
var schema []byte

// REST is the OpenAPI 3.0 document of the REST operations, as JSON. Path parameters that may hold slashes are
// written {name:.+}.
func REST() ([]byte, error) { return unpack("rest.json", rest) }

// RESTExamples is the document of [REST] with GitHub's example bodies and descriptions, as JSON.
func RESTExamples() ([]byte, error) { return unpack("rest-examples.json", restExamples) }

// Webhooks is the OpenAPI 3.1 document of the webhook events, as JSON: under "webhooks", keyed "event-action".
func Webhooks() ([]byte, error) { return unpack("webhooks.json", webhooks) }

// GraphQL is the schema of the GraphQL interface in the schema definition language, without descriptions.
func GraphQL() ([]byte, error) { return unpack("schema.graphql", schema) }

func unpack(name string, packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", name, err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", name, err)
	}
	return data, nil
}
