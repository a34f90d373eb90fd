package trial

import (
	"context"

	"github.com/pollux-automation/pollux/connectors"
)

// shelf gives a small text for every file that an operation takes, and keeps none that it
// answers with.
type shelf struct{}

// Keep implements connectors.Files.
func (shelf) Keep(context.Context, connectors.File) (string, error) { return "pollux", nil }

// Check implements connectors.Files.
func (shelf) Check(string) error { return nil }

// Fetch implements connectors.Files.
func (shelf) Fetch(context.Context, string) (connectors.File, error) {
	return connectors.File{Type: "text/plain", Title: "pollux.txt", Data: []byte("pollux")}, nil
}
