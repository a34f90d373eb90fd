package hooks_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/web/hooks"
)

// rules are those of a service that signs in two ways.
func rules() *connectors.Webhooks {
	return &connectors.Webhooks{
		Signatures: []connectors.Signature{{Header: "X-New", Algorithm: connectors.Ed25519}, {Header: "X-Old", Algorithm: connectors.RSASHA256}},
		Type:       "type", ID: "webhookId", Time: "timestamp", Belongs: map[string]string{"locationId": "locationId"}, Lag: 10 * time.Second,
		Events: map[string]connectors.Announced{
			"NoteCreate": {Objects: []string{"note"}, Parent: "contactId"},
			"Booked":     {Objects: []string{"appointment"}, Parent: "appointment.contactId"},
		},
	}
}

// signer has the keys of a service, made once: an RSA key takes long.
type signer struct {
	ed  ed25519.PrivateKey
	rsa *rsa.PrivateKey
}

var keys = sync.OnceValue(func() signer {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return signer{ed, r}
})

// public are the keys that an account knows.
func public() []crypto.PublicKey { return []crypto.PublicKey{keys().ed.Public(), keys().rsa.Public()} }

func (s signer) new(body string) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(s.ed, []byte(body)))
}

func (s signer) old(t *testing.T, body string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	b, err := rsa.SignPKCS1v15(rand.Reader, s.rsa, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// desk is a receiver with all that it talks to.
type desk struct {
	t        *testing.T
	receiver *hooks.Receiver
	accounts []hooks.Account
	deaf     bool // the engine does not hear

	mu       sync.Mutex // guards what follows
	hints    []engine.Hint
	looks    []string
	receipts []store.AuditEntry
	counts   map[string]int
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, counts: map[string]int{}}
	d.accounts = []hooks.Account{{Name: "acme", Rules: rules(), Keys: public(), Settings: map[string]any{"locationId": "loc1"}}}
	d.receiver = hooks.New(hooks.Options{
		Accounts: func(name string) []hooks.Account {
			if name != "acme" {
				return nil
			}
			return d.accounts
		},
		Hint: func(_ context.Context, h engine.Hint) ([]store.FeedID, error) {
			if d.deaf {
				return nil, engine.ErrStopping
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			d.hints = append(d.hints, h)
			return []store.FeedID{"f1", "f2"}, nil
		},
		Look: func(account string) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.looks = append(d.looks, account)
		},
		Receipt: func(_ context.Context, e store.AuditEntry) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.receipts = append(d.receipts, e)
			return e.Validate()
		},
		Count: func(account, outcome string) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.counts[account+" "+outcome]++
		},
		Log: zerolog.Nop(),
	})
	return d
}

// send delivers a body and returns the status and text of the answer.
func (d *desk) send(method, account, body string, header map[string]string) (int, string) {
	d.t.Helper()
	r := httptest.NewRequestWithContext(d.t.Context(), method, "http://pollux.example.com/hooks/"+account, strings.NewReader(body))
	r.SetPathValue("account", account)
	for name, v := range header {
		r.Header.Set(name, v)
	}
	w := httptest.NewRecorder()
	d.receiver.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

// deliver sends a body as the service does now.
func (d *desk) deliver(body string) (int, string) {
	d.t.Helper()
	return d.send(http.MethodPost, "acme", body, map[string]string{"X-New": keys().new(body)})
}

// note is a delivery that tells of a note.
func note(id string, at time.Time) string {
	return fmt.Sprintf(`{"type": "NoteCreate", "locationId": "loc1", "webhookId": %q, "timestamp": %q, "contactId": "c1", "body": "secret text"}`, id, at.UTC().Format(time.RFC3339))
}

func TestReceiver_TakesWhatTheServiceHasSigned(t *testing.T) {
	t.Parallel()
	body := note("w1", time.Now())
	for name, header := range map[string]map[string]string{
		"the newer signature":             {"X-New": keys().new(body)},
		"the older signature":             {"X-Old": keys().old(t, body)},
		"both, of which the newer counts": {"X-New": keys().new(body), "X-Old": "bm9uZQ=="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			if status, text := d.send(http.MethodPost, "acme", body, header); status != http.StatusOK {
				t.Fatalf("got %d %s, want 200", status, text)
			}
			want := []engine.Hint{{Account: "acme", Objects: []string{"note"}, Parent: "c1", Lag: 10 * time.Second}}
			if diff := cmp.Diff(want, d.hints); diff != "" {
				t.Errorf("hints (-want +got):\n%s", diff)
			}
			if len(d.receipts) != 1 || d.receipts[0].Target != "acme" || d.receipts[0].Action != "webhook.receive" ||
				!cmp.Equal(d.receipts[0].Details, map[string]string{"event": "NoteCreate", "delivery": "w1", "feeds": "2"}) {
				t.Errorf("receipts %+v, want one without contents", d.receipts)
			}
			if d.counts["acme taken"] != 1 {
				t.Errorf("counts %v, want one that was taken", d.counts)
			}
		})
	}
}

func TestReceiver_RefusesWhatItCannotTrust(t *testing.T) {
	t.Parallel()
	good, now := note("w1", time.Now()), time.Now()
	signed := func(body string) map[string]string { return map[string]string{"X-New": keys().new(body)} }
	for name, tt := range map[string]struct {
		account, body string
		header        map[string]string
		status        int
		text          string
	}{
		"no signature":             {"acme", good, nil, 401, "is not signed"},
		"signature of another":     {"acme", good, signed(good + " "), 401, "X-New does not fit"},
		"newer wrong, older right": {"acme", good, map[string]string{"X-New": keys().new("x"), "X-Old": keys().old(t, good)}, 401, "X-New does not fit"},
		"no base64":                {"acme", good, map[string]string{"X-New": "%%%"}, 401, "not base64"},
		"empty signature":          {"acme", good, map[string]string{"X-New": "  "}, 401, "does not fit"},
		"another account":          {"other", good, signed(good), 404, "no account"},
		"no JSON":                  {"acme", "hello", signed("hello"), 400, "not JSON"},
		"no object":                {"acme", "[1]", signed("[1]"), 400, "has no type"},
		"too old":                  {"acme", note("w1", now.Add(-6*time.Minute)), signed(note("w1", now.Add(-6*time.Minute))), 400, "was sent at"},
		"of the future":            {"acme", note("w1", now.Add(6*time.Minute)), signed(note("w1", now.Add(6*time.Minute))), 400, "was sent at"},
		"time that is none":        {"acme", `{"type":"NoteCreate","timestamp":"today"}`, signed(`{"type":"NoteCreate","timestamp":"today"}`), 400, "was sent at"},
		"too large":                {"acme", strings.Repeat("x", 2<<20), nil, 413, "larger than 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			status, text := d.send(http.MethodPost, tt.account, tt.body, tt.header)
			if status != tt.status || !strings.Contains(text, tt.text) {
				t.Errorf("got %d %s, want %d with %q", status, text, tt.status, tt.text)
			}
			if len(d.hints)+len(d.receipts) > 0 {
				t.Errorf("hints %v and receipts %v, want none", d.hints, d.receipts)
			}
		})
	}
	t.Run("only posts", func(t *testing.T) {
		t.Parallel()
		if status, _ := newDesk(t).send(http.MethodGet, "acme", "", nil); status != http.StatusMethodNotAllowed {
			t.Errorf("got %d, want 405", status)
		}
	})
	t.Run("no key for the older signature", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.accounts[0].Keys = d.accounts[0].Keys[:1]
		if status, text := d.send(http.MethodPost, "acme", good, map[string]string{"X-Old": keys().old(t, good)}); status != 401 || !strings.Contains(text, "no rsa-sha256 key") {
			t.Errorf("got %d %s, want 401 for lack of a key", status, text)
		}
	})
}

func TestReceiver_TakesADeliveryOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		first := note("w1", time.Now())
		for i, tt := range []struct {
			body string
			want int
		}{
			{first, 200},
			{first, 409},
			{strings.Replace(first, "secret", "other", 1), 409}, // another body, the same id
			{note("w2", time.Now()), 200},
			{`{"type":"NoteCreate","locationId":"loc1"}`, 200}, // neither id nor time
			{`{"type":"NoteCreate","locationId":"loc1"}`, 409},
		} {
			if status, text := d.deliver(tt.body); status != tt.want {
				t.Errorf("delivery %d: got %d %s, want %d", i, status, text, tt.want)
			}
		}
		if len(d.hints) != 3 {
			t.Errorf("%d hints, want 3", len(d.hints))
		}
	})
}

// TestReceiver_AsksAgainWhenTheEngineIsDeaf must not take the second try for a repetition.
func TestReceiver_AsksAgainWhenTheEngineIsDeaf(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.deaf = true
	body := note("w1", time.Now())
	if status, _ := d.deliver(body); status != http.StatusTooManyRequests {
		t.Errorf("got %d, want 429: it is the only one that makes the service try again", status)
	}
	d.deaf = false
	if status, text := d.deliver(body); status != http.StatusOK || len(d.hints) != 1 {
		t.Errorf("second try: got %d %s and hints %v, want it taken", status, text, d.hints)
	}
}

func TestReceiver_LeavesAloneWhatIsNotWatched(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"an event that announces nothing": `{"type":"PLAN_CHANGE","locationId":"loc1"}`,
		"another location":                `{"type":"NoteCreate","locationId":"loc2"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			if status, _ := d.deliver(body); status != http.StatusOK || len(d.hints)+len(d.receipts) > 0 || d.counts["acme ignored"] != 1 {
				t.Errorf("got %d, hints %v, counts %v, want it ignored", status, d.hints, d.counts)
			}
		})
	}
}

func TestReceiver_PassesOnToTheAccountThatOwnsIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.accounts = append(d.accounts, hooks.Account{Name: "acme-loc2", Rules: rules(), Settings: map[string]any{"locationId": "loc2"}})
	if status, _ := d.deliver(`{"type":"Booked","locationId":"loc2","appointment":{"contactId":"c9"}}`); status != http.StatusOK {
		t.Errorf("got %d, want 200", status)
	}
	if len(d.hints) != 1 || d.hints[0].Account != "acme-loc2" || d.hints[0].Parent != "c9" {
		t.Errorf("hints %+v, want one for acme-loc2 and contact c9", d.hints)
	}
}

// TestReceiver_HasThePartsLookedFor takes an event that no feed reads, for a location that is
// no account yet.
func TestReceiver_HasThePartsLookedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.accounts[0].PartEvents = []string{"INSTALL"}
	if status, _ := d.deliver(`{"type":"INSTALL","locationId":"loc9"}`); status != http.StatusOK || d.counts["acme taken"] != 1 {
		t.Errorf("got %d, counts %v, want it taken", status, d.counts)
	}
	if len(d.looks) != 1 || d.looks[0] != "acme" || len(d.hints) > 0 || len(d.receipts) != 1 {
		t.Errorf("looks %v, hints %v, receipts %v, want one look at the parts of acme, and one receipt", d.looks, d.hints, d.receipts)
	}
}

func TestReceiver_DoesItsWorkWhereTheTrailCannotBeWritten(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.receiver.Receipt = func(context.Context, store.AuditEntry) error { return errors.New("disk full") }
	if status, _ := d.deliver(note("w1", time.Now())); status != http.StatusOK || len(d.hints) != 1 {
		t.Errorf("got %d and %d hints, want 200 and one", status, len(d.hints))
	}
}

// FuzzReceiver sends what others choose: nothing may panic, and nothing that is not signed
// may have an effect.
func FuzzReceiver(f *testing.F) {
	f.Add(`{"type":"NoteCreate"}`, "x", true)
	f.Add(`{"type":{"a":1},"timestamp":1e400}`, "", true)
	f.Add(`[[[[`, "AAAA", false)
	f.Fuzz(func(t *testing.T, body, signature string, sign bool) {
		d := newDesk(t)
		if sign {
			signature = keys().new(body)
		}
		d.send(http.MethodPost, "acme", body, map[string]string{"X-New": signature})
		if !sign && len(d.hints) > 0 {
			t.Errorf("hints %v of a delivery that is not signed", d.hints)
		}
	})
}
