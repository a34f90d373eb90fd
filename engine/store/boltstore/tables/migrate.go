package tables

import (
	"errors"
	"fmt"
	"strconv"

	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/engine/store"
)

// migrations bring a file from the version of their place to the next one. The
// first makes an empty file. To change the layout, add a function at the end and a
// file of the version before to testdata.
func migrations() []func(*bolt.Tx) error {
	return []func(*bolt.Tx) error{createFile, addParents, addDesk}
}

// CurrentVersion is the version that this program writes.
func CurrentVersion() int { return len(migrations()) }

// Migrate runs what is missing since a version, in the transaction given. All of it
// and the new version are one transaction: a crash leaves the old file.
func Migrate(tx *bolt.Tx, from int) error {
	for version, step := range migrations() {
		if version < from {
			continue
		}
		if err := step(tx); err != nil {
			return fmt.Errorf("migration to version %d: %w", version+1, err)
		}
	}
	return tx.Bucket(Meta).Put(MetaVersion, strconv.AppendInt(nil, int64(CurrentVersion()), 10))
}

// createFile makes the buckets of version 1.
func createFile(tx *bolt.Tx) error {
	err := createBuckets(tx, Meta, Feeds, Seen, Subscriptions,
		Runs, Queue, Done, Steps, Recipes)
	if err != nil {
		return err
	}
	meta := tx.Bucket(Meta)
	if err := meta.Put(MetaMagic, []byte(magic)); err != nil {
		return err
	}
	return meta.Put(MetaInstance, []byte(store.NewInstance()))
}

// addParents makes the buckets that version 2 adds, for what fan-out feeds know of
// their parents.
func addParents(tx *bolt.Tx) error { return createBuckets(tx, Parents, Due) }

// addDesk makes the buckets that version 3 adds, for what people do. From that version on
// values can be sealed, so an older program must not open the file.
func addDesk(tx *bolt.Tx) error { return createBuckets(tx, Audit, Switches, Budgets, Secrets) }

func createBuckets(tx *bolt.Tx, names ...[]byte) error {
	for _, name := range names {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return fmt.Errorf("make the bucket %s: %w", name, err)
		}
	}
	return nil
}

// ReadMeta returns the version and the instance of a file, and an error if it is no
// state file. A file of a newer version has no instance here, since its keys may mean
// something else.
func ReadMeta(tx *bolt.Tx) (version int, instance string, err error) {
	meta := tx.Bucket(Meta)
	if meta == nil || string(meta.Get(MetaMagic)) != magic {
		return 0, "", errors.New("it is not a state file of Pollux")
	}
	version, err = strconv.Atoi(string(meta.Get(MetaVersion)))
	if err != nil || version < 1 {
		return 0, "", fmt.Errorf("its version is %.20q", meta.Get(MetaVersion))
	}
	if version > CurrentVersion() {
		return version, "", nil // its layout is unknown
	}
	instance = string(meta.Get(MetaInstance))
	if id := store.MakeRunID(instance, 1); id.SeqIn(instance) != 1 {
		return 0, "", fmt.Errorf("its instance is %.20q", instance)
	}
	for _, name := range All() {
		if version == CurrentVersion() && tx.Bucket(name) == nil {
			return 0, "", fmt.Errorf("the bucket %s is missing", name)
		}
	}
	return version, instance, nil
}
