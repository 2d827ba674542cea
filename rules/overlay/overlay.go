package overlay

import (
	"fmt"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// An Overlay is a folder with a kustomization, as [Snapshot.Find] sees it
// before any build.
type Overlay struct {
	// Path is the folder, "." for the root of the tree.
	Path string `json:"path"`
	// File is the kustomization's path, such as "overlays/prod/kustomization.yaml".
	File string `json:"file"`
	// Environment is the overlay's environment, "" where it is not known;
	// Production says whether that is production.
	Environment string `json:"environment"`
	Production  bool   `json:"production,omitempty"`
	// Component is set where the folder is a Component, which is never built alone.
	Component bool `json:"component,omitempty"`
	// Root is set where nothing else in the tree refers to the folder.
	Root bool `json:"root"`
	// Refers lists the overlays and components that this one refers to, itself.
	Refers []string `json:"refers,omitempty"`
	// Reads is every path that a build may look up, found or not, through all
	// that it refers to; sorted. A change elsewhere cannot reach the overlay.
	Reads []string `json:"reads"`
	// Refusals are the references that are not followed, through all that it
	// refers to. An overlay with one is not built.
	Refusals []Refusal `json:"refusals,omitempty"`
	// Outside are the files that a kustomization reads from outside its own
	// folder, through all that it refers to. Reading is confined to the
	// repository here, as with Flux; kustomize's own default refuses them.
	Outside []Mention `json:"outside,omitempty"`
	// Generated are the files that a pipeline makes before the build, which are
	// not in the tree: empty ones stand in for them.
	Generated []Mention `json:"generated,omitempty"`
	// Remotes are the folders of other repositories that it refers to, through
	// all that it refers to, each once: those that [Options].Remotes answers,
	// and those that are to be answered before it can be built.
	Remotes []RemoteBase `json:"remotes,omitempty"`
}

// A Mention is an entry of a kustomization that names a file.
type Mention struct {
	Path   string `json:"path"` // the kustomization
	Line   int    `json:"line"` // from 1
	Column int    `json:"column"`
	Text   string `json:"text"` // the entry as written
}

// A Refusal is a reference of a kustomization that is not followed.
type Refusal struct {
	// Reason is ReasonRemote, ReasonHelm, ReasonExec, ReasonOutside, ReasonLimit, …
	Reason string `json:"reason"`
	Path   string `json:"path"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Text is the reference as written; Message says what it is and what to write instead.
	Text    string `json:"text"`
	Message string `json:"message"`
}

// Why an overlay was not built: the reasons of a [BuildError] and of a [Refusal].
const (
	ReasonMissing = "missing" // a file or folder that is not there
	ReasonInvalid = "invalid" // YAML or a kustomization that does not parse, or that kustomize refuses
	ReasonRemote  = "remote"  // a base, resource or file that would be fetched
	ReasonHelm    = "helm"    // a chart that would be inflated
	ReasonExec    = "exec"    // a program or container that would be run
	ReasonOutside = "outside" // a path or link that leads out of the repository
	ReasonCycle   = "cycle"   // overlays that refer to each other
	ReasonLimit   = "limit"   // more than [Limits] allows
)

// A BuildError is an overlay that does not build, told at the file and line
// that broke it.
type BuildError struct {
	Overlay string `json:"overlay"`
	Reason  string `json:"reason"`
	Path    string `json:"path"` // the file at fault; the kustomization where that is not known
	Line    int    `json:"line"` // from 1
	Column  int    `json:"column"`
	// Message says what is wrong; Hint what to write instead, or "".
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	// Said is kustomize's own words, without the way it went there; "" where
	// it was not asked.
	Said string `json:"said,omitempty"`
}

func (e *BuildError) Error() string {
	return fmt.Sprintf("%s:%d: building overlay %s: %s", e.Path, e.Line, e.Overlay, e.Text())
}

// Text is the message with its hint, and with kustomize's own words where the
// message is not those.
func (e *BuildError) Text() string {
	text := e.Message
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	if e.Said != "" && !strings.Contains(e.Message, e.Said) {
		text += " (kustomize: " + e.Said + ")"
	}
	return text
}

// An ObjectRef names an object.
type ObjectRef struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

// String is "apps/v1 Deployment shop/web", without "shop/" where there is no namespace.
func (r ObjectRef) String() string {
	name := r.Name
	if r.Namespace != "" {
		name = r.Namespace + "/" + name
	}
	return r.APIVersion + " " + r.Kind + " " + name
}

// An Object is one object of a [Build].
type Object struct {
	// Ref is the object as built.
	Ref ObjectRef
	// Origin is the object as the document that introduces it names it, before
	// prefix, suffix and namespace.
	Origin ObjectRef
	// Node is the object as built, a mapping. Its positions are not those of
	// a file: ask [Build.Where] or [Build.Explain].
	Node *yaml.Node
	// Made counts the objects, from 0, in the order in which the engine made
	// them: it stays where a change to the tree gives the object another name,
	// which moves it in the order of [Build].Objects.
	Made int
	// Documents are the starts of the documents that made it, in order: the
	// one that introduces it, then the patches that changed it.
	Documents []Source

	made    *introduction    // nil where that is not known
	chain   []*kustomization // those that changed it, in order
	certain bool             // whether nodes of the object kept a position in made
	seen    map[*document]bool

	patching sync.Once
	patches  []*patch // once patching
}

// A Source is the place in a file that says a field.
type Source struct {
	Path   string `json:"path"`
	Line   int    `json:"line"`   // from 1; 0 where unknown
	Column int    `json:"column"` // from 1, in runes
	// EndLine is the last line of the scalar, list or mapping; 0 where unknown.
	EndLine int `json:"endLine,omitempty"`
	// By is what set the field: one of the By constants.
	By string `json:"by"`
	// Entry is the name of the entry of a kustomization's images or replicas,
	// where By is one of those: one entry can set fields of many objects.
	Entry string `json:"entry,omitempty"`
	// How says how it is known: one of the How constants.
	How string `json:"how"`
	// Exact is false where Path and Line are the best guess, such as the
	// object's own document.
	Exact bool `json:"exact"`
	// Remote is set where a remote base says the field: the entry of a
	// kustomization of the tree that names that base, with the reference to the
	// file in Text. Path is then below [RemoteFolder].
	Remote *Mention `json:"remote,omitempty"`
	// Via are the earlier sources that this one overrode, the latest first.
	Via []Source `json:"via,omitempty"`
}

// String is "path:line:column", as compilers write it.
func (s Source) String() string {
	if s.Path == "" {
		return "unknown"
	}
	return fmt.Sprintf("%s:%d:%d", s.File(), s.Line, s.Column)
}

// File is the path as people know it: of a remote base the reference to the file.
func (s Source) File() string {
	if s.Remote != nil {
		return s.Remote.Text
	}
	return s.Path
}

// What set a field, in [Source].By.
const (
	ByResource    = "resource"
	ByPatch       = "patch"
	ByJSONPatch   = "json-patch"
	ByGenerator   = "generator"
	ByImages      = "images"
	ByReplicas    = "replicas"
	ByLabels      = "labels"
	ByAnnotations = "annotations"
	ByNamespace   = "namespace"
	ByName        = "name" // prefix, suffix, or a reference to a renamed object
	ByReplacement = "replacement"
	ByVars        = "vars"
	ByTransformer = "transformer"
	ByKustomize   = "kustomize" // the tool itself, such as a hash
)

// How a source is known, in [Source].How.
const (
	HowNode       = "node"       // the position survived the build
	HowToken      = "token"      // a build of tokens
	HowShadow     = "shadow"     // a build without JSON patches
	HowExperiment = "experiment" // a guess that a changed build confirmed
	HowObject     = "object"     // the object's own document: not exact
	HowUnknown    = "unknown"
)

// Environments says which overlays belong to which environment: patterns of
// paths (`*` within a folder's name, `**` across folders) by environment's
// name. The zero value knows the environments by whole words of the path.
type Environments map[string][]string

// Limits bounds what a stranger's tree can cost. Zero fields mean the default
// of [DefaultLimits].
type Limits struct {
	FileSize  int64 // bytes of one file
	Files     int   // files that one build reads
	Bytes     int64 // of YAML that one build reads, each time counted
	Nodes     int   // YAML nodes in one file, a tenth of them where it has aliases, which are expanded
	Overlays  int   // overlays in a tree
	Runs      int   // kustomizations that one build runs, each time counted
	Reads     int   // look-ups of one build, each time counted
	ObjectsOf int   // objects in one build
}

// DefaultLimits are generous: the largest real tree measured has 1,290
// overlays, its largest build 1.3 MB of YAML and 74 files.
var DefaultLimits = Limits{
	FileSize:  8 << 20,
	Files:     5_000,
	Bytes:     64 << 20,
	Nodes:     2_000_000,
	Overlays:  10_000,
	Runs:      2_000,
	Reads:     1_000_000,
	ObjectsOf: 20_000,
}

// Options are the settings of a [Snapshot].
type Options struct {
	Environments Environments
	// Generated are patterns of files that a pipeline makes before the build:
	// where one is not in the tree, an empty file stands in for it.
	Generated []string
	// Remotes are the answers to references to other repositories. What is not
	// answered is refused.
	Remotes []RemoteAnswer `json:",omitempty"`
	Limits  Limits
}
