package rules

import (
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// number is the whole number below keys, fallback where there is none.
func number(n *yaml.Node, fallback int, keys ...string) int {
	if value, err := strconv.ParseInt(text(n, keys...), 10, 32); err == nil {
		return int(value)
	}
	return fallback
}

// plainQuantity holds back what takes the parser forever: it multiplies out
// exponents of any size.
var plainQuantity = regexp.MustCompile(`^[+-]?[0-9.]{1,24}([eE][+-]?[0-9]{1,2}|[a-zA-Z]{0,2})$`)

// quantity is the amount below keys, such as 100m or 1Gi. ok is false where
// there is none, or none that the API server would take.
func quantity(n *yaml.Node, keys ...string) (amount resource.Quantity, ok bool) {
	said := text(n, keys...)
	if !plainQuantity.MatchString(said) {
		return resource.Quantity{}, false
	}
	amount, err := resource.ParseQuantity(said)
	return amount, err == nil
}

// share is how many of total the number or percentage below keys is, rounded up
// as the API server rounds what may be missing and what must be there.
func share(n *yaml.Node, total int, keys ...string) (count int, ok bool) {
	said := text(n, keys...)
	if said == "" {
		return 0, false
	}
	value := intstr.Parse(said)
	count, err := intstr.GetScaledValueFromIntOrPercent(&value, total, true)
	return count, err == nil && count >= 0
}
