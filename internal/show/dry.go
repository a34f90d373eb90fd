package show

import (
	"fmt"
	"io"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/dry"
)

// DryRequestView is a request that a dry run would have sent, as --json prints it.
type DryRequestView struct {
	Recipe    string `json:"recipe"`
	Run       string `json:"run"`
	Step      string `json:"step"`
	Account   string `json:"account"`
	Operation string `json:"operation"`
	connectors.Request
}

// DryRequest returns the view of a write that was refused because the engine runs dry.
func DryRequest(c dry.Call) DryRequestView {
	return DryRequestView{
		Recipe: c.Recipe, Run: string(c.Run), Step: c.Step, Account: c.Account, Operation: c.Operation.Name(), Request: c.Request,
	}
}

// PrintDryRequest prints for people a request that was not sent.
func PrintDryRequest(w io.Writer, v DryRequestView) {
	fmt.Fprintf(w, "%s, step %s: %s on %s\n  %s %s\n", v.Recipe, Clean(v.Step), v.Operation, v.Account, v.Method, Clean(v.URL))
	if v.Body != nil {
		fmt.Fprint(w, "  ")
		_ = JSON(w, v.Body) // it came from JSON; the reader may be gone
	}
}
