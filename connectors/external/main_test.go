package external_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the tests' own program be a plugin: as "plugin MODE" it behaves as the mode
// says. Otherwise it makes sure that no goroutine outlives the tests.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "plugin" {
		behave(os.Args[2], os.Args[3:])
		exit(0)
	}
	if len(os.Args) > 2 && os.Args[1] == "host" {
		hostPlugin(os.Args[2])
	}
	goleak.VerifyTestMain(m)
}
