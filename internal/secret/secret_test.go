package secret_test

import (
	"fmt"
	"testing"

	"github.com/pollux-automation/pollux/internal/secret"
)

func TestRedactor_FollowsAndForgetsTheOldest(t *testing.T) {
	t.Parallel()
	all, other, later := &secret.Redactor{}, &secret.Redactor{}, &secret.Redactor{}
	all.Follow(other)
	all.Follow(other)
	other.Add(secret.New("token-1"), secret.New("abc")) // too short to hide
	later.Learn(all)
	other.Add(secret.New("token-2"))
	for name, r := range map[string]*secret.Redactor{"follows": all, "learns whom it follows": later} {
		if got := r.Redact("token-1 token-2 abc"); got != "***** ***** abc" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	for i := range 100 {
		other.Add(secret.New(fmt.Sprintf("renewed-%03d", i)))
	}
	if got := all.Redact("renewed-000 renewed-099"); got != "renewed-000 *****" {
		t.Errorf("got %q, want the last ones hidden", got)
	}
}
