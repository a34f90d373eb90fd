package connectors

import (
	"fmt"
	"maps"
	"slices"
)

// Registry is the list of connectors that a program knows. The zero value is
// empty and ready; it is not safe to add while others read.
type Registry struct {
	byKey map[string]Connector
}

// Add puts a connector into the registry. A key that is taken is an error.
func (r *Registry) Add(c Connector) error {
	key := c.Describe().Key
	if _, taken := r.byKey[key]; taken {
		return fmt.Errorf("connector %q exists already", key)
	}
	if r.byKey == nil {
		r.byKey = make(map[string]Connector)
	}
	r.byKey[key] = c
	return nil
}

// Connector returns the connector with that key.
func (r *Registry) Connector(key string) (Connector, bool) {
	c, ok := r.byKey[key]
	return c, ok
}

// Keys returns the keys of all connectors, sorted.
func (r *Registry) Keys() []string { return slices.Sorted(maps.Keys(r.byKey)) }
