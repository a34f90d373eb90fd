package demo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/internal/diag"
)

// slowness is how long a slow request takes.
const slowness = time.Second

// ParseFault reads a fault of the sandbox as people write it: kind[:rate[:operation]],
// where the rate is a share of the requests from 0 to 1.
func ParseFault(text string) (sandbox.Fault, error) {
	parts := strings.SplitN(text, ":", 3)
	f := sandbox.Fault{Kind: sandbox.FaultKind(parts[0])}
	var kinds []string
	for _, kind := range sandbox.FaultKinds() {
		kinds = append(kinds, string(kind))
	}
	if !slices.Contains(kinds, parts[0]) {
		return f, fmt.Errorf("there is no kind %q; %s", parts[0], diag.Choices(parts[0], kinds))
	}
	if f.Kind == sandbox.Slow {
		f.Delay = slowness
	}
	if len(parts) > 1 {
		rate, err := strconv.ParseFloat(parts[1], 64)
		if err != nil || !(rate >= 0 && rate <= 1) {
			return f, fmt.Errorf("the rate %q is no number from 0 to 1", parts[1])
		}
		f.Rate = rate
	}
	if len(parts) > 2 {
		f.Operation = parts[2]
	}
	return f, nil
}
