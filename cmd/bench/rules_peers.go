package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"

	"github.com/kustodian/kustodian/rules/overlay"
)

const kubeScore = "github.com/zegl/kube-score/cmd/kube-score@v1.20.0"

// A score is one object of kube-score's JSON.
type score struct {
	Type struct {
		Kind string `json:"kind"`
	} `json:"type_meta"`
	Meta struct {
		Name string `json:"name"`
	} `json:"object_meta"`
	Checks []struct {
		Check struct {
			ID string `json:"id"`
		} `json:"check"`
		Grade    int  `json:"grade"`
		Skipped  bool `json:"skipped"`
		Comments []struct {
			Path    string `json:"path"`
			Summary string `json:"summary"`
		} `json:"comments"`
	} `json:"checks"`
}

// passed is the grade of a check that has nothing to say.
const passed = 10

// score counts what kube-score says of a build, and what it says of the same
// object in any build of the repository, whatever its namespace, once.
func (t *rulesTally) score(ctx context.Context, command string, build *overlay.Build, seen map[string]bool) error {
	text, err := build.YAML()
	if err != nil {
		return err
	}
	run := exec.CommandContext(ctx, command, "score", "--output-format", "json", "-")
	run.Stdin = bytes.NewReader(text)
	var said bytes.Buffer
	run.Stdout = &said
	err = run.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) { // it exits with 1 on any finding
		return fmt.Errorf("running kube-score: %w", err)
	}
	var scores []score
	if json.Unmarshal(said.Bytes(), &scores) != nil {
		return nil // it does not read this build
	}
	for _, object := range scores {
		for _, check := range object.Checks {
			if check.Skipped || check.Grade >= passed {
				continue
			}
			for _, comment := range check.Comments {
				t.peerFindings++
				seen[object.Type.Kind+"\x00"+object.Meta.Name+"\x00"+check.Check.ID+"\x00"+comment.Path+"\x00"+comment.Summary] = true
			}
		}
	}
	return nil
}
