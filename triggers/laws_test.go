package triggers_test

import (
	"testing"

	"github.com/pollux-automation/pollux/triggers"
	"github.com/pollux-automation/pollux/triggers/triggertest"
)

func TestStrategies_ObeyTheLaws(t *testing.T) {
	t.Parallel()
	for _, s := range triggers.Strategies() {
		t.Run(string(s.Name()), func(t *testing.T) {
			t.Parallel()
			triggertest.Laws(t, s)
		})
	}
}
