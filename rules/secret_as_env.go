package rules

import (
	"fmt"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "secret-as-env",
	Title:     "a Secret in a container's environment",
	Why:       "The environment is copied to every child process and into crash reports, and does not change when the Secret does.",
	Write:     "the Secret as a volume, and the file's path in the variable where the program reads files",
	Severity:  Off,
	Practices: []int{3},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			for i, from := range items(c.Node, "envFrom") {
				if secret := text(from, "secretRef", "name"); secret != "" {
					pass.Report(c.Object, c.At("envFrom", overlay.IndexStep(i), "secretRef"),
						fmt.Sprintf("container %s gets all of Secret %s in its environment", c.Name, secret))
				}
			}
			for _, variable := range items(c.Node, "env") {
				name := text(variable, "name")
				if secret := text(variable, "valueFrom", "secretKeyRef", "name"); secret != "" {
					pass.Report(c.Object, c.At("env", overlay.ItemStep("name", name), "valueFrom", "secretKeyRef"),
						fmt.Sprintf("%s of container %s is from Secret %s%s", name, c.Name, secret, fileInstead(c, name)))
				}
			}
		}
	},
})

// takesFiles are images whose entry point reads NAME_FILE for the NAMEs of its
// documentation, by the last part of the image's name. Sources: the pages of
// the official images on Docker Hub.
var takesFiles = map[string][]string{
	"postgres":  {"POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_INITDB_ARGS"},
	"mysql":     {"MYSQL_ROOT_PASSWORD", "MYSQL_PASSWORD", "MYSQL_USER", "MYSQL_DATABASE"},
	"mariadb":   {"MARIADB_ROOT_PASSWORD", "MARIADB_PASSWORD", "MARIADB_USER", "MARIADB_DATABASE"},
	"mongo":     {"MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD"},
	"wordpress": {"WORDPRESS_DB_PASSWORD", "WORDPRESS_DB_USER", "WORDPRESS_DB_HOST", "WORDPRESS_DB_NAME"},
	"nextcloud": {"POSTGRES_PASSWORD", "MYSQL_PASSWORD", "NEXTCLOUD_ADMIN_PASSWORD"},
}

// fileInstead names the variable with which the image takes a file.
func fileInstead(c Container, name string) string {
	i, _ := parseImage(c.Value("image"))
	for _, known := range takesFiles[i.program()] {
		if known == name {
			return "; this image reads a file too, named in " + name + "_FILE"
		}
	}
	return ""
}
