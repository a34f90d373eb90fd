package overview

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
)

// AccountView is an account as "accounts list --json" prints it. Until is when a refused
// credential is tried again; nil where nobody knows.
type AccountView struct {
	Name      string       `json:"name"`
	Connector string       `json:"connector"`
	Host      string       `json:"host"`
	Method    string       `json:"auth"`
	Status    string       `json:"status"`
	Paused    *PausedView  `json:"paused"`
	Until     *string      `json:"until"`
	Budget    []BudgetView `json:"budget"`
	Recipes   []string     `json:"recipes"`
	// SignIn is null for methods without one, and where the state cannot be read.
	SignIn *SignInView `json:"sign_in"`
	// Of is the account that this one was found as a part of, and Title what the service
	// calls it; null for accounts of the settings.
	Of    *string `json:"of"`
	Title *string `json:"title"`
	// Lost is since when the service does not list the part any more; null while it does.
	Lost *string `json:"lost"`
	// Parts is what is known of the parts of the account; null for accounts without.
	Parts *PartsView `json:"parts"`
}

// PartsView is what is known of the parts of an account: how many are listed and how many are
// lost, and why the last list was not believed, and since when; null where it was.
type PartsView struct {
	Listed int     `json:"listed"`
	Lost   int     `json:"lost"`
	Error  *string `json:"error"`
	Since  *string `json:"since"`
}

// Parts makes the view of an account's parts.
func Parts(list []store.Switch, trouble string, since time.Time) *PartsView {
	v := &PartsView{Error: optional(trouble)}
	if trouble != "" {
		v.Since = optional(show.Stamp(since))
	}
	for _, s := range list {
		if s.Paused {
			v.Lost++
		} else {
			v.Listed++
		}
	}
	return v
}

// words says what somebody should know of the parts; empty for nothing.
func (v *PartsView) words() string {
	if v == nil || v.Error == nil {
		return ""
	}
	return "its parts stay as they were: " + *v.Error
}

// BudgetView is what is left of one window of requests.
type BudgetView struct {
	Window    string  `json:"window"`
	Max       int     `json:"max"`
	Remaining int     `json:"remaining"`
	ResetsAt  *string `json:"resets_at"`
}

// AccountState is what is known of an account.
type AccountState struct {
	Part   *store.Switch // nil for an account that is no part of another
	Switch *store.Switch // nil when it was never switched
	// Refused is true while the credential counts as refused, Until is when it is tried
	// again; zero where nobody knows. Worked is true when the service has accepted it.
	Refused bool
	Until   time.Time
	Worked  bool
	Budget  []budget.WindowState
}

// Account completes the view of an account, whose fixed parts are given, by what is known
// of it. The status is ok, lost, paused, resting or unknown.
func Account(v AccountView, s AccountState) AccountView {
	v.Paused = pausedBy(s.Switch)
	if p := s.Part; p != nil {
		v.Of, v.Title = optional(p.Of), optional(p.Title)
	}
	switch {
	case s.Part != nil && s.Part.Paused:
		v.Status, v.Lost = lost, optional(show.Stamp(s.Part.At))
	case v.Paused != nil:
		v.Status = paused
	case s.Refused:
		v.Status, v.Until = resting, optional(show.Stamp(s.Until))
	case s.Worked:
		v.Status = ok
	default:
		v.Status = unknown
	}
	v.Budget = make([]BudgetView, len(s.Budget))
	for i, b := range s.Budget {
		v.Budget[i] = BudgetView{Window: b.Name, Max: b.Max, Remaining: b.Remaining, ResetsAt: optional(show.Stamp(b.ResetsAt))}
	}
	if v.Recipes == nil {
		v.Recipes = []string{}
	}
	return v
}

// AccountHead is the head of a table of accounts, whose rows [AccountView.Row] makes.
func AccountHead() []string {
	return []string{"account", "connector", "host", "auth", "status", "budget left", "recipes", ""}
}

// Row is the account as a row of a table.
func (v AccountView) Row(now time.Time) []string {
	left := make([]string, len(v.Budget))
	for i, b := range v.Budget {
		left[i] = fmt.Sprintf("%s %s of %s", b.Window, show.Thousands(int64(b.Remaining)), show.Thousands(int64(b.Max)))
	}
	words := v.Paused.words(now)
	if v.Lost != nil {
		words = "not installed any more, lost " + ago(*v.Lost, now)
	}
	if words == "" && (v.SignIn == nil || v.SignIn.Trouble == nil) {
		words = v.Parts.words()
	}
	if words == "" && v.Of == nil { // the whole says it once for all its parts
		words = v.SignIn.words(now)
	}
	if words == "" && v.Title != nil {
		words = *v.Title
	}
	if v.Status == resting && (v.SignIn == nil || v.SignIn.Trouble == nil) {
		words = "its credential was refused; see: pollux accounts check " + v.Name
	}
	return []string{v.Name, v.Connector, v.Host, v.Method, v.Status, strings.Join(left, ", "), strings.Join(v.Recipes, ", "), words}
}

// Unchecked is the status of an account whose connector has no call that checks a credential.
const Unchecked = "unchecked"

// CheckView is what a service said to an account's credential. Status is ok, refused, skipped or
// unchecked; Error is nil unless it was refused.
type CheckView struct {
	Account string         `json:"account"`
	Status  string         `json:"status"`
	TookMS  int64          `json:"took_ms"`
	Error   *store.Failure `json:"error"`
}

// Print prints the answer for people.
func (v CheckView) Print(w io.Writer) {
	var text string
	switch {
	case v.Error != nil:
		text = v.Error.Kind + ": " + v.Error.Message
	case v.Status == ok:
		text = fmt.Sprintf("ok, the credential works (%d ms)", v.TookMS)
	case v.Status == Unchecked:
		text = "not asked: its connector has no call that checks a credential"
	default:
		text = "paused, not asked; name it to ask all the same"
	}
	fmt.Fprintf(w, "%s: %s\n", show.Clean(v.Account), show.Clean(text))
}
