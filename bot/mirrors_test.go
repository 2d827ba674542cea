package bot_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestOrganisationNamesMirrors: the organisation's file adds places that are
// asked, among the hosts that the operator lists; a repository's own adds none.
func TestOrganisationNamesMirrors(t *testing.T) {
	const names = "images: {mirror: %s, mirrors: [{name: %[1]s, of: registry.example.com, at: %s}]}\n"
	for _, c := range []struct{ name, organisation, own, want string }{
		{"it says something else", fmt.Sprintf(names, "copy", "HOST/copy"), "", "the mirror HOST/copy says that registry.example.com/shop/web:1.0.0 is sha256:"},
		{"the operator does not list it", fmt.Sprintf(names, "copy", "127.0.0.1:1/copy"), "", "registry 127.0.0.1:1 is not among the registries that may be asked"},
		{"the repository names one", fmt.Sprintf(names, "copy", "HOST/copy"), fmt.Sprintf(names, "own", "HOST/own"), `there is no mirror "own"; the operator and the organisation name copy`},
		{"nobody picks it", strings.Replace(fmt.Sprintf(names, "copy", "HOST/copy"), "mirror: copy, ", "", 1), "", "```suggestion"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, mayFix, nil)
			s.push("shop/web:1.0.0", "copy/shop/web:1.0.0", "own/shop/web:1.0.0")
			at := func(text string) string { return strings.ReplaceAll(text, "HOST", s.registryHost()) }
			s.repository(".github", files{".kustodian.yaml": text(at("version: 1\n" + c.organisation))})
			archive := small(t)
			start := entries(archive, "main/")
			start[".kustodian.yaml"] = text(string(start[".kustodian.yaml"].Content) + at(c.own))
			p := s.pull(s.repository("shop", start), entries(archive, "pull/"))
			for _, thread := range p.state().Threads {
				if body := thread.Comments[0].Body; strings.HasSuffix(where(thread), " image-unpinned") {
					if !strings.Contains(body, at(c.want)) {
						t.Errorf("want %q in:\n%s", at(c.want), body)
					}
					return
				}
			}
			t.Errorf("nothing is said of the image: %q", p.said())
		})
	}
}
