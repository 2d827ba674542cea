package fixes

import "testing"

// TestRenovateWrites asks of configurations of Renovate what they make it do
// with ghcr.io/acme/web.
func TestRenovateWrites(t *testing.T) {
	const best, manifests = `extends: ["config:best-practices"]`, `kubernetes: {fileMatch: ["\\.yaml$"]}`
	for _, c := range []struct {
		name, config             string
		entry, manifest, follows bool // pins an entry, pins a manifest, raises the digest of an entry
	}{
		{"nothing", `{}`, false, false, true},
		{"versions only", `{"extends": ["config:recommended"]}`, false, false, true},
		{"best practices", `{` + best + `}`, true, false, true},
		{"best practices, for manifests too", `{` + best + `, ` + manifests + `}`, true, true, true},
		{"manifests of another folder", `{` + best + `, kubernetes: {managerFilePatterns: ["/^apps\\//"]}}`, true, false, true},
		{"manifests by a glob", `{` + best + `, kubernetes: {managerFilePatterns: ["base/**/*.yaml"]}}`, true, true, true},
		{"best practices without their digests", `{` + best + `, ignorePresets: ["docker:pinDigests"]}`, false, false, true},
		{"the option", `{'pinDigests': true, ` + manifests + `}`, true, true, true},
		{"the option without a blank", `{pinDigests:true}`, true, false, true},
		{"the option of a manager", `{kubernetes: {fileMatch: ["yaml$"], pinDigests: true}}`, false, true, true},
		{"the option of the other manager", `{kustomize: {pinDigests: true}, ` + manifests + `}`, true, false, true},
		{"all off", `{enabled: false, ` + best + `}`, false, false, false},
		{"a manager off", `{` + best + `, kustomize: {enabled: false}, ` + manifests + `}`, false, true, false},
		{"no digests", `{` + best + `, digest: {enabled: false}}`, true, false, false},
		{"managers without it", `{` + best + `, enabledManagers: ["gomod", "dockerfile"], ` + manifests + `}`, false, false, false},
		{"managers with one", `{` + best + `, enabledManagers: ["kubernetes"], ` + manifests + `}`, false, true, false},
		{"a rule that pins", `{packageRules: [{matchDatasources: ["docker"], pinDigests: true}]}`, true, false, true},
		{"a rule for the manager", `{packageRules: [{matchManagers: ["kustomize"], pinDigests: true}], ` + manifests + `}`, true, false, true},
		{"a rule by name", `{packageRules: [{matchPackageNames: ["ghcr.io/acme/**"], extends: ["docker:pinDigests"]}]}`, true, false, true},
		{"a rule by another name", `{packageRules: [{matchPackageNames: ["nginx"], pinDigests: true}]}`, false, false, true},
		{"a rule by every other name", `{packageRules: [{matchPackageNames: ["!ghcr.io/acme/web"], pinDigests: true}]}`, false, false, true},
		{"a rule by prefix", `{packageRules: [{matchPackagePrefixes: ["ghcr.io/ac"], pinDigests: true}]}`, true, false, true},
		{"a rule by pattern", `{packageRules: [{matchPackagePatterns: ["/web$"], pinDigests: true}]}`, true, false, true},
		{"a rule but for names", `{packageRules: [{matchDatasources: ["docker"], excludePackageNames: ["ghcr.io/acme/web"], pinDigests: true}]}`, false, false, true},
		{"a rule by file", `{packageRules: [{matchFileNames: ["base/**"], pinDigests: true}]}`, true, false, true},
		{"a rule by what is not known", `{packageRules: [{matchCurrentAge: "> 3 days", pinDigests: true}]}`, false, false, true},
		{"a rule for another ecosystem", `{packageRules: [{matchDatasources: ["go"], enabled: false}], ` + best + `}`, true, false, true},
		{"the last rule counts", `{` + best + `, packageRules: [{matchManagers: ["kustomize"], pinDigests: false}]}`, false, false, true},
		{"a rule turns it off", `{` + best + `, packageRules: [{matchPackageNames: ["/acme/"], enabled: false}]}`, false, false, false},
		{"a rule turns pins off", `{` + best + `, packageRules: [{matchUpdateTypes: ["pin", "pinDigest"], enabled: false}]}`, false, false, true},
		{"a rule turns major versions off", `{` + best + `, packageRules: [{matchUpdateTypes: ["major"], enabled: false}]}`, true, false, true},
		{"the image is left", `{` + best + `, ignoreDeps: ["ghcr.io/acme/web"]}`, false, false, false},
		{"the folder is left", `{` + best + `, ignorePaths: ["base/"]}`, false, false, false},
		{"another folder is left", `{` + best + `, ignorePaths: ["**/test/**"]}`, true, false, true},
		{"only another folder", `{` + best + `, includePaths: ["apps/**"]}`, false, false, false},
		{"comments", "{ // pinDigests: true\n /* pinDigests: true, */ $schema: 'https://docs.renovatebot.com//x', }", false, false, true},
		{"quotes", `{description: 'it\'s a "test" of \/', pinDigests: true}`, true, false, true},
	} {
		roots, err := documents(fromJSON5([]byte(c.config)))
		if err != nil || len(roots) != 1 {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, asked := range []struct {
			renovateAsked
			want bool
		}{
			{renovateAsked{readsEntries, "base/kustomization.yaml", "ghcr.io/acme/web", renovatePins}, c.entry},
			{renovateAsked{readsManifests, "base/shop/web.yaml", "ghcr.io/acme/web", renovatePins}, c.manifest},
			{renovateAsked{readsEntries, "base/kustomization.yaml", "ghcr.io/acme/web", renovateRaises}, c.follows},
		} {
			if got := asked.writes(roots[0]); got != asked.want {
				t.Errorf("%s: %s by %s: got %t", c.name, asked.update, asked.manager, got)
			}
		}
	}
}

func FuzzRenovate(f *testing.F) {
	f.Add([]byte(`{a: 'x', packageRules: [{matchManagers: ["!kustomize", "/k/i"]}]} // z`))
	f.Add([]byte(`{a: &a [*a], packageRules: [*a]} /*`))
	f.Add([]byte("{packageRules: [[], a, {matchPackageNames: {}, }]} '\\"))
	f.Fuzz(func(t *testing.T, src []byte) {
		roots, err := documents(fromJSON5(src))
		if err != nil {
			return
		}
		for _, root := range roots {
			renovateAsked{readsEntries, "kustomization.yaml", "nginx", renovatePins}.writes(root)
		}
	})
}
