package rows_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/engine/store/boltstore/rows"
	"github.com/pollux-automation/pollux/internal/seal"
)

func ring(t *testing.T, numbers ...byte) *seal.Keyring {
	t.Helper()
	var keys [][]byte
	for _, n := range numbers {
		keys = append(keys, bytes.Repeat([]byte{n}, seal.KeyBytes))
	}
	k, err := seal.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestSeal_HidesThePayloadAndGivesItBack seals each kind of row, seals it anew with
// another key, and reads it back.
func TestSeal_HidesThePayloadAndGivesItBack(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	run := store.Run{Recipe: "r", Record: "a", QueuedAt: at, Event: store.Event{Record: json.RawMessage(`"hidden"`), Before: json.RawMessage(`"hidden too"`)}}
	step := store.Step{ID: "s", Status: "ok", Input: json.RawMessage(`"hidden"`)}
	end := store.StepSave{Steps: []store.Step{step}, State: store.RunState{Status: store.Succeeded, FinishedAt: at}}
	for name, row := range map[string]struct {
		encode func() ([]byte, error)
		seal   func([]byte, rows.Place) ([]byte, error)
		read   func([]byte, rows.Place) (any, error)
		want   any
	}{
		"run": {
			func() ([]byte, error) { return rows.EncodeRun(&run) }, rows.SealRun,
			func(b []byte, p rows.Place) (any, error) {
				var r store.Run
				err := rows.DecodeRun(b, &r, p)
				return r, err
			}, run,
		},
		"step": {
			func() ([]byte, error) {
				b, err := rows.AppendStep(nil, &step)
				return rows.EncodeStep(7, b), err
			}, rows.SealStep,
			func(b []byte, p rows.Place) (any, error) {
				s, err := rows.SplitStep(b, p)
				return string(s.Value), err
			}, `{"id":"s","status":"ok","input":"hidden"}`,
		},
		"end": {
			func() ([]byte, error) { return rows.EncodeEnd(&end) }, rows.SealDone,
			func(b []byte, p rows.Place) (any, error) {
				r, err := rows.SplitRow(b)
				if err != nil {
					return nil, err
				}
				if st, err := r.DecodeState(); err != nil || !cmp.Equal(st, end.State) {
					t.Errorf("state: got %+v %v", st, err)
				}
				return r.LateSteps(p)
			}, end.Steps,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain, err := row.encode()
			if err != nil {
				t.Fatal(err)
			}
			place := rows.Place{Bucket: []byte("bucket"), Key: []byte("key")}
			b, err := row.seal(plain, place)
			if err != nil || !bytes.Equal(b, plain) {
				t.Errorf("without a key: got %q %v, want the row as it was", b, err)
			}
			for _, keys := range []*seal.Keyring{ring(t, 1), ring(t, 2, 1), ring(t, 2)} {
				place.Keys = keys
				if b, err = row.seal(b, place); err != nil || bytes.Contains(b, []byte("hidden")) {
					t.Fatalf("seal: got %q %v, want nothing hidden in it", b, err)
				}
				got, err := row.read(b, place)
				if diff := cmp.Diff(row.want, got); err != nil || diff != "" {
					t.Errorf("read: %v\n%s", err, diff)
				}
			}
			again, err := row.seal(b, place)
			if err != nil || !bytes.Equal(again, b) {
				t.Errorf("seal a sealed row: got another one, %v", err)
			}
			for want, p := range map[error]rows.Place{
				store.ErrNoKey:    {Bucket: place.Bucket, Key: place.Key},
				store.ErrWrongKey: {Keys: ring(t, 3), Bucket: place.Bucket, Key: place.Key},
				store.ErrDamaged:  {Keys: place.Keys, Bucket: place.Bucket, Key: []byte("other")},
			} {
				if _, err := row.read(b, p); !errors.Is(err, want) {
					t.Errorf("read with other keys or elsewhere: got %v, want %v", err, want)
				}
			}
		})
	}
}
