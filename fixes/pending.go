//go:build !yamledit

package fixes

var recipes []Recipe
