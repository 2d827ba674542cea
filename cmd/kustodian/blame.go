package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/bot/publish"
	"github.com/kustodian/kustodian/bot/review"
	"github.com/kustodian/kustodian/bot/review/worker"
	"github.com/kustodian/kustodian/rules/overlay"
)

func blameCommand() *cobra.Command {
	var field, format string
	cmd := &cobra.Command{
		Use:   "blame OVERLAY",
		Short: "Show the build of an overlay, each line with the file and line that says it",
		Example: `  kustodian blame overlays/prod
  kustodian blame overlays/prod --field spec.replicas`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("--format %q: want text or json", format)
			}
			var wanted overlay.Field
			if field != "" {
				var err error
				if wanted, err = overlay.ParseField(field); err != nil {
					return fmt.Errorf("--field: %w", err)
				}
			}
			t, err := targetOf(args)
			if err != nil {
				return err
			}
			path := "."
			if len(t.paths) == 1 {
				path = t.paths[0]
			}
			if info, err := os.Stat(filepath.Join(t.root, path)); err == nil && !info.IsDir() {
				path = filepath.ToSlash(filepath.Dir(path)) // a kustomization, or what stands beside one
			}
			from, err := remotes(cmd)
			if err != nil {
				return err
			}
			answer, err := review.Blame(cmd.Context(), worker.TreeRef{Folder: t.root}, path, wanted, from)
			if err != nil {
				return err
			}
			if wanted != nil && len(answer.Histories) == 0 {
				return fmt.Errorf("no object of %s has a field %s, nor what is above it; kustodian blame %s lists the fields", path, wanted, path)
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			switch {
			case format == "json" && wanted != nil:
				err = historyJSON(out, answer.Histories)
			case format == "json":
				err = blameJSON(out, answer.Scalars)
			case wanted != nil:
				historyText(out, answer.Histories)
			default:
				blameText(out, answer.Lines)
			}
			return errors.Join(err, out.Flush())
		},
	}
	cmd.Flags().StringVar(&field, "field", "", "the whole history of one field `PATH` through the layers, such as spec.replicas; [*] is every item of a list")
	cmd.Flags().StringVar(&format, "format", "text", "how to print: text, json")
	complete(cmd, "format", "text", "json")
	remoteFlags(cmd)
	return cmd
}

// blameJSON prints one object a line.
func blameJSON(w io.Writer, lines []overlay.BlameLine) error {
	encoder := json.NewEncoder(w)
	for _, l := range lines {
		if err := encoder.Encode(rowOf(l.Object, l.Field, &l.Value, l.Source)); err != nil {
			return err
		}
	}
	return nil
}

// historyJSON prints one object a line, with what became of the field and the
// documents that made its object.
func historyJSON(w io.Writer, histories []overlay.History) error {
	encoder := json.NewEncoder(w)
	for _, h := range histories {
		value := &h.Value
		if h.State != overlay.FieldSet {
			value = nil
		}
		row := rowOf(h.Object, h.Field, value, h.Source)
		row.State, row.Documents = h.State, placesOf(h.Documents)
		if err := encoder.Encode(row); err != nil {
			return err
		}
	}
	return nil
}

func rowOf(object overlay.ObjectRef, field overlay.Field, value *string, source overlay.Source) blameRow {
	row := blameRow{Object: object.String(), Field: field, Value: value, By: source.By, How: source.How, Exact: source.Exact, Via: placesOf(source.Via)}
	if source.Path != "" {
		path := source.File()
		row.Path, row.Line, row.Column = &path, &source.Line, &source.Column
	}
	return row
}

func placesOf(sources []overlay.Source) []blamePlace {
	places := make([]blamePlace, 0, len(sources))
	for _, s := range sources {
		places = append(places, blamePlace{Path: s.File(), Line: s.Line, By: s.By})
	}
	return places
}

// A blameRow is one scalar of a build. Path, Line and Column are null where
// the source is unknown; Value is where the build does not have the field. State
// and Documents are there where one field was asked for.
type blameRow struct {
	Object string        `json:"object"`
	Field  overlay.Field `json:"field"`
	Value  *string       `json:"value"`
	Path   *string       `json:"path"`
	Line   *int          `json:"line"`
	Column *int          `json:"column"`
	By     string        `json:"by"`
	How    string        `json:"how"`
	Exact  bool          `json:"exact"`
	Via    []blamePlace  `json:"via"`

	State     string       `json:"state,omitempty"`
	Documents []blamePlace `json:"documents,omitempty"`
}

type blamePlace struct {
	Path string `json:"path"`
	Line int    `json:"line"`
	By   string `json:"by"`
}

// blameText prints the build, before each line where it is said, by what and
// how that is known, as git blame does. A question mark stands for a place that
// is not exact.
func blameText(w io.Writer, lines []overlay.PrintedLine) {
	places, by, how := 0, 0, 0
	for _, l := range lines {
		if l.Source != nil {
			places, by, how = max(places, len(place(*l.Source))), max(by, len(l.Source.By)), max(how, len(l.Source.How))
		}
	}
	for _, l := range lines {
		var source overlay.Source
		text := ""
		if l.Source != nil {
			source, text = *l.Source, place(*l.Source)
		}
		fmt.Fprintf(w, "%-*s  %-*s  %-*s | %s\n", places, text, by, source.By, how, source.How, publish.Printable(l.Text))
	}
}

// historyText prints what became of a field, every place that had a say in it,
// the one that counts first, and the documents that made its object, in order.
func historyText(w io.Writer, histories []overlay.History) {
	for i, h := range histories {
		if i > 0 {
			fmt.Fprintln(w)
		}
		var state, verb string
		switch h.State {
		case overlay.FieldSet:
			state, verb = oneLine(h.Value), "set by"
		case overlay.FieldDeleted:
			state, verb = "deleted", "deleted by"
		case overlay.FieldGone:
			state, verb = "deleted with its object", "deleted by"
		case overlay.FieldAbsent:
			state, verb = "absent", "belongs in"
		}
		fmt.Fprintf(w, "%s: %s\n", publish.Printable(fmt.Sprint(h.Object, " ", h.Field)), state)
		fmt.Fprintf(w, "  %-10s %s (%s, known by %s)\n", verb, place(h.Source), h.Source.By, h.Source.How)
		for _, via := range h.Source.Via {
			verb := "overrides"
			if via.By == overlay.ByReplacement || via.By == overlay.ByVars {
				verb = "by way of" // the entry that has the value copied
			}
			fmt.Fprintf(w, "  %-10s %s (%s)\n", verb, place(via), via.By)
		}
		for _, d := range h.Documents {
			fmt.Fprintf(w, "  %-10s %s:%d (%s)\n", "object of", publish.Printable(d.File()), d.Line, d.By)
		}
	}
}

// place is where a source stands, with a question mark where that is not exact.
func place(s overlay.Source) string {
	if s.Path == "" {
		return "?"
	}
	text := fmt.Sprintf("%s:%d", publish.Printable(s.File()), s.Line)
	if !s.Exact {
		text += "?"
	}
	return text
}

// oneLine is the first line of a value, safe to print.
func oneLine(value string) string {
	first, _, more := strings.Cut(value, "\n")
	if more {
		first += " …"
	}
	return publish.Printable(first)
}
