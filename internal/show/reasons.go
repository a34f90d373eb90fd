package show

import "github.com/pollux-automation/pollux/engine/store"

// FailureText is the error of a run, or else the reason why it does not go on, or
// "" when there is neither.
func FailureText(s store.RunState) string {
	if s.Error != nil {
		return s.Error.Message
	}
	return ReasonText(s.Reason)
}

// ReasonText says in words why a held or parked run does not go on. A reason that
// it does not know it returns as it is.
func ReasonText(reason string) string {
	switch reason {
	case "unsure":
		return "nobody knows whether the write was carried out: look at the service"
	case "auth":
		return "the credential was refused; the run goes on by itself when the account works"
	case "hold_over":
		return "one poll brought more runs than hold_over allows"
	case "on_error":
		return "a rule of on_error asks for a person"
	}
	return reason
}
