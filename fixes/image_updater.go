package fixes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// updaterGroup is the prefix of the annotations of Argo CD Image Updater, and
// the group of its resource.
const updaterGroup = "argocd-image-updater.argoproj.io"

// An updater is an image that Argo CD Image Updater sets in one folder, in the
// cluster or in git, whatever the folder says.
type updater struct {
	image  string // without tag
	folder string // that the Application builds; "" where a generator fills it in
	by     string // the object and file that say so
}

// knownUpdaters are all that the tree tells of, once that was looked for.
type knownUpdaters struct {
	known bool
	all   []updater
}

// updated returns a *NoFix where Argo CD Image Updater sets one of the images.
func (p *Plan) updated(ctx context.Context, all []reached) error {
	updaters, err := p.updaters(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		repository, _ := splitTag(scalar(r.node, "image"))
		for _, u := range updaters {
			if sameRepository(u.image, repository) && (u.folder == "" || u.folder == r.build.Overlay) {
				return &NoFix{ReasonAutomation, fmt.Sprintf("Argo CD Image Updater sets %s in overlay %s, as %s says; its update strategy digest does what a pin would.", repository, r.build.Overlay, u.by)}
			}
		}
	}
	return nil
}

// updaters are those that the files of the tree tell of, read once.
func (p *Plan) updaters(ctx context.Context) ([]updater, error) {
	if p.read.updaters.known {
		return p.read.updaters.all, nil
	}
	files, err := p.Snapshot.YAMLFiles(ctx)
	if err != nil {
		return nil, err
	}
	var applications []application
	var resources []*yaml.Node
	for _, file := range files {
		src, err := p.Snapshot.ReadFile(file)
		if errors.Is(err, overlay.ErrTooLarge) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		if !bytes.Contains(src, []byte(updaterGroup)) && !bytes.Contains(src, []byte("kind: Application")) {
			continue
		}
		roots, err := documents(src)
		if err != nil {
			continue // no YAML: a template, which nobody applies as it is
		}
		for _, root := range roots {
			switch scalar(root, "kind") {
			case "Application":
				applications = append(applications, application{root, file})
			case "ApplicationSet":
				applications = append(applications, application{child(root, "spec", "template"), file})
			case "ImageUpdater":
				resources = append(resources, root)
			}
		}
	}
	p.read.updaters.known, p.read.updaters.all = true, updatersOf(applications, resources)
	return p.read.updaters.all, nil
}

// An application is an Application of Argo CD, or the template of one.
type application struct {
	node *yaml.Node
	file string
}

// updatersOf are the images that the annotations of Applications list, and
// those that resources list for Applications by name.
func updatersOf(applications []application, resources []*yaml.Node) []updater {
	var out []updater
	for _, a := range applications {
		name := scalar(a.node, "metadata", "name")
		images := strings.Split(scalar(a.node, "metadata", "annotations", updaterGroup+"/image-list"), ",")
		for _, r := range resources {
			for _, ref := range items(r, "spec", "applicationRefs") {
				if matches(scalar(ref, "namePattern"), name) {
					for _, image := range items(ref, "images") {
						images = append(images, scalar(image, "imageName"))
					}
				}
			}
		}
		for _, image := range images {
			// alias=repository:constraint, of which only the repository has to be there.
			if _, plain, ok := strings.Cut(image, "="); ok {
				image = plain
			}
			repository, _ := splitTag(strings.TrimSpace(image))
			if repository == "" {
				continue
			}
			for _, folder := range a.folders() {
				out = append(out, updater{repository, folder, fmt.Sprintf("Application %s in %s", name, a.file)})
			}
		}
	}
	return out
}

// folders are what the Application builds, "" for one that a generator names.
func (a application) folders() []string {
	var out []string
	for _, source := range append(items(a.node, "spec", "sources"), child(a.node, "spec", "source")) {
		said := scalar(source, "path")
		switch {
		case strings.Contains(said, "{{"):
			out = append(out, "")
		case said != "":
			out = append(out, path.Clean(strings.TrimPrefix(said, "/")))
		}
	}
	return out
}

// sameRepository reports whether two names of an image without tag are one.
func sameRepository(a, b string) bool { return shortImage(a) == shortImage(b) }

// shortImage is a name of an image without what Docker Hub adds to it.
func shortImage(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(name, "docker.io/"), "index.docker.io/"), "library/")
}
