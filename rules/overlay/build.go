package overlay

import (
	"context"
	"fmt"
	"path"
	"sync"
	"sync/atomic"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// A Build is what one overlay builds to. It never leaves the process that
// built it.
type Build struct {
	Overlay     string
	Environment string
	Production  bool
	Objects     []*Object // in the order in which kustomize prints them
	Reads       ReadSet   // of the build itself; see [Snapshot.Reads] for what is asked of it later
	// Without are the entries that were left out of a build by [Snapshot.Parts].
	Without []Mention

	snapshot  *Snapshot
	printed   []ordered // beside Objects
	served    *serving
	closure   *closure
	addresses *addresses

	explaining  sync.Mutex
	explanation *explanation // of what Where cannot place; nil until asked

	replacing sync.Once
	replaced  []replacement // once replacing

	stillborn []*born // what the files introduce and the build does not have

	patching sync.Once
	patched  []*patch // once patching
}

// schemaLock keeps builds that bring a schema of their own apart from all
// others: the engine holds the schema in package variables.
var schemaLock sync.RWMutex

// schemaChanged is set by the first build that brings a schema of its own.
var schemaChanged atomic.Bool

// SchemaChanged reports whether an overlay with a schema of its own was built
// in this process. The engine's own is put back after each; who builds for
// several people lets the process end all the same.
func SchemaChanged() bool { return schemaChanged.Load() }

// OwnSchema reports whether the overlay at dir brings a schema of its own.
// Nothing is built. The error is of ctx, or of reading the tree.
func (s *Snapshot) OwnSchema(ctx context.Context, dir string) (bool, error) {
	c, err := s.closure(ctx, dir)
	if err != nil {
		return false, fmt.Errorf("looking for a schema of overlay %s: %w", dir, err)
	}
	return c.openapi, nil
}

// readSchema makes the engine read its own schema, which it does at the first
// question and without regard to who else asks.
func readSchema() { openapi.SchemaForResourceType(kyaml.TypeMeta{}) }

var readSchemaOnce = sync.OnceFunc(readSchema)

// Warm does beforehand what the first build of the process would wait for.
func Warm() { readSchemaOnce() }

// Build builds the overlay at path. An overlay that does not build is a
// [*BuildError]; any other error is of ctx.
func (s *Snapshot) Build(ctx context.Context, path string) (*Build, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.watch == nil {
		s = s.Watch()
	}
	s.watch.note(path)
	c, err := s.closure(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("building overlay %s: %w", path, err)
	}
	return s.buildAll(ctx, path, c)
}

// buildAll builds an overlay and all that it refers to.
func (s *Snapshot) buildAll(ctx context.Context, path string, c *closure) (*Build, error) {
	if len(c.refusals) > 0 {
		return nil, refused(path, c.refusals[0])
	}
	serving := s.newServing(s.firstAddress(c))
	built, err := s.run(ctx, path, serving, c.openapi)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("building overlay %s: %w", path, ctx.Err())
		}
		return nil, s.brokenInTree(c, s.explainFailure(ctx, path, c, serving, err))
	}
	b := &Build{Overlay: path, snapshot: s, served: serving, closure: c, addresses: serving.addresses}
	b.Environment, b.Production = s.options.Environments.Of(path)
	if n := built.Size(); n > s.options.Limits.ObjectsOf {
		return nil, refused(path, Refusal{Reason: ReasonLimit, Path: c.kustomizations[0].path, Line: 1, Column: 1,
			Message: fmt.Sprintf("builds to %d objects; %d are allowed", n, s.options.Limits.ObjectsOf)})
	}
	if b.printed, err = printOrder(built, b.sorted()); err != nil {
		return nil, s.brokenInTree(c, s.explainFailure(ctx, path, c, serving, err))
	}
	for _, o := range b.printed {
		b.Objects = append(b.Objects, &Object{Ref: refOf(o.YNode()), Node: o.YNode(), Made: o.at})
	}
	if broken := b.twice(); broken != nil {
		return nil, s.brokenInTree(c, broken)
	}
	if b.Reads, err = s.Reads(); err != nil {
		return nil, fmt.Errorf("building overlay %s: %w", path, err)
	}
	b.introduce()
	return b, nil
}

// served is what gives the engine a tree's files in other words.
type served interface {
	over(fsys *treeFS)
	serve(name string, b *blob) []byte
}

// run lets the engine build the overlay at dir with the files as served.
func (s *Snapshot) run(ctx context.Context, dir string, serving served, schema bool) (built resmap.ResMap, err error) {
	readSchemaOnce()
	fsys := &treeFS{ctx: ctx, snapshot: s, virtual: map[string][]byte{}}
	fsys.served = serving.serve
	serving.over(fsys)
	if schema {
		schemaChanged.Store(true)
		schemaLock.Lock()
		defer schemaLock.Unlock()
		openapi.ResetOpenAPI() // of what the builds before have asked it
		defer func() {
			openapi.ResetOpenAPI()
			readSchema()
		}()
	} else {
		schemaLock.RLock()
		defer schemaLock.RUnlock()
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the build broke off: %v", r)
		}
	}()
	return krusty.MakeKustomizer(&krusty.Options{
		Reorder:          krusty.ReorderOptionNone, // see printOrder
		LoadRestrictions: types.LoadRestrictionsNone,
		PluginConfig:     types.DisabledPluginConfig(),
	}).Run(fsys, path.Join(treeRoot, dir))
}

// YAML returns the whole build as `kustomize build` prints it.
func (b *Build) YAML() ([]byte, error) {
	var text []byte
	for i, o := range b.printed {
		object, err := o.AsYAML()
		if err != nil {
			return nil, fmt.Errorf("printing %s of overlay %s: %w", b.Objects[i].Ref, b.Overlay, err)
		}
		if i > 0 {
			text = append(text, "---\n"...)
		}
		text = append(text, object...)
	}
	return text, nil
}

// refOf reads an object's name from the object.
func refOf(n *yaml.Node) ObjectRef {
	ref := ObjectRef{APIVersion: scalar(child(n, "apiVersion")), Kind: scalar(child(n, "kind"))}
	if metadata := child(n, "metadata"); metadata != nil {
		ref.Namespace, ref.Name = scalar(child(metadata, "namespace")), scalar(child(metadata, "name"))
	}
	return ref
}

func scalar(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}
