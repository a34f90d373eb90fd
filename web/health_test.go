package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/web"
)

// TestHealth_SaysWhatIsWrong asks in every state that the program can be in.
func TestHealth_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	full := fmt.Errorf("%w: no space left on device", store.ErrFull)
	well := func(context.Context) error { return nil }
	for _, tt := range []struct {
		name          string
		before, ping  func(context.Context) error
		commit        error
		health, ready string // "" stands for 200 ok
	}{
		{"all well", well, well, nil, "", ""},
		{"not begun", nil, never, nil, "starting", "starting"},
		{"hangs", well, never, nil, "did not answer within 5s", "did not answer within 5s"},
		{"stopping", well, func(context.Context) error { return engine.ErrStopping }, nil, "stopping", "stopping"},
		{"disk full", well, well, full, "", "disk is full"},
		{"state file broken", well, well, context.DeadlineExceeded, "", "cannot be written any more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, m := newFake(), web.NewMetrics("v1")
				h := f.server(m).Handler()
				if f.ping = tt.before; tt.before != nil {
					get(t, h, "/healthz")
				}
				f.ping = tt.ping
				m.Committed(time.Millisecond, tt.commit)
				for path, want := range map[string]string{"/healthz": tt.health, "/readyz": tt.ready} {
					w := get(t, h, path)
					code := http.StatusServiceUnavailable
					if want == "" {
						code, want = http.StatusOK, "ok\n"
					}
					if w.Code != code || !strings.Contains(w.Body.String(), want) {
						t.Errorf("%s: got %d %q, want %d with %q", path, w.Code, w.Body, code, want)
					}
				}
			})
		})
	}
}

func TestReady_AgainOnceAWriteFits(t *testing.T) {
	t.Parallel()
	m := web.NewMetrics("v1")
	h := newFake().server(m).Handler()
	for _, step := range []struct {
		err  error
		want int
	}{{nil, 200}, {store.ErrFull, 503}, {nil, 200}} {
		m.Committed(time.Millisecond, step.err)
		if got := get(t, h, "/readyz").Code; got != step.want {
			t.Errorf("after a write with %v: got %d, want %d", step.err, got, step.want)
		}
	}
}
