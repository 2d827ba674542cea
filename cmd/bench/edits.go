package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kustodian/kustodian/fixes/yamledit"
	"github.com/kustodian/kustodian/testdata/corpus"
	"github.com/kustodian/kustodian/testdata/workloads"
)

func editsCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "edits [REPOSITORY...]",
		Short: "Edit real YAML as libraries do, or with --workloads every place of it, judged by another parser",
		RunE: func(cmd *cobra.Command, asked []string) error {
			files, err := yamlFiles(asked)
			if err != nil {
				return err
			}
			if all {
				return editWorkloads(cmd.Context(), cmd.OutOrStdout(), files)
			}
			if err := editPeers(cmd.Context(), cmd.OutOrStdout(), files); err != nil {
				return err
			}
			return editSizes(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&all, "workloads", false, "make every edit of the fixes at every place of every file, in four forms")
	return cmd
}

// A yamlFile is a file of the corpus.
type yamlFile struct {
	repository, path string
	src              []byte
}

func yamlFiles(asked []string) ([]yamlFile, error) {
	names, err := chosen(asked)
	if err != nil {
		return nil, err
	}
	var out []yamlFile
	for _, name := range names {
		tree, err := corpus.Read(name)
		if err != nil {
			return nil, err
		}
		for file, content := range tree.Files {
			if ext := path.Ext(file); ext == ".yaml" || ext == ".yml" {
				out = append(out, yamlFile{name, file, []byte(content)})
			}
		}
	}
	slices.SortFunc(out, func(a, b yamlFile) int {
		return strings.Compare(a.repository+"/"+a.path, b.repository+"/"+b.path)
	})
	return out, nil
}

// editWorkloads makes every workload at every place, and prints what became of
// it, by form; then each wrong edit, and why the rest was refused.
func editWorkloads(ctx context.Context, out io.Writer, files []yamlFile) error {
	var notes []string
	for _, form := range workloads.Forms {
		counts := map[string]*workloads.Count{}
		for _, w := range workloads.All {
			counts[w.Name] = &workloads.Count{}
		}
		unread := map[string]int{}
		for _, file := range files {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			name := file.repository + "/" + file.path
			err := workloads.Run(name, workloads.Reform(file.src, form), counts, func(workload, place, what string) {
				notes = append(notes, fmt.Sprintf("%s: %s: %s: %s", form, workload, place, what))
			})
			if err != nil {
				unread[fmt.Sprintf("%T", err)]++
			}
		}
		fmt.Fprintf(out, "\n%s: %d files, of which cannot be read: %v\n", form, len(files), unread) //nolint:errcheck // Flush tells
		if err := printCounts(out, counts); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "\n%s\n", strings.Join(notes, "\n"))
	return err
}

func printCounts(out io.Writer, counts map[string]*workloads.Count) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "workload\tsites\tdone\t%\trefused\twrong\tnot judged\tmore lines\tundone\tnot undone\t") //nolint:errcheck // Flush tells
	var total workloads.Count
	row := func(name string, c workloads.Count) {
		//nolint:errcheck // Flush tells
		fmt.Fprintf(table, "%s\t%d\t%d\t%.2f\t%d\t%d\t%d\t%d\t%d\t%d\t\n", name, c.Sites, c.Done, percent(c.Done, c.Sites),
			c.Refused, c.Wrong, c.Unjudged, c.Lines, c.Undone, c.Stayed)
	}
	for _, w := range workloads.All {
		row(w.Name, *counts[w.Name])
		total.Add(*counts[w.Name])
	}
	row("all", total)
	return table.Flush()
}

func percent(part, whole int) float64 { return 100 * float64(part) / float64(max(whole, 1)) }

// editSizes prints what twice the size costs, of a text on one line and of one
// of many.
func editSizes(out io.Writer) error {
	texts := []struct {
		name string
		of   func(size int) []byte
		at   yamledit.Path
	}{
		{"JSON on one line, 1 and 2 MB", func(size int) []byte {
			return []byte(`{"list":[` + strings.Repeat(`{"a":"b","c":[1,2]},`, size*50_000) + `{}],"z":1}`)
		}, yamledit.Path{"z"}},
		{"a CRD of 10,000 and 20,000 lines", func(size int) []byte {
			var b bytes.Buffer
			b.WriteString("spec:\n  properties:\n")
			for i := range size * 2_500 {
				fmt.Fprintf(&b, "    field%d:\n      description: |-\n        What it is.\n      type: string\n", i)
			}
			b.WriteString("z: 1\n")
			return b.Bytes()
		}, yamledit.Path{"z"}},
	}
	fmt.Fprintln(out) //nolint:errcheck // the next line tells
	for _, text := range texts {
		var took [2]time.Duration
		for i := range took {
			src := text.of(i + 1)
			for range 3 { // the best of three
				start := time.Now()
				file, err := yamledit.Parse(src)
				if err != nil {
					return fmt.Errorf("parsing %s: %w", text.name, err)
				}
				if _, err := file.Apply(yamledit.SetScalar(0, text.at, "2")); err != nil {
					return fmt.Errorf("editing %s: %w", text.name, err)
				}
				if t := time.Since(start); took[i] == 0 || t < took[i] {
					took[i] = t
				}
			}
		}
		if _, err := fmt.Fprintf(out, "%s: one edit takes %.2f times as long\n", text.name, float64(took[1])/float64(took[0])); err != nil {
			return err
		}
	}
	return nil
}
