package boltstore

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
	return []func(*bolt.Tx) error{createFile, addParents}
}

// currentVersion is the version that this program writes.
func currentVersion() int { return len(migrations()) }

// migrate runs what is missing since a version, in the transaction given. All of it
// and the new version are one transaction: a crash leaves the old file.
func migrate(tx *bolt.Tx, from int) error {
	for version, step := range migrations() {
		if version < from {
			continue
		}
		if err := step(tx); err != nil {
			return fmt.Errorf("migration to version %d: %w", version+1, err)
		}
	}
	return tx.Bucket(bucketMeta).Put(metaVersion, strconv.AppendInt(nil, int64(currentVersion()), 10))
}

// createFile makes the buckets of version 1.
func createFile(tx *bolt.Tx) error {
	err := createBuckets(tx, bucketMeta, bucketFeeds, bucketSeen, bucketSubscriptions,
		bucketRuns, bucketQueue, bucketDone, bucketSteps, bucketRecipes)
	if err != nil {
		return err
	}
	meta := tx.Bucket(bucketMeta)
	if err := meta.Put(metaMagic, []byte(magic)); err != nil {
		return err
	}
	return meta.Put(metaInstance, []byte(store.NewInstance()))
}

// addParents makes the buckets that version 2 adds, for what fan-out feeds know of
// their parents.
func addParents(tx *bolt.Tx) error { return createBuckets(tx, bucketParents, bucketDue) }

func createBuckets(tx *bolt.Tx, names ...[]byte) error {
	for _, name := range names {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return fmt.Errorf("make the bucket %s: %w", name, err)
		}
	}
	return nil
}

// readMeta returns the version and the instance of a file, and an error if it is no
// state file. A file of a newer version has no instance here, since its keys may mean
// something else.
func readMeta(tx *bolt.Tx) (version int, instance string, err error) {
	meta := tx.Bucket(bucketMeta)
	if meta == nil || string(meta.Get(metaMagic)) != magic {
		return 0, "", errors.New("it is not a state file of Pollux")
	}
	version, err = strconv.Atoi(string(meta.Get(metaVersion)))
	if err != nil || version < 1 {
		return 0, "", fmt.Errorf("its version is %.20q", meta.Get(metaVersion))
	}
	if version > currentVersion() {
		return version, "", nil // its layout is unknown
	}
	instance = string(meta.Get(metaInstance))
	if id := store.MakeRunID(instance, 1); id.SeqIn(instance) != 1 {
		return 0, "", fmt.Errorf("its instance is %.20q", instance)
	}
	for _, name := range allBuckets() {
		if version == currentVersion() && tx.Bucket(name) == nil {
			return 0, "", fmt.Errorf("the bucket %s is missing", name)
		}
	}
	return version, instance, nil
}
