package project_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/secret"
)

const (
	receiverURL  = "http://receiver.test/hooks"
	hookKey      = "0123456789abcdef0123456789abcdef"
	signedByHook = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
)

// received is an event that came in.
type received struct {
	ID, Path, Seconds string
	came              time.Time
	Body              struct {
		ID, Type, Timestamp string
		Data                map[string]any
	}
}

// receiver is a system that checks what is posted to it, as its README says.
type receiver struct {
	mu    sync.Mutex
	all   []received // also what comes again
	fails []string   // what happens to the next ones: "500", "lost"
}

// ServeHTTP takes one event.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	raw, _ := io.ReadAll(req.Body)
	got := received{ID: req.Header.Get("webhook-id"), Path: req.URL.Path, Seconds: req.Header.Get("webhook-timestamp"), came: time.Now()}
	mac := hmac.New(sha256.New, []byte(hookKey))
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", got.ID, got.Seconds, raw)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	sent, err := strconv.ParseInt(got.Seconds, 10, 64)
	age := time.Since(time.Unix(sent, 0))
	if err != nil || age < -time.Minute || age > 5*time.Minute || !hmac.Equal([]byte(req.Header.Get("webhook-signature")), []byte(want)) || json.Unmarshal(raw, &got.Body) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.mu.Lock()
	r.all = append(r.all, got)
	next := ""
	if len(r.fails) > 0 {
		next, r.fails = r.fails[0], r.fails[1:]
	}
	r.mu.Unlock()
	switch next {
	case "500":
		w.WriteHeader(http.StatusInternalServerError)
	case "410":
		w.WriteHeader(http.StatusGone)
	case "lost":
		panic(http.ErrAbortHandler)
	}
}

// hooks is the account of a receiver.
func hooks(name string) connectors.Account {
	return connectors.Account{Name: name, BaseURL: receiverURL, Credential: auth.Credential{Method: auth.HMAC, Secret: secret.New(signedByHook)}}
}

// announcing posts an event for each contact.
const announcing = `recipe: v1
id: announce
connections:
  crm: {connector: highlevel, account: highlevel}
  own: {connector: webhook, account: webhook}
trigger: {poll: crm.contact.search, kinds: [created], schedule: {every: 10m}, start: now}
steps:
  - id: tell
    call: own.event.post
    with: {event: contact.created, path: crm/contacts, data: {id: =record.id, email: =record.email}}
    retry: {tries: 5, wait: 1s..2s}
`

// TestWebhook_IsTheSameEventOnEveryAttempt loses an answer and fails another: the receiver gets
// the event three times, under one id, and each is signed for its moment.
func TestWebhook_IsTheSameEventOnEveryAttempt(t *testing.T) {
	t.Parallel()
	inSandbox(t, sandbox.Options{Seed: 1, Contacts: 1}, func(s *sandboxed) {
		s.expect("the first poll", 0, []string{announcing})
		id := s.world.AddContact(map[string]any{"firstName": "Ann", "email": "ann@example.com"})
		s.receiver.fails = []string{"500", "lost"}
		s.expect("a new contact", 20*time.Minute, []string{announcing}, "created "+id)
		all := s.receiver.all
		if len(all) != 3 {
			t.Fatalf("got %d events, want three attempts", len(all))
		}
		for _, got := range all {
			if got.ID != all[0].ID || got.ID != got.Body.ID || !strings.HasSuffix(got.ID, "/tell") || got.Path != "/hooks/crm/contacts" {
				t.Errorf("got %+v, want the id of the effect on every attempt, and the path", got)
			}
			if got.Body.Type != "contact.created" || got.Body.Data["id"] != id || got.Body.Data["email"] != "ann@example.com" {
				t.Errorf("got %+v, want what the recipe says", got.Body)
			}
			if got.Seconds != strconv.FormatInt(got.came.Unix(), 10) || got.Body.Timestamp != got.came.UTC().Format(time.RFC3339) {
				t.Errorf("got the times %s and %s at %v, want that of the attempt", got.Seconds, got.Body.Timestamp, got.came)
			}
		}
		s.expect("a poll later", 20*time.Minute, []string{announcing})
		if len(s.receiver.all) != 3 {
			t.Errorf("got %d events after another poll, want none more", len(s.receiver.all))
		}
		s.hides(hookKey, signedByHook)
	})
}

// hides asserts that no stored run shows some texts.
func (s *sandboxed) hides(texts ...string) {
	s.t.Helper()
	runs, err := s.store.ListRuns(s.t.Context(), store.RunFilter{})
	s.must(err)
	shown, err := json.Marshal(runs)
	s.must(err)
	for _, text := range texts {
		if strings.Contains(string(shown), text) {
			s.t.Errorf("the runs show %q", text)
		}
	}
}

// TestWebhook_GoneEndsTheRunWithWhatToDo posts to a receiver that wants nothing any more.
func TestWebhook_GoneEndsTheRunWithWhatToDo(t *testing.T) {
	t.Parallel()
	inSandbox(t, sandbox.Options{Seed: 1, Contacts: 1}, func(s *sandboxed) {
		s.receiver.fails = []string{"410"}
		_, err := s.try("webhook", "event.post", map[string]any{"event": "a.b", "data": map[string]any{}})
		e, ok := errors.AsType[*connectors.Error](err)
		if !ok || e.Kind != connectors.NotFound || !strings.Contains(e.Hint, "does not want") || len(s.receiver.all) != 1 {
			t.Errorf("got %v after %d requests, want not_found with a hint after one", err, len(s.receiver.all))
		}
	})
}
