package memstore_test

import (
	"testing"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/memstore"
	"github.com/pollux-automation/pollux/engine/store/storetest"
	"github.com/pollux-automation/pollux/internal/seal"
)

func TestStore_KeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Store { return memstore.New() })
}

func TestStore_KeepsTheContractWithAKey(t *testing.T) {
	t.Parallel()
	keys, err := seal.New(make([]byte, seal.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	storetest.RunSealed(t, func(*testing.T) store.Store { return memstore.NewSealed(keys) })
}
