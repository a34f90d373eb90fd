// Package files lets the steps of a run keep the files that services answer with, and pass
// them on to later steps of the same run.
package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/store"
)

// scheme begins every reference: file:RUN/NAME.
const scheme = "file:"

// Keeper implements [connectors.Files] for one step of one run. A step that is carried out
// again replaces its own file.
type Keeper struct {
	Store store.Files
	Run   store.RunID
	Step  string // its id, with those of the steps that it is in
	// Dry gives references and keeps nothing.
	Dry bool
}

// Dry returns a context whose calls get references to files that are not kept.
func Dry(ctx context.Context) context.Context {
	k, ok := connectors.FilesOf(ctx).(Keeper)
	if !ok {
		return ctx
	}
	k.Dry = true
	return connectors.WithFiles(ctx, k)
}

// name is the name of the step's file: no text of a recipe gets into a path.
func (k Keeper) name() string {
	sum := sha256.Sum256([]byte(k.Step))
	return hex.EncodeToString(sum[:12])
}

// Keep implements [connectors.Files].
func (k Keeper) Keep(ctx context.Context, f connectors.File) (string, error) {
	reference := scheme + string(k.Run) + "/" + k.name()
	if k.Dry {
		return reference, nil
	}
	if err := k.Store.PutFile(ctx, k.Run, k.name(), store.File(f)); err != nil {
		return "", k.fault("the file was not kept", err)
	}
	return reference, nil
}

// Check implements [connectors.Files]: only files of the same run can be used.
func (k Keeper) Check(reference string) error {
	_, err := k.find(reference)
	return err
}

// find returns the name of a file of this run.
func (k Keeper) find(reference string) (name string, err error) {
	rest, ok := strings.CutPrefix(reference, scheme)
	run, name, whole := strings.Cut(rest, "/")
	switch {
	case !ok || !whole || store.ValidFileName(name) != nil:
		err = fmt.Errorf("%.60q is no reference to a file: give the field file of a step that answers with one", reference)
	case run != string(k.Run):
		err = fmt.Errorf("%.60q belongs to another run: a step can only pass on files of its own run", reference)
	}
	if err != nil {
		return "", &connectors.Error{Kind: connectors.Invalid, Err: err}
	}
	return name, nil
}

// Fetch implements [connectors.Files].
func (k Keeper) Fetch(ctx context.Context, reference string) (connectors.File, error) {
	name, err := k.find(reference)
	if err != nil {
		return connectors.File{}, err
	}
	f, err := k.Store.File(ctx, k.Run, name)
	if errors.Is(err, store.ErrNotFound) {
		return connectors.File{}, &connectors.Error{
			Kind: connectors.Invalid, Hint: "a backup has no files: replay the run from the step that fetched it",
			Err: fmt.Errorf("the file %s is not kept any more", reference),
		}
	}
	if err != nil {
		return connectors.File{}, k.fault("the file was not read", err)
	}
	return connectors.File(f), nil
}

// fault is the error of the store: what it will never take is invalid, all else may pass.
func (k Keeper) fault(what string, cause error) error {
	kind := connectors.Transient
	if errors.Is(cause, store.ErrInvalid) || errors.Is(cause, store.ErrDamaged) {
		kind = connectors.Invalid
	}
	return &connectors.Error{Kind: kind, Err: fmt.Errorf("%s: %w", what, cause)}
}
