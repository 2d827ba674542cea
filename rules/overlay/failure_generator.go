package overlay

import "strings"

// mergesNothing finds a generator that merges into what nothing makes.
func (f *failure) mergesNothing() *BuildError {
	match := goID.FindStringSubmatch(f.words)
	if match == nil || !strings.Contains(f.words, "cannot merge or replace") {
		return nil
	}
	for _, k := range f.closure.kustomizations {
		for _, key := range []string{"configMapGenerator", "secretGenerator"} {
			for _, generator := range items(entry(k.root, key)) {
				name := entry(generator, "name")
				if scalar(name) != match[2] || entry(generator, "behavior") == nil {
					continue
				}
				var names []string
				for _, o := range f.objects() {
					if o.Kind == match[1] {
						names = append(names, o.Name)
					}
				}
				hint := didYouMean(match[2], names)
				if hint == "" {
					hint = "take behavior out to create it"
				}
				return f.at(k.path, name, ReasonInvalid, match[2]+" is made by nothing below; it cannot be merged or replaced", hint)
			}
		}
	}
	return nil
}
