package builtin_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors/builtin"
)

func TestRegistry_HoldsEveryConnector(t *testing.T) {
	t.Parallel()
	all := builtin.Registry()
	if diff := cmp.Diff([]string{"highlevel", "http", "stax", "stibee", "webhook"}, all.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	for _, key := range all.Keys() {
		if c, ok := all.Connector(key); !ok || c.Describe().Key != key {
			t.Errorf("Connector(%s) is another one, or none", key)
		}
	}
	if builtin.Registry() == all {
		t.Error("Registry gives the same value twice, want a new one each time")
	}
}
