package rows

import (
	"encoding/binary"
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
	if len(b) < runHead || b[0] != Version {
		return o, fmt.Errorf("run of %d bytes with an unknown form: %w", len(b), store.ErrDamaged)
	}
	text := int64(binary.BigEndian.Uint32(b[1:]))
	if b = b[runHead:]; text > int64(len(b)) {
		return o, fmt.Errorf("run is cut short: %w", store.ErrDamaged)
	}
	if err := json.Unmarshal(b[:text], &o); err != nil {
		return o, fmt.Errorf("decode a run: %w: %w", store.ErrDamaged, err)
	}
	return o, nil
}

// ForgetRun returns the stored form of a run without what it carried.
func ForgetRun(b []byte) ([]byte, error) {
	var r store.Run
	if err := DecodeRun(b, &r); err != nil {
		return nil, err
	}
	r.Forget()
	return EncodeRun(&r)
}

// ForgetStep returns the stored form of a step without what it carried.
func ForgetStep(b []byte) ([]byte, error) {
	p, err := SplitStep(b)
	if err != nil {
		return nil, err
	}
	var s store.Step
	if err := json.Unmarshal(p.Value, &s); err != nil {
		return nil, fmt.Errorf("decode a step: %w: %w", store.ErrDamaged, err)
	}
	s.Forget()
	value, err := AppendStep(nil, &s)
	return EncodeStep(int(p.Place), value), err
}
