package wording_test

import (
	"testing"

	"github.com/pollux-automation/pollux/internal/authoring/wording"
)

// TestUnderscored_AndSingular writes names as keys.
func TestUnderscored_AndSingular(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"repairOrders": "repair_orders", "IDNumber": "id_number", "a-b c": "a_b_c", "orderID": "order_id", "_x_": "x"} {
		if got := wording.Underscored(name); got != want {
			t.Errorf("Underscored(%s) = %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"repairs": "repair", "companies": "company", "boxes": "box", "addresses": "address", "status": "status", "news": "news", "people": "person"} {
		if got := wording.Singular(name); got != want {
			t.Errorf("Singular(%s) = %q, want %q", name, got, want)
		}
	}
}
