// Package trail has the parts of a state file that people work with and that no run or
// poll needs: the audit trail, switches, budgets and secrets.
package trail

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/commits"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
)

// File is a state file as this package uses it.
type File struct {
	View  func(context.Context, func(*bolt.Tx) error) error
	Write func(context.Context, *commits.Change) error
	Rows  tables.Reader
}

// Trail implements the part of [store.Desk] that is not about runs.
type Trail struct{ file File }

// New returns the trail of a file.
func New(f File) *Trail { return &Trail{f} }

// apply carries out a change that nothing can refuse, and what the trail says of it.
func (t *Trail) apply(ctx context.Context, audit *store.AuditEntry, do func(*bolt.Tx) error) error {
	return t.file.Write(ctx, &commits.Change{
		Check: func(*bolt.Tx) error { return nil },
		Apply: func(tx *bolt.Tx) error {
			if err := do(tx); err != nil {
				return err
			}
			return Append(tx, audit)
		},
	})
}

// Append writes an entry of the audit trail inside a transaction; nil writes nothing.
func Append(tx *bolt.Tx, e *store.AuditEntry) error {
	if e == nil {
		return nil
	}
	b := tx.Bucket(tables.Audit)
	seq, err := b.NextSequence()
	if err != nil {
		return err
	}
	numbered := *e
	numbered.Seq = seq
	value, err := tables.Encode(&numbered)
	if err != nil {
		return err
	}
	return b.Put(tables.SeqKey(seq), value)
}

// AddAudit implements [store.Desk].
func (t *Trail) AddAudit(ctx context.Context, e store.AuditEntry) error {
	if err := e.Validate(); err != nil {
		return err
	}
	return t.apply(ctx, &e, func(*bolt.Tx) error { return nil })
}

// ListAudit implements [store.Desk].
func (t *Trail) ListAudit(ctx context.Context, f store.AuditFilter) ([]store.AuditEntry, error) {
	var list []store.AuditEntry
	err := t.file.View(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket(tables.Audit).Cursor()
		for k, v := c.Last(); k != nil; k, v = c.Prev() {
			if f.Limit > 0 && len(list) == f.Limit {
				return nil
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			var e store.AuditEntry
			if err := tables.Decode(v, &e); err != nil {
				return err
			}
			if f.Matches(&e) {
				list = append(list, e)
			}
		}
		return nil
	})
	return list, err
}

// PruneAudit implements [store.Desk].
func (t *Trail) PruneAudit(ctx context.Context, before time.Time) (int, error) {
	var old [][]byte
	err := t.file.View(ctx, func(tx *bolt.Tx) error {
		c := tx.Bucket(tables.Audit).Cursor()
		for k, v := c.First(); k != nil && len(old) < store.MaxPruned; k, v = c.Next() {
			var e store.AuditEntry
			if err := tables.Decode(v, &e); err != nil {
				return err
			}
			if !e.At.Before(before) {
				return nil
			}
			old = append(old, bytes.Clone(k))
		}
		return nil
	})
	if err != nil || len(old) == 0 {
		return 0, err
	}
	err = t.apply(ctx, nil, func(tx *bolt.Tx) error {
		for _, k := range old {
			if err := tx.Bucket(tables.Audit).Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(old), nil
}

// SetSwitch implements [store.Desk].
func (t *Trail) SetSwitch(ctx context.Context, s store.Switch, audit *store.AuditEntry) error {
	if err := s.Validate(); err != nil {
		return err
	}
	if err := audit.Validate(); err != nil {
		return err
	}
	value, err := tables.Encode(&s)
	if err != nil {
		return err
	}
	return t.apply(ctx, audit, func(tx *bolt.Tx) error {
		return tx.Bucket(tables.Switches).Put(tables.PairKey(s.Kind, s.Name), value)
	})
}

// Switches implements [store.Desk].
func (t *Trail) Switches(ctx context.Context) ([]store.Switch, error) {
	var list []store.Switch
	err := t.file.View(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(tables.Switches).ForEach(func(_, v []byte) error {
			var s store.Switch
			if err := tables.Decode(v, &s); err != nil {
				return err
			}
			list = append(list, s)
			return nil
		})
	})
	return list, err
}

// SaveBudgets implements [store.Desk].
func (t *Trail) SaveBudgets(ctx context.Context, budgets map[string]json.RawMessage) error {
	if err := store.ValidBudgets(budgets); err != nil || len(budgets) == 0 {
		return err
	}
	values := make(map[string][]byte, len(budgets))
	for key, budget := range budgets {
		if len(budget) == 0 {
			values[key] = nil
			continue
		}
		b, err := tables.Encode(budget)
		if err != nil {
			return err
		}
		values[key] = b
	}
	return t.apply(ctx, nil, func(tx *bolt.Tx) error {
		b := tx.Bucket(tables.Budgets)
		for key, value := range values {
			err := b.Delete([]byte(key))
			if err == nil && value != nil {
				err = b.Put([]byte(key), value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Budgets implements [store.Desk].
func (t *Trail) Budgets(ctx context.Context) (map[string]json.RawMessage, error) {
	budgets := map[string]json.RawMessage{}
	err := t.file.View(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(tables.Budgets).ForEach(func(k, v []byte) error {
			var b json.RawMessage
			err := tables.Decode(v, &b)
			budgets[string(k)] = b
			return err
		})
	})
	return budgets, err
}

// place is where a secret stands.
func (t *Trail) place(name string) rows.Place {
	return t.file.Rows.Place(tables.Secrets, []byte(name))
}

// PutSecret implements [store.Desk].
func (t *Trail) PutSecret(ctx context.Context, name string, value []byte, audit *store.AuditEntry) error {
	if err := store.ValidSecret(name, value); err != nil {
		return err
	}
	if err := audit.Validate(); err != nil {
		return err
	}
	if t.file.Rows.Keys == nil {
		return fmt.Errorf("the secret %.80q cannot be sealed: %w", name, store.ErrNoKey)
	}
	sealed := t.place(name).Seal(nil, value)
	return t.apply(ctx, audit, func(tx *bolt.Tx) error { return tx.Bucket(tables.Secrets).Put([]byte(name), sealed) })
}

// Secret implements [store.Desk].
func (t *Trail) Secret(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	err := t.file.View(ctx, func(tx *bolt.Tx) error {
		b := tx.Bucket(tables.Secrets)
		if b == nil { // a file of a version that had no secrets
			return store.ErrNotFound
		}
		sealed := b.Get([]byte(name))
		if sealed == nil {
			return store.ErrNotFound
		}
		var err error
		value, err = t.place(name).Open(sealed)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("secret %.80q: %w", name, err)
	}
	return value, nil
}

// SecretNames implements [store.Desk].
func (t *Trail) SecretNames(ctx context.Context) ([]string, error) {
	var names []string
	err := t.file.View(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(tables.Secrets).ForEach(func(k, _ []byte) error {
			names = append(names, string(k))
			return nil
		})
	})
	return names, err
}

// DeleteSecret implements [store.Desk].
func (t *Trail) DeleteSecret(ctx context.Context, name string, audit *store.AuditEntry) error {
	if err := audit.Validate(); err != nil {
		return err
	}
	return t.file.Write(ctx, &commits.Change{
		Check: func(tx *bolt.Tx) error {
			if tx.Bucket(tables.Secrets).Get([]byte(name)) == nil {
				return fmt.Errorf("secret %.80q: %w", name, store.ErrNotFound)
			}
			return nil
		},
		Apply: func(tx *bolt.Tx) error {
			if err := tx.Bucket(tables.Secrets).Delete([]byte(name)); err != nil {
				return err
			}
			return Append(tx, audit)
		},
	})
}
