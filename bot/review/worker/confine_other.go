//go:build !linux

package worker

import (
	"runtime/debug"
	"sync/atomic"
	"syscall"
)

// withoutNamespaces is of no use here: they are Linux's.
var withoutNamespaces atomic.Bool

func namespaces() *syscall.SysProcAttr { return nil }

// confine bounds the collector only: rlimits of data and Landlock are Linux's.
func confine(memory int64, _ []string) error {
	debug.SetMemoryLimit(memory / 2)
	return nil
}

func (w *process) watchMemory() {}
