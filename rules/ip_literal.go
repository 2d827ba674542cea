package rules

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/kustodian/kustodian/rules/overlay"
)

var _ = add(Rule{
	ID:        "ip-literal",
	Title:     "an address of the cluster's network, written out",
	Why:       "Pods and Services get other addresses when they are made again, and what stands here does not follow.",
	Write:     "the name of the Service",
	Severity:  Warning,
	Practices: []int{35},
	Check: func(pass *Pass) {
		for c := range pass.Containers() {
			for _, variable := range items(c.Node, "env") {
				name := text(variable, "name")
				if !addressField.MatchString(name) {
					literalIP(pass, c.Object, c.At("env", overlay.ItemStep("name", name), "value"), name, text(variable, "value"))
				}
			}
			for _, key := range []string{"command", "args"} {
				for i, word := range items(c.Node, key) {
					flag, value, assigned := strings.Cut(word.Value, "=")
					if !assigned {
						flag, value = "", word.Value
					}
					if !addressField.MatchString(flag) {
						literalIP(pass, c.Object, c.At(key, overlay.IndexStep(i)), key+" of container "+c.Name, value)
					}
				}
			}
		}
		for o := range pass.Objects("ConfigMap") {
			for _, key := range keys(child(o.Node, "data")) {
				if !addressField.MatchString(key) {
					literalIP(pass, o, overlay.Field{"data", key}, key, text(o.Node, "data", key))
				}
			}
		}
	},
})

var (
	// addressField are names of what is an address by its nature.
	addressField = regexp.MustCompile(`(?i)(proxy|dns|nameserver|resolver|cidr|subnet|whitelist|allow|trusted|external[-_]?ip|load[-_]?balancer|bind|listen|gateway|node[-_]?ip)`)
	// anAddress is a value that is an address, with what a URL has around it.
	// Without a scheme, what follows a slash would be the length of a range.
	anAddress = regexp.MustCompile(`^(?:[a-z][a-z0-9+.-]*://(?:[^@/\s]*@)?([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?:[:/].*)?|([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::[0-9]+)?)$`)
)

// literalIP reports a value that is an address of a private network. Those of
// documentation, of the machine itself and of link-local services are not.
func literalIP(pass *Pass, o *overlay.Object, field overlay.Field, said, value string) {
	m := anAddress.FindStringSubmatch(value)
	if m == nil {
		return
	}
	number := m[1] + m[2]
	address, err := netip.ParseAddr(number)
	if err != nil || !address.IsPrivate() {
		return
	}
	hint := ""
	for service := range pass.Objects("Service") {
		if text(service.Node, "spec", "clusterIP") == number {
			hint = "; it is that of Service " + service.Ref.Name
		}
	}
	pass.Report(o, field, fmt.Sprintf("%s is the address %s%s", said, number, hint))
}
