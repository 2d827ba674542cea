package overlay

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// closure is all that one overlay refers to, through everything.
type closure struct {
	reads          map[string]bool
	refusals       []Refusal
	outside        []Mention
	generated      []Mention
	copies         []Refusal
	kustomizations []*kustomization
	openapi        bool
	asked          []RemoteBase
	entries        map[string]Mention // of the tree that name a remote base, by its root
}

// closure follows the references of the overlay at dir without building.
func (s *Snapshot) closure(ctx context.Context, dir string) (*closure, error) {
	c := &closure{reads: map[string]bool{}, entries: map[string]Mention{}}
	w := &closureWalk{snapshot: s, ctx: ctx, closure: c, done: map[string]bool{}}
	if err := w.enter(dir, nil, false); err != nil {
		return nil, err
	}
	limits := s.options.Limits
	refuse := func(text, message string) {
		c.refusals = append(c.refusals, Refusal{Reason: ReasonLimit, Path: w.fileOf(dir), Line: 1, Column: 1, Text: text, Message: message})
	}
	switch cost := w.cost(dir, map[string]cost{}); {
	case cost.runs > limits.Runs:
		refuse(dir, fmt.Sprintf("runs %d kustomizations, one and the same many times; %d are allowed", cost.runs, limits.Runs))
	case cost.bytes > limits.Bytes:
		refuse(dir, fmt.Sprintf("reads %d MB of YAML; %d are allowed", cost.bytes>>20, limits.Bytes>>20))
	}
	if len(c.copies) > maxCopies {
		over := c.copies[maxCopies]
		over.Message = fmt.Sprintf("is one of more than %d copies in one build; add the values instead", maxCopies)
		c.refusals = append(c.refusals, over)
	}
	if len(c.reads) > 2*limits.Files {
		refuse(dir, fmt.Sprintf("looks up %d paths; %d are allowed", len(c.reads), 2*limits.Files))
	}
	s.placeInTree(c)
	return c, nil
}

type closureWalk struct {
	snapshot *Snapshot
	ctx      context.Context
	closure  *closure
	chain    []string // the folders that led here
	done     map[string]bool
}

// enter follows one folder. config is set below a generator or transformer,
// where whatever is read may say what to fetch.
func (w *closureWalk) enter(dir string, from *referral, config bool) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	// The engine takes a folder above one that it is in for a cycle as well.
	if from != nil && slices.ContainsFunc(w.chain, func(above string) bool { return below(above, dir) }) {
		w.refuse(ReasonCycle, from, fmt.Sprintf("refers back to %s, by way of %s; take one of the references out",
			dir, strings.Join(append(slices.Clone(w.chain), dir), " → ")))
		return nil
	}
	key := dir
	if config {
		key += "\x00config"
	}
	if w.done[key] {
		return nil
	}
	if len(w.chain) > 200 {
		w.refuse(ReasonLimit, from, "is more than 200 folders deep")
		return nil
	}
	sc, err := w.snapshot.scan(dir)
	if err != nil {
		return err
	}
	w.done[key] = true
	w.closure.enterRemote(dir, from)
	w.chain = append(w.chain, dir)
	defer func() { w.chain = w.chain[:len(w.chain)-1] }()
	if err := w.take(sc, config); err != nil {
		return err
	}
	for _, to := range sc.refers {
		if err := w.enter(to.dir, &to, config || to.ref.role == roleConfig); err != nil {
			return err
		}
	}
	return nil
}

// take adds what one folder says.
func (w *closureWalk) take(sc *folderScan, config bool) error {
	c := w.closure
	c.outside = append(c.outside, sc.outside...)
	c.generated = append(c.generated, sc.generated...)
	for _, name := range sc.reads {
		c.reads[name] = true
	}
	for _, refusal := range sc.refusals {
		if !slices.Contains(c.refusals, refusal) { // an anchor and its aliases say one thing
			c.refusals = append(c.refusals, refusal)
		}
	}
	c.copies = append(c.copies, sc.copies...)
	for _, base := range sc.asked {
		if !slices.Contains(c.asked, base) {
			c.asked = append(c.asked, base)
		}
	}
	for _, name := range sc.yaml {
		refusal, err := w.snapshot.checkYAML(name)
		if err != nil {
			return err
		}
		if refusal != nil && !slices.Contains(c.refusals, *refusal) {
			c.refusals = append(c.refusals, *refusal)
		}
	}
	k := sc.kustomization
	if k == nil {
		return nil
	}
	c.kustomizations = append(c.kustomizations, k)
	c.openapi = c.openapi || k.openapi
	if config {
		return w.takeConfig(k)
	}
	return nil
}

// takeConfig looks into a folder of generators or transformers. It may hold
// no more than files of them: what it would make of them by patches and the
// like cannot be known before it runs.
func (w *closureWalk) takeConfig(k *kustomization) error {
	if k.root == nil {
		return nil
	}
	sc := &folderScan{}
	eachEntry(k.root, func(key string, value *yaml.Node) {
		switch folded(key) {
		case "apiversion", "kind", "metadata", "resources":
		default:
			sc.refuse(ReasonExec, k.path, value, key, "stands in a folder of generators or transformers, which may only list resources; write their configuration out in files")
		}
	})
	for _, ref := range k.refs {
		at, err := w.snapshot.resolve(path.Join(k.dir, ref.text))
		if err != nil || at.kind == Folder || at.kind == Submodule {
			continue
		}
		b, err := w.snapshot.blob(at.path)
		if err != nil {
			return err
		}
		sc.scanConfig(k.dir, at.path, b.data, nil)
	}
	w.closure.refusals = append(w.closure.refusals, sc.refusals...)
	for _, name := range sc.reads {
		w.closure.reads[name] = true
	}
	return nil
}

func (w *closureWalk) refuse(reason string, from *referral, message string) {
	w.closure.refusals = append(w.closure.refusals, Refusal{Reason: reason, Path: from.from.path,
		Line: from.ref.node.Line, Column: from.ref.node.Column, Text: from.ref.text, Message: message})
}

// A cost is what a build of a folder takes, each time that it is referred to:
// it doubles with each level of a diamond.
type cost struct {
	runs  int   // of kustomizations
	bytes int64 // of YAML
}

// cost adds up what a build of dir takes.
func (w *closureWalk) cost(dir string, known map[string]cost) cost {
	if c, ok := known[dir]; ok {
		return c
	}
	known[dir] = cost{runs: 1} // a cycle ends here; it is refused on its own account
	sc, err := w.snapshot.scan(dir)
	if err != nil {
		return cost{runs: 1} // already answered by the walk
	}
	total := cost{runs: 1}
	for _, name := range sc.yaml {
		if at, err := w.snapshot.resolve(name); err == nil && at.kind != Folder {
			if b, err := w.snapshot.blob(at.path); err == nil {
				total.bytes += int64(len(b.data))
			}
		}
	}
	for _, to := range sc.refers {
		below := w.cost(to.dir, known)
		total.runs = min(total.runs+below.runs, 1<<30)
		total.bytes = min(total.bytes+below.bytes, 1<<40)
	}
	known[dir] = total
	return total
}

func (w *closureWalk) fileOf(dir string) string {
	if sc, err := w.snapshot.scan(dir); err == nil && len(sc.names) > 0 {
		return sc.names[0]
	}
	return path.Join(dir, kustomizationNames[0])
}

// below reports whether name is dir or below it.
func below(name, dir string) bool {
	return name == dir || dir == "." || strings.HasPrefix(name, dir+"/")
}
