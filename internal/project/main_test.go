package project_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/pollux-automation/pollux/connectors/plugin"
)

// TestMain lets the tests' own program be a plugin, as "plugin MODE TRACE". Otherwise it
// makes sure that no goroutine outlives the tests.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "plugin" {
		if err := plugin.Serve(context.Background(), &odd{mode: os.Args[2], trace: os.Args[3]}); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		exit(0)
	}
	goleak.VerifyTestMain(m)
}

// exit ends the program.
func exit(code int) { os.Exit(code) } //nolint:forbidigo // here the tests' own program is a plugin
