package rows

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
)

// Origin is what pruning wants to know of a stored run.
type Origin struct {
	Recipe   string    `json:"recipe"`
	QueuedAt time.Time `json:"queued_at"`
	Event    struct {
		Forgotten bool `json:"forgotten"`
	} `json:"event"`
}

// DecodeOrigin reads the origin of a run in its stored form. It does not look at the
// records behind it.
func DecodeOrigin(b []byte) (Origin, error) {
	var o Origin
	text, err := runText(b)
	if err != nil {
		return o, err
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return o, fmt.Errorf("decode a run: %w: %w", store.ErrDamaged, err)
	}
	return o, nil
}

// ForgetRun returns the stored form of a run without what it carried.
func ForgetRun(b []byte, p Place) ([]byte, error) {
	var r store.Run
	if err := DecodeRun(b, &r, p); err != nil {
		return nil, err
	}
	r.Forget()
	return EncodeRun(&r)
}

// ForgetStep returns the stored form of a step without what it carried.
func ForgetStep(b []byte, p Place) ([]byte, error) {
	split, err := SplitStep(b, p)
	if err != nil {
		return nil, err
	}
	var s store.Step
	if err := json.Unmarshal(split.Value, &s); err != nil {
		return nil, fmt.Errorf("decode a step: %w: %w", store.ErrDamaged, err)
	}
	s.Forget()
	value, err := AppendStep(nil, &s)
	if err != nil {
		return nil, err
	}
	return SealStep(EncodeStep(int(split.Place), value), p)
}
