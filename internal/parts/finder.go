package parts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/settings"
)

// actor is who finds parts, as the audit trail names him, unless a person asked.
const actor = "program"

// ErrRefused is wrapped by the error of a list that shows too little to be believed.
var ErrRefused = errors.New("the list is not believed")

// Finder finds the parts of one account.
type Finder struct {
	Account     *settings.Account
	Description *connectors.Description // with Parts
	Session     connectors.Session
	// Switches returns those of the store, Set stores one of them.
	Switches func(context.Context) ([]store.Switch, error)
	Set      func(context.Context, store.Switch, *store.AuditEntry) error
	// Accept believes a list that shows too little.
	Accept bool
	// Actor is the person who asked; empty for the program itself.
	Actor string
	// Redact takes secrets out of a text that is kept.
	Redact func(string) string
}

// Found is what a list has changed.
type Found struct {
	Listed  int // parts that are accounts
	Changes []Change
}

// Find asks the service for the parts of the account and stores what is new. After an error
// nothing is changed but the note of the trouble; when storing fails, what was stored
// before stays. The error wraps [ErrRefused] for a list that is not believed.
func (f *Finder) Find(ctx context.Context) (Found, error) {
	list, err := List(ctx, f.Session, f.Description, f.Account)
	if ctx.Err() != nil {
		return Found{}, ctx.Err()
	}
	switches, e := f.Switches(ctx)
	if e != nil {
		return Found{}, fmt.Errorf("load the known parts of %s: %w", f.Account.Name, e)
	}
	known := Read(switches)
	if err != nil {
		return Found{}, errors.Join(err, f.note(ctx, known, err))
	}
	found := Found{Changes: known.Compare(f.Account.Name, f.Account.Parts, list, time.Now().UTC())}
	lost, were := 0, 0
	for _, c := range found.Changes {
		if c.Kind == Lost {
			lost++
		}
	}
	for _, s := range known.Of(f.Account.Name) {
		if !s.Paused && f.Account.Parts.Has(s.ID) {
			were++
		}
	}
	if Refuses(lost, were) && !f.Accept {
		err := fmt.Errorf("%w: %d of %d that were there are missing; if that is right: pollux accounts discover %s --accept", ErrRefused, lost, were, f.Account.Name)
		return Found{}, errors.Join(err, f.note(ctx, known, err))
	}
	for _, p := range list {
		if f.Account.Parts.Has(p.ID) {
			found.Listed++
		}
	}
	for i, c := range found.Changes {
		if err := f.Set(ctx, c.Part, f.audit(c)); err != nil {
			found.Changes = found.Changes[:i]
			return found, fmt.Errorf("keep the part %s: %w", c.Part.Name, err)
		}
	}
	return found, f.note(ctx, known, nil)
}

// note keeps why the last list was not believed, or that it was.
func (f *Finder) note(ctx context.Context, known Known, trouble error) error {
	s := store.Switch{Kind: store.SwitchList, Name: f.Account.Name, At: time.Now().UTC(), By: actor}
	if trouble != nil {
		s.Reason = f.Redact(trouble.Error())
	}
	if was, _ := known.Trouble(f.Account.Name); was == s.Reason {
		return nil
	}
	if err := f.Set(ctx, s, nil); err != nil {
		return fmt.Errorf("note what became of the list of parts of %s: %w", f.Account.Name, err)
	}
	return nil
}

// audit is what the trail says of a change; nil says nothing.
func (f *Finder) audit(c Change) *store.AuditEntry {
	if c.Kind == Quiet {
		return nil
	}
	e := &store.AuditEntry{At: c.Part.At, Actor: actor, Action: c.Kind, Target: c.Part.Name, Details: map[string]string{"of": f.Account.Name}}
	if f.Actor != "" {
		e.Actor = f.Actor
	}
	if c.Part.Title != "" {
		e.Details["name"] = c.Part.Title
	}
	return e
}
