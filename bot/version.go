package bot

import "runtime/debug"

// version is what the linker was told:
// -ldflags "-X github.com/kustodian/kustodian/bot.version=v1.2.3".
var version string

// Version names the build of the running binary: what the linker was told, else
// the module's version, else the commit that it was built from, else "devel".
// Two builds of one commit with local changes may have the same name.
func Version() string {
	if version != "" {
		return version
	}
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
