package rules

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kustodian/kustodian/rules/overlay"
)

// An imageEntry is an entry of images in a kustomization.
type imageEntry struct {
	file  string
	depth int // of the kustomization in the build, from 0: the smaller counts later
	index int
	node  *yaml.Node
}

func (e imageEntry) name() string    { return text(e.node, "name") }
func (e imageEntry) newName() string { return text(e.node, "newName") }
func (e imageEntry) newTag() string  { return text(e.node, "newTag") }

// pinned reports whether the entry sets a digest.
func (e imageEntry) pinned() bool {
	return text(e.node, "digest") != "" || strings.Contains(e.newTag(), "@") || strings.Contains(e.newName(), "@")
}

// at is the place of a key of the entry, of the entry itself for "".
func (e imageEntry) at(key string) overlay.Source {
	n := e.node
	if value := child(e.node, key); value != nil {
		n = value
	}
	return overlay.Source{Path: e.file, Line: n.Line, Column: n.Column, EndLine: n.Line, By: overlay.ByImages, Exact: true, Entry: e.name()}
}

// imageEntries are the entries of all kustomizations of the build.
func imageEntries(build *overlay.Build) []imageEntry {
	var entries []imageEntry
	for depth, file := range build.Kustomizations() {
		for i, node := range file.Entries("images") {
			if text(node, "name") != "" {
				entries = append(entries, imageEntry{file.Path, depth, i, node})
			}
		}
	}
	return entries
}

// writtenImages are the images of containers as the documents of the build
// write them, with their places.
func writtenImages(build *overlay.Build) map[string][]overlay.Source {
	images := map[string][]overlay.Source{}
	for _, document := range build.Documents() {
		for _, object := range document.Objects {
			eachImage(object, func(n *yaml.Node) { images[n.Value] = append(images[n.Value], document.Source(n)) })
		}
	}
	return images
}

// eachImage visits what may be an image below a node: a text at a key image.
// kustomize looks for it in lists called containers and initContainers
// anywhere, and where its configurations say.
func eachImage(n *yaml.Node, visit func(*yaml.Node)) {
	n = follow(n)
	if n == nil {
		return
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode {
			if i%2 == 0 {
				continue
			}
			if value := follow(c); n.Content[i-1].Value == "image" && value.Kind == yaml.ScalarNode && value.Value != "" {
				visit(value)
			}
		}
		eachImage(c, visit)
	}
}
