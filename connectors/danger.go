package connectors

import (
	"fmt"
	"slices"
)

// Danger is what a write does that nobody can undo.
type Danger string

// The dangers.
const (
	DangerDelete Danger = "delete" // a record is gone
	DangerSend   Danger = "send"   // people get a message, or will
	DangerPay    Danger = "pay"    // money moves
)

// Needs is the word that an account must have under allow for a write with the danger;
// empty for those that need none.
func (d Danger) Needs() string {
	if d == DangerPay {
		return "payments"
	}
	return ""
}

// Permit returns an [*Error] of the kind Invalid for a call that the account does not
// allow; nil for all others. Sessions ask it before they send anything.
func (a *Account) Permit(op *Operation) error {
	needs := op.Danger.Needs()
	if needs == "" || slices.Contains(a.Allow, needs) {
		return nil
	}
	return &Error{
		Kind: Invalid, Op: op.Name(), Hint: fmt.Sprintf("write allow: [%s] at the account %s in the settings", needs, a.Name),
		Err: fmt.Errorf("the account %s does not allow %s", a.Name, needs),
	}
}
