package builtin_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/builtin"
)

func TestRegistry_HoldsEveryConnector(t *testing.T) {
	t.Parallel()
	all, err := builtin.Registry()
	if err != nil {
		t.Fatalf("Registry: %v", err)
	}
	if diff := cmp.Diff([]string{"highlevel", "http", "stax", "stibee", "webhook"}, all.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	again, err := builtin.Registry()
	if err != nil || again == all {
		t.Errorf("Registry gives the same value twice (%v), want a new one each time", err)
	}
}
