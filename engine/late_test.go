package engine_test

import (
	"maps"
	"slices"
	"time"
)

// lateChange is a change of an item that lists show from a moment on.
type lateChange struct {
	visible time.Time
	id      string
	item    map[string]any
}

// putLate is put for a service whose lists lag behind. The changes of one item show
// in their order.
func (s *service) putLate(id string, fields map[string]any, lag time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	item := map[string]any{"id": id, "created": now.UTC().Format(time.RFC3339Nano)}
	if old, ok := s.items[id]; ok {
		maps.Copy(item, old)
	}
	change := lateChange{visible: now.Add(lag), id: id, item: item}
	for _, l := range s.late {
		if l.id == id {
			maps.Copy(item, l.item)
			if change.visible.Before(l.visible) {
				change.visible = l.visible
			}
		}
	}
	maps.Copy(item, fields)
	item["updated"] = now.UTC().Format(time.RFC3339Nano)
	s.late = append(s.late, change)
}

// show lets lists catch up. The mutex is held.
func (s *service) show() {
	s.late = slices.DeleteFunc(s.late, func(l lateChange) bool {
		if l.visible.After(time.Now()) {
			return false
		}
		s.items[l.id] = l.item
		return true
	})
}
