package queue

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startServer starts a NATS server in the process, on the data in folder. It
// listens on no port.
func startServer(folder string) (*server.Server, error) {
	if folder == "" {
		return nil, errors.New("the queue has neither a folder nor a URL")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the queue's folder: %w", err)
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
		return nil, fmt.Errorf("starting the queue in %s: %w", folder, err)
	}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		s.Shutdown()
		return nil, fmt.Errorf("starting the queue in %s: not ready after 20 s", folder)
	}
	return s, nil
}
