package mirror

import (
	"bytes"
	"cmp"
	"path"
	"slices"

	"github.com/kustodian/kustodian/rules/overlay"
)

const (
	// mostPairs bounds how many pairs of files are compared by content: a
	// change that moves and edits more than a hundred files at once is told
	// as deletions and additions, as git does above its own limit.
	mostPairs = 10_000
	// similar is the share of lines that a file keeps when it is renamed;
	// git's own measure is a half too.
	similar = 0.5
	// largestSimilar is the size above which content is not compared.
	largestSimilar = 1 << 20
)

// pairEqual takes out of deleted and added what has the same content, first
// where the name is the same too.
func (d *differ) pairEqual() error {
	gone := map[string][]string{}
	for _, p := range d.deleted {
		hash, err := d.base.Hash(p)
		if err != nil {
			return err
		}
		gone[hash] = append(gone[hash], p)
	}
	hashes := map[string]string{}
	for _, p := range d.added {
		hash, err := d.head.Hash(p)
		if err != nil {
			return err
		}
		hashes[p] = hash
	}
	for _, sameName := range []bool{true, false} {
		for _, p := range slices.Clone(d.added) {
			old := gone[hashes[p]]
			i := slices.IndexFunc(old, func(o string) bool { return !sameName || path.Base(o) == path.Base(p) })
			if i < 0 {
				continue
			}
			d.rename(old[i], p)
			gone[hashes[p]] = slices.Delete(old, i, i+1)
		}
	}
	return nil
}

func (d *differ) rename(from, to string) {
	d.changes = append(d.changes, Change{Path: to, OldPath: from, Kind: Renamed})
	d.deleted = slices.DeleteFunc(d.deleted, func(p string) bool { return p == from })
	d.added = slices.DeleteFunc(d.added, func(p string) bool { return p == to })
}

// pairSimilar takes out of deleted and added the pairs whose content is
// similar, the most similar first.
func (d *differ) pairSimilar() {
	if len(d.deleted)*len(d.added) > mostPairs {
		return
	}
	type pair struct {
		from, to string
		share    float64
	}
	var pairs []pair
	before, after := contents(d.base, d.deleted), contents(d.head, d.added)
	for _, to := range d.added {
		for _, from := range d.deleted {
			share := shared(before[from], after[to])
			if share < similar {
				continue
			}
			if path.Base(from) == path.Base(to) {
				share++ // what keeps its name goes first
			}
			pairs = append(pairs, pair{from, to, share})
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.share, a.share) })
	for _, p := range pairs {
		if slices.Contains(d.deleted, p.from) && slices.Contains(d.added, p.to) {
			d.rename(p.from, p.to)
		}
	}
}

// contents counts the lines of each file that can be compared.
func contents(t overlay.Tree, paths []string) map[string]map[string]int {
	out := map[string]map[string]int{}
	for _, p := range paths {
		// A link, a submodule or what is too large is renamed only when equal.
		data, err := t.ReadFile(p)
		if err != nil || len(data) > largestSimilar || bytes.IndexByte(data, 0) >= 0 {
			continue
		}
		lines := map[string]int{}
		for line := range bytes.Lines(data) {
			lines[string(bytes.TrimSpace(line))]++
		}
		delete(lines, "")
		out[p] = lines
	}
	return out
}

// shared is the share of lines that two files have in common, from 0 to 1.
func shared(a, b map[string]int) float64 {
	common, total := 0, 0
	for line, n := range a {
		common += 2 * min(n, b[line])
		total += n
	}
	for _, n := range b {
		total += n
	}
	if total == 0 {
		return 0
	}
	return float64(common) / float64(total)
}
