package highlevel

import (
	"errors"
	"fmt"
	"maps"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
)

// ErrUnknownThing is returned for a kind of thing that people do not make in the web app,
// and for the id of one that does not exist.
var ErrUnknownThing = errors.New("unknown thing")

// kinds are what people make in the web app, by the names of their kinds.
func (h *Location) kinds() map[string]*wire.Objects {
	all := h.setup.Kinds()
	maps.Copy(all, h.blogs.Kinds())
	maps.Copy(all, h.messages.Kinds())
	return all
}

// Keep writes a thing that people make in the web app, because no call makes it: a
// workflow, for one. Fields with the id of one that is there change it; others make a new
// one. It returns the id. The error is [ErrUnknownThing], for a kind that there is not.
func (h *Location) Keep(kind string, fields map[string]any) (id string, err error) {
	h.service.Lock()
	defer h.service.Unlock()
	o := h.kinds()[kind]
	if o == nil {
		return "", fmt.Errorf("%w: %s", ErrUnknownThing, kind)
	}
	if row, ok := o.Get(o.IDOf(fields)); ok {
		return o.IDOf(o.Change(row, fields)), nil
	}
	return o.IDOf(o.Add(maps.Clone(fields))), nil
}

// Discard removes a thing that people make in the web app. The error is
// [ErrUnknownThing].
func (h *Location) Discard(kind, id string) error {
	h.service.Lock()
	defer h.service.Unlock()
	if o := h.kinds()[kind]; o == nil || !o.Delete(id) {
		return fmt.Errorf("%w: %s %s", ErrUnknownThing, kind, id)
	}
	return nil
}
