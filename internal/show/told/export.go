package told

import (
	"encoding/json"
	"strconv"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/show"
)

// RunColumns are the names of the cells of a run, see [RunView.Cells].
func RunColumns() []string {
	return []string{
		"id", "recipe", "recipe_version", "status", "kind", "account", "record", "queued_at", "started_at", "finished_at", "attempts",
		"error_kind", "error_code", "error_status", "error_message", "error_step", "reason",
	}
}

// Cells are the values of a run for a table; empty where there is none.
func (v RunView) Cells() []string {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	f := store.Failure{}
	if v.Error != nil {
		f = *v.Error
	}
	status := ""
	if f.Status != 0 {
		status = strconv.Itoa(f.Status)
	}
	return []string{
		string(v.ID), v.Recipe, v.Version, string(v.Status), v.Kind, v.Account, v.Record, text(v.QueuedAt), text(v.StartedAt), text(v.FinishedAt),
		strconv.Itoa(v.Attempts), f.Kind, f.Code, status, f.Message, f.Step, v.Reason,
	}
}

// AuditView is an entry of the audit trail, as it is exported.
type AuditView struct {
	Seq     uint64            `json:"seq"`
	At      *string           `json:"at"`
	Actor   string            `json:"actor"`
	Action  string            `json:"action"`
	Target  string            `json:"target"`
	Details map[string]string `json:"details"`
}

// Audit returns the view of an entry of the audit trail.
func Audit(e *store.AuditEntry) AuditView {
	v := AuditView{Seq: e.Seq, At: show.Optional(e.At), Actor: e.Actor, Action: e.Action, Target: e.Target, Details: e.Details}
	if v.Details == nil {
		v.Details = map[string]string{}
	}
	return v
}

// AuditColumns are the names of the cells of an entry: its number, then [AuditView.Cells].
func AuditColumns() []string {
	return []string{"seq", "at", "actor", "action", "target", "details"}
}

// Cells are the values of an entry behind its number; the details are JSON.
func (v AuditView) Cells() []string {
	details, err := json.Marshal(v.Details)
	if err != nil {
		details = nil // texts always are JSON
	}
	at := ""
	if v.At != nil {
		at = *v.At
	}
	return []string{at, v.Actor, v.Action, v.Target, string(details)}
}
