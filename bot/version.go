package bot

import "runtime/debug"

// Version names the build of the running binary: the module's version, else
// the commit that it was built from, else "devel". Two builds of the same
// commit with local changes have the same name.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return "devel"
}
