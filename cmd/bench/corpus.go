package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kustodian/kustodian/testdata/corpus"
)

// errNoCorpus ends a benchmark where there is nothing to measure.
var errNoCorpus = errors.New("no real repositories beside the project, in ../shared/corpus: nothing was measured")

// chosen are the repositories to measure: those asked for, else all.
func chosen(asked []string) ([]string, error) {
	names, err := corpus.Names()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errNoCorpus
	}
	for _, name := range asked {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("%s is not in the corpus: want one of %q", name, names)
		}
	}
	if len(asked) > 0 {
		return asked, nil
	}
	return names, nil
}
