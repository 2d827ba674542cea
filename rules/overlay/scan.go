package overlay

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// folderScan is what one kustomization says before any build: without what
// the folders that it refers to say.
type folderScan struct {
	kustomization *kustomization // nil where the folder has none
	names         []string       // the kustomization files that stand there
	reads         []string       // every path looked up, found or not
	refers        []referral
	yaml          []string // files that the engine parses, without links
	refusals      []Refusal
	outside       []Mention
	generated     []Mention
	copies        []Refusal
	asked         []RemoteBase // the remote bases that it names
	seen          []string     // every path that was looked up to say all this
}

// referral is a folder that a kustomization refers to.
type referral struct {
	dir  string
	ref  reference
	from *kustomization
}

// scan reads the kustomization of a folder, most often once per snapshot.
func (s *Snapshot) scan(dir string) (*folderScan, error) {
	if sc := s.known.scan(dir); sc != nil {
		s.watch.note(sc.seen...)
		return sc, nil
	}
	asking := s.watch
	s = s.Watch()
	sc := &folderScan{}
	for _, name := range kustomizationNames {
		_, err := s.look(sc, path.Join(dir, name))
		switch {
		case isRefused(err):
			sc.refuse(ReasonOutside, path.Join(dir, name), &yaml.Node{Line: 1, Column: 1}, name, "is a link that leads out of the repository; write the kustomization here")
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	var err error
	if sc.kustomization, sc.names, err = s.kustomizationIn(dir); err != nil {
		return nil, err
	}
	if len(sc.names) > 1 {
		sc.refuse(ReasonInvalid, sc.names[1], &yaml.Node{Line: 1, Column: 1}, sc.names[1], "is a second kustomization beside "+sc.names[0]+"; keep one of them")
	}
	if k := sc.kustomization; k != nil {
		if err := s.scanReferences(sc, k); err != nil {
			return nil, err
		}
	}
	sc.seen = s.watch.noted()
	asking.note(sc.seen...)
	s.known.scanning.Lock()
	defer s.known.scanning.Unlock()
	s.known.scans[dir] = sc
	return sc, nil
}

func isRefused(err error) bool { return errors.Is(err, errOutside) || errors.Is(err, errSubmodule) }

// look resolves a path and notes all that the look-up touched.
func (s *Snapshot) look(sc *folderScan, name string) (found, error) {
	at, err := s.resolve(name)
	for link := range at.links {
		sc.reads = append(sc.reads, link)
	}
	if !isRefused(err) {
		sc.reads = append(sc.reads, at.path)
		if clean := path.Clean(name); errors.Is(err, fs.ErrNotExist) && len(at.links) == 0 {
			sc.reads = append(sc.reads, clean)
		}
	}
	return at, err
}

// longestName is how many letters the name of an object may have.
const longestName = 253

func (s *Snapshot) scanReferences(sc *folderScan, k *kustomization) error {
	if errors.Is(k.err, errTooLong) {
		sc.refuse(ReasonLimit, k.path, &yaml.Node{Line: 1, Column: 1}, k.path, errTooLong.Error())
		return nil
	}
	sc.yaml = append(sc.yaml, k.path)
	for _, affix := range k.affixes {
		if len(affix.Value) > longestName {
			sc.refuse(ReasonLimit, k.path, affix, affix.Value[:20]+"…", fmt.Sprintf("has %d letters; a name may have %d", len(affix.Value), longestName))
		}
	}
	for _, ref := range k.refs {
		if err := s.scanReference(sc, k, ref); err != nil {
			return err
		}
	}
	for _, inline := range k.inlines {
		if fault := aliasFault([]byte(inline.node.Value), s.options.Limits.Nodes); fault != nil {
			sc.refuse(fault.Reason, k.path, inline.node, "", fault.Message)
		}
		if inline.role == rolePatch {
			sc.scanOps([]byte(inline.node.Value), k.placeOf(inline).of)
		}
		if inline.role == roleConfig {
			sc.scanConfig(k.dir, k.path, []byte(inline.node.Value), inline.node)
		}
	}
	// What the engine sees and the loop above did not was hidden on purpose.
	for _, text := range k.seen {
		if remote(text) && !isMapping(text) && !slices.ContainsFunc(sc.refusals, func(r Refusal) bool { return strings.Contains(r.Text, text) }) {
			sc.refuse(ReasonRemote, k.path, k.root, text, "would be fetched; write the path of a file in this repository")
		}
	}
	return nil
}

func (sc *folderScan) refuse(reason, file string, at *yaml.Node, text, message string) {
	sc.refusals = append(sc.refusals, Refusal{Reason: reason, Path: file, Line: at.Line, Column: at.Column, Text: text, Message: message})
}

func (s *Snapshot) scanReference(sc *folderScan, k *kustomization, ref reference) error {
	switch {
	case ref.role == roleChart:
		sc.refuse(ReasonHelm, k.path, ref.node, ref.text, inflates)
		return nil
	case remote(ref.text):
		s.scanRemote(sc, k, ref)
		return nil
	case path.IsAbs(ref.text):
		sc.refuse(ReasonOutside, k.path, ref.node, ref.text, "is an absolute path; write it relative to this folder")
		return nil
	}
	if base, ok := ParseRemote(ref.node.Value); ok && ref.isRemote() {
		sc.ask(base)
	}
	at, err := s.look(sc, path.Join(k.dir, ref.text))
	if k.leaves(ref) {
		err = errOutside
	}
	if fault := ref.remoteFault(at, err); fault != "" {
		sc.refuse(ReasonMissing, k.path, ref.node, ref.text, fault)
		return nil
	}
	switch {
	case errors.Is(err, errOutside):
		sc.refuse(ReasonOutside, k.path, ref.node, ref.text, "leads out of the repository; move what it names into it")
		return nil
	case errors.Is(err, errSubmodule), err == nil && at.kind == Submodule:
		sc.refuse(ReasonOutside, k.path, ref.node, ref.text, "is in a submodule, whose commit is not read; copy it into this repository")
		return nil
	case errors.Is(err, fs.ErrNotExist):
		if ref.role != roleComponent && s.standsIn(path.Join(k.dir, ref.text)) {
			sc.generated = append(sc.generated, Mention{Path: k.path, Line: ref.node.Line, Column: ref.node.Column, Text: ref.text})
		}
		if ref.role == roleResource || ref.role == roleComponent || ref.role == roleConfig {
			for _, name := range kustomizationNames {
				sc.reads = append(sc.reads, path.Join(k.dir, ref.text, name))
			}
		}
		return nil // the build says that it is missing
	case err != nil:
		return err
	}
	if at.kind != Folder && !below(at.path, k.dir) {
		sc.outside = append(sc.outside, Mention{Path: k.path, Line: ref.node.Line, Column: ref.node.Column, Text: ref.text})
	}
	switch {
	case at.kind == Folder:
		sc.refers = append(sc.refers, referral{at.path, ref, k})
	case ref.role == roleConfig:
		b, err := s.blob(at.path)
		if err != nil {
			return err
		}
		sc.yaml = append(sc.yaml, at.path)
		sc.scanConfig(k.dir, at.path, b.data, nil)
	case ref.role != roleData && ref.role != roleEnv:
		sc.yaml = append(sc.yaml, at.path)
		if ref.role != rolePatch {
			return nil
		}
		b, err := s.blob(at.path)
		if err != nil {
			return err
		}
		if bytes.Contains(b.data, []byte("copy")) {
			sc.scanOps(b.data, func(n *yaml.Node) Source { return Source{Path: at.path, Line: n.Line, Column: n.Column} })
		}
	}
	return nil
}

// inflates is said of what renders Helm charts.
const inflates = "renders Helm charts, which is not done here; commit what `helm template` prints and list that file under resources"

// scanConfig looks for what a generator or transformer would fetch or run. in
// is the scalar that holds the text, nil for a file.
func (sc *folderScan) scanConfig(dir, file string, data []byte, in *yaml.Node) {
	for _, d := range splitText(file, data, roleConfig).documents {
		d.parse()
		if d.root == nil {
			continue
		}
		if checkAliases(d.root, DefaultLimits.Nodes) != nil {
			continue // refused with the other files
		}
		place := func(n *yaml.Node) *yaml.Node {
			if in != nil {
				return in
			}
			return &yaml.Node{Line: d.line + n.Line - 1, Column: n.Column}
		}
		for _, object := range d.objects() {
			api := scalar(child(object, "apiVersion"))
			kind := scalar(child(object, "kind"))
			switch {
			case kind == "HelmChartInflationGenerator":
				sc.refuse(ReasonHelm, file, place(object), kind, inflates)
			case api != "builtin" && !strings.HasSuffix(kind, "List"):
				sc.refuse(ReasonExec, file, place(object), strings.TrimSpace(api+" "+kind), "would run a program or container; only kustomize's builtin generators and transformers are")
			}
		}
		sc.scanScalars(dir, d.root, func(n *yaml.Node) {
			sc.refuse(ReasonRemote, file, place(n), n.Value, "would be fetched; copy it into this repository and refer to its path")
		})
	}
}

// scanScalars calls refuse for what could be fetched, and notes what could be
// a path as read.
func (sc *folderScan) scanScalars(dir string, root *yaml.Node, refuse func(*yaml.Node)) {
	eachScalar(root, nil, func(_ Field, n *yaml.Node) {
		value := n.Value
		if _, after, keyed := strings.Cut(value, "="); keyed && remote(after) {
			value = after
		}
		switch {
		case remote(value), n.Tag == "!!binary":
			refuse(n)
		case n.Value != "" && len(value) < 512 && !strings.ContainsAny(value, " \n"):
			if _, after, keyed := strings.Cut(value, "="); keyed {
				value = after
			}
			sc.reads = append(sc.reads, path.Join(dir, value))
		}
	})
}

// checkYAML refuses a file that is too large, or whose aliases would take the
// engine down. It returns the number of nodes, where that was worth counting.
func (s *Snapshot) checkYAML(name string) (*Refusal, error) {
	at, err := s.resolve(name)
	if err != nil || at.kind == Folder {
		return nil, nil // the build says so
	}
	b, err := s.blob(at.path)
	if err != nil {
		return nil, err
	}
	limits := s.options.Limits
	if b.unread != nil {
		return &Refusal{Reason: ReasonLimit, Path: at.path, Line: 1, Column: 1, Text: at.path, Message: "is " + ErrTooLarge.Error()}, nil
	}
	if int64(len(b.data)) > limits.FileSize {
		return &Refusal{Reason: ReasonLimit, Path: at.path, Line: 1, Column: 1, Text: at.path,
			Message: fmt.Sprintf("has %d bytes, more than the %d that one file may have", len(b.data), limits.FileSize)}, nil
	}
	b.once.Do(func() { b.bomb = aliasFault(b.data, limits.Nodes) })
	if b.bomb == nil {
		return nil, nil
	}
	refusal := *b.bomb
	refusal.Path = at.path
	return &refusal, nil
}

// aliasFault looks for aliases that cost too much in any document of a file,
// also inside the scalars of it that hold YAML themselves.
func aliasFault(data []byte, limit int) *Refusal {
	if !bytes.Contains(data, []byte("&")) && len(data) < 2*limit && bytes.Count(data, []byte("\n---")) <= maxDocuments {
		return nil // no anchors, and fewer nodes than bytes
	}
	if n := bytes.Count(data, []byte("\n---")); n > maxDocuments {
		return &Refusal{Reason: ReasonLimit, Line: 1, Column: 1, Text: "---", Message: fmt.Sprintf("stands %d times, for documents of which a file may have %d", n, maxDocuments)}
	}
	if n := mostNodes(data); n > limit {
		return &Refusal{Reason: ReasonLimit, Line: 1, Column: 1, Message: fmt.Sprintf("has room for %d nodes, a file may have %d", n, limit)}
	}
	for _, d := range splitText("", data, roleResource).documents {
		var document yaml.Node
		if yaml.Unmarshal(d.bytes(), &document) != nil {
			continue
		}
		if !anchored(&document) {
			continue
		}
		err := checkAliases(&document, limit/aliasFactor)
		if err == nil {
			continue
		}
		return &Refusal{Reason: ReasonLimit, Line: d.line, Column: 1, Text: "&", Message: err.Error() + "; write the values out"}
	}
	return nil
}

// maxDocuments is how many documents a file may have: as many as a build may
// have objects.
const maxDocuments = 20_000

// mostNodes is more than the nodes that a text can hold, aliases apart, and
// counted without parsing it: each has a line of its own, or one of these
// before it.
func mostNodes(data []byte) int {
	n := 0
	for _, mark := range []string{"\n", ",", "[", "{", ": ", "- ", "? "} {
		n += bytes.Count(data, []byte(mark))
	}
	return n
}

// aliasFactor is how much dearer a node behind an alias is than one written
// out: the engine writes it out several times, and half a million took 2.6 GB.
const aliasFactor = 10

func (d *document) bytes() []byte { return d.text.data[d.start:d.end] }

// scanOps refuses a JSON patch that copies a field into itself, and notes the
// copies that it makes.
func (sc *folderScan) scanOps(data []byte, place func(*yaml.Node) Source) {
	for _, op := range items(jsonOps(data)) {
		from, to := scalar(child(op, "from")), child(op, "path")
		if scalar(child(op, "op")) != "copy" || to == nil {
			continue
		}
		at := place(to)
		copied := Refusal{Reason: ReasonLimit, Path: at.Path, Line: at.Line, Column: at.Column, Text: scalar(to)}
		if from == "" || strings.HasPrefix(scalar(to), from+"/") {
			copied.Message = "copies a field into itself; add the value it should have"
			sc.refusals = append(sc.refusals, copied)
			return
		}
		sc.copies = append(sc.copies, copied)
	}
}

// maxCopies bounds what the copies of one build can come to, since each may
// copy what the one before it made: 2^12 times the object. No real patch seen
// copies at all.
const maxCopies = 12
