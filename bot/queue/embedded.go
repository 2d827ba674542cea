package queue

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// An embedded is a NATS server in the process. It listens on no port.
type embedded struct {
	*server.Server
	lock *os.File // the server itself would share its folder, and spoil it
}

// startServer starts a server on the data in folder.
func startServer(folder string) (*embedded, error) {
	if folder == "" {
		return nil, errors.New("the queue has neither a folder nor a URL")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the queue's folder: %w", err)
	}
	lock, err := lockFile(filepath.Join(folder, "lock"))
	if err != nil {
		return nil, fmt.Errorf("locking the queue's folder: %w", err)
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "kustodian",
		DontListen: true,
		JetStream:  true,
		StoreDir:   folder,
		// The default syncs every two minutes: what a power cut takes was
		// already answered with 202.
		SyncAlways:         true,
		JetStreamMaxMemory: 64 << 20,
		NoLog:              true,
		NoSigs:             true,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the queue in %s: %w", folder, err), lock.Close())
	}
	e := &embedded{Server: s, lock: lock}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		return nil, errors.Join(fmt.Errorf("starting the queue in %s: not ready after 20 s", folder), e.close())
	}
	return e, nil
}

// close ends the server once everything is on disk.
func (e *embedded) close() error {
	e.Shutdown()
	e.WaitForShutdown()
	return e.lock.Close()
}
