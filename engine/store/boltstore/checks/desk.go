package checks

import (
	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/tables"
)

// inspectDesk feeds what people did to the inspection, and opens every secret where there
// are keys.
func inspectDesk(tx *bolt.Tx, read tables.Reader, a *store.Inspection) error {
	b := tx.Bucket(tables.Audit)
	a.Trail(b.Sequence())
	err := b.ForEach(func(k, v []byte) error {
		var e store.AuditEntry
		if err := tables.Decode(v, &e); err != nil {
			a.Addf("audit entry %d: %v", tables.SeqOf(k), err)
			return nil
		}
		if e.Seq != tables.SeqOf(k) {
			a.Addf("audit entry %d says that it is %d", tables.SeqOf(k), e.Seq)
		}
		a.Audit(&e)
		return nil
	})
	if err != nil {
		return err
	}
	err = tx.Bucket(tables.Switches).ForEach(func(k, v []byte) error {
		var s store.Switch
		if err := tables.Decode(v, &s); err != nil {
			a.Addf("switch %q: %v", k, err)
			return nil
		}
		if string(k) != string(tables.PairKey(s.Kind, s.Name)) {
			a.Addf("switch %q says that it is of %s %s", k, s.Kind, s.Name)
		}
		a.Switch(&s)
		return nil
	})
	if _, broken := tables.KeyIDs(tx); broken != nil {
		a.Addf("%v", broken)
	}
	if err != nil || read.Keys == nil {
		return err
	}
	return tx.Bucket(tables.Secrets).ForEach(func(k, v []byte) error {
		if _, err := read.Place(tables.Secrets, k).Open(v); err != nil {
			a.Addf("secret %q: %v", k, err)
		}
		return nil
	})
}
