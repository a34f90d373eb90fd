package engine_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes sure that no goroutine outlives the tests. Inside of bubbles this is
// so anyway: they do not end before their goroutines have.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
