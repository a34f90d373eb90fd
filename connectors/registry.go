package connectors

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Registry is the list of connectors that a program knows. The zero value is
// empty and ready; it is not safe to add while others read.
type Registry struct {
	byKey map[string]func() Connector
}

// Add puts a connector into the registry. A key that is taken is an error.
func (r *Registry) Add(c Connector) error {
	key := c.Describe().Key
	if _, taken := r.byKey[key]; taken {
		return fmt.Errorf("connector %q exists already", key)
	}
	r.put(key, func() Connector { return c })
	return nil
}

// AddLater puts a connector into the registry that is made when it is first asked for, once.
// The key is the connector's own; a former connector with it is replaced.
func (r *Registry) AddLater(key string, open func() Connector) { r.put(key, sync.OnceValue(open)) }

func (r *Registry) put(key string, open func() Connector) {
	if r.byKey == nil {
		r.byKey = make(map[string]func() Connector)
	}
	r.byKey[key] = open
}

// Connector returns the connector with that key.
func (r *Registry) Connector(key string) (Connector, bool) {
	open, ok := r.byKey[key]
	if !ok {
		return nil, false
	}
	return open(), true
}

// Keys returns the keys of all connectors, sorted.
func (r *Registry) Keys() []string { return slices.Sorted(maps.Keys(r.byKey)) }
