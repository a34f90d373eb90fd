package project_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/builtin"
	"github.com/pollux-automation/pollux/engine/desk"
	"github.com/pollux-automation/pollux/engine/dry"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/recipes"
)

// exchange is a HighLevel that has calls with recordings, and takes attachments.
type exchange struct {
	calls    []object // messages, the newest first
	sound    string   // of every recording
	uploaded []string // "title|type|content" of every upload
	sent     []object // messages that were sent
	refuse   bool     // no message is taken
}

func (e *exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	say := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/messages/export"):
		say(http.StatusOK, object{"messages": e.calls, "total": len(e.calls)})
	case strings.HasSuffix(path, "/recording"):
		if e.sound != "" {
			w.Header().Set("Content-Type", "audio/x-wav")
		}
		_, _ = io.WriteString(w, e.sound)
	case strings.HasSuffix(path, "/messages/upload"):
		f, head, err := r.FormFile("fileAttachment")
		if err != nil || r.FormValue("contactId") != "c1" || r.FormValue("locationId") != "loc1" {
			say(http.StatusBadRequest, object{"message": fmt.Sprint("bad form: ", err)})
			return
		}
		text, _ := io.ReadAll(f)
		e.uploaded = append(e.uploaded, head.Filename+"|"+head.Header.Get("Content-Type")+"|"+string(text))
		say(http.StatusOK, object{"uploadedFiles": object{head.Filename: "https://files.example.com/1.wav"}})
	case strings.HasSuffix(path, "/conversations/messages") && e.refuse:
		say(http.StatusBadRequest, object{"message": "no"})
	case strings.HasSuffix(path, "/conversations/messages"):
		var m object
		_ = json.NewDecoder(r.Body).Decode(&m)
		e.sent = append(e.sent, m)
		say(http.StatusCreated, object{"messageId": "s1"})
	default:
		say(http.StatusNotFound, object{"message": "not found"})
	}
}

// passOn takes the recording of each call and sends it to the contact.
const passOn = `
recipe: v1
id: pass-on
connections: {hl: {connector: highlevel, account: highlevel}}
trigger:
  poll: hl.message.export
  kinds: [created]
  schedule: {every: 10m}
  start: now
steps:
  - id: recording
    call: hl.message.recording.get
    with: {messageId: =record.id}
  - id: upload
    if: steps.recording != nil
    call: hl.message.attachment.upload
    with: {contactId: c1, conversationId: v1, fileAttachment: =steps.recording.file}
  - id: send
    if: steps.upload != nil
    call: hl.message.send
    with: {type: SMS, subType: SMS, contactId: c1, message: Your call, attachments: =values(steps.upload.uploadedFiles)}
`

// atExchange runs a test in a bubble, with a house that has been there before the first
// call.
func atExchange(t *testing.T, test func(h *house, e *exchange)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		registry := builtin.Registry()
		e := &exchange{sound: "RIFF sound"}
		h := newHouse(t, registry, tenant{connector: "highlevel", service: e, Account: connectors.Account{
			Name: "highlevel", Settings: map[string]any{"locationId": "loc1"}, Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("t0ken")},
		}})
		h.poll(passOn)
		pass(time.Hour)
		e.calls = append(e.calls, object{"id": "m1", "locationId": "loc1", "messageType": "TYPE_CALL", "dateAdded": time.Now().UTC().Format(time.RFC3339)})
		test(h, e)
	})
}

// only returns the one run of the house with its steps by id.
func (h *house) only() (store.Run, map[string]store.Step) {
	h.t.Helper()
	runs, err := h.store.ListRuns(h.t.Context(), store.RunFilter{})
	if err != nil || len(runs) != 1 {
		h.t.Fatalf("runs = %+v, %v, want one", runs, err)
	}
	run, steps, err := h.store.LoadRun(h.t.Context(), runs[0].ID)
	if err != nil {
		h.t.Fatal(err)
	}
	byID := map[string]store.Step{}
	for _, s := range steps {
		byID[s.ID] = s
	}
	return run, byID
}

// reference returns what the first step says of its file.
func reference(t *testing.T, steps map[string]store.Step) string {
	t.Helper()
	var record struct{ File string }
	if err := json.Unmarshal(steps["recording"].Output, &record); err != nil {
		t.Fatalf("recording = %s: %v", steps["recording"].Output, err)
	}
	return record.File
}

// TestFile_GoesFromStepToStepAndEndsWithItsRun follows a recording from one end to the
// other, through a failure, a replay and the end of its run's payload.
func TestFile_GoesFromStepToStepAndEndsWithItsRun(t *testing.T) {
	t.Parallel()
	atExchange(t, func(h *house, e *exchange) {
		e.refuse = true
		h.poll(passOn)
		run, steps := h.only()
		if run.State.Status != store.Failed || run.State.Error.Step != "send" {
			t.Fatalf("run = %+v, want it failed at send", run.State)
		}
		file := reference(t, steps)
		name, ok := strings.CutPrefix(file, "file:"+string(run.ID)+"/")
		kept, err := h.store.File(t.Context(), run.ID, name)
		if !ok || err != nil || string(kept.Data) != "RIFF sound" || kept.Type != "audio/x-wav" {
			t.Fatalf("file %q = %+v, %v, want the sound", file, kept, err)
		}
		for id, s := range steps {
			if text := string(s.Input) + string(s.Output); strings.Contains(text, "RIFF") || id != "send" && !strings.Contains(text, file) {
				t.Errorf("step %s = %s, want the reference and not the sound", id, text)
			}
		}

		// The replay begins at the upload: the sound is not fetched again.
		e.refuse, e.sound = false, "another"
		h.replay(&run, "upload")
		pass(time.Hour)
		h.poll(passOn)
		if run, _ := h.only(); run.State.Status != store.Succeeded {
			t.Fatalf("run = %+v, want it done", run.State)
		}
		want := []string{"file.wav|audio/x-wav|RIFF sound", "file.wav|audio/x-wav|RIFF sound"}
		if fmt.Sprint(e.uploaded) != fmt.Sprint(want) {
			t.Errorf("uploaded %v, want %v", e.uploaded, want)
		}
		if len(e.sent) != 1 || fmt.Sprint(e.sent[0]["attachments"]) != "[https://files.example.com/1.wav]" {
			t.Errorf("sent %v, want one message with the address", e.sent)
		}

		pass(6 * 24 * time.Hour)
		h.poll(passOn)
		if _, err := h.store.File(t.Context(), run.ID, name); err != nil {
			t.Errorf("after six days: %v, want the file", err)
		}
		pass(3 * 24 * time.Hour)
		h.poll(passOn)
		if _, err := h.store.File(t.Context(), run.ID, name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("after nine days: %v, want it gone with the payload", err)
		}
	})
}

// replay lets a run be carried out again from a step, also where that repeats a write.
func (h *house) replay(run *store.Run, from string) {
	h.t.Helper()
	var findings diag.List
	r := recipes.Parse("recipe.yaml", []byte(passOn), h.catalog, &findings)
	_, steps, err := h.store.LoadRun(h.t.Context(), run.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	rev, err := desk.Replay{Who: desk.Who{Actor: "cli:test", At: time.Now()}, Recipe: r, From: from, Repeat: true}.Revise(run, steps)
	if err == nil {
		err = h.store.Revise(h.t.Context(), rev)
	}
	if err != nil {
		h.t.Fatalf("replay: %v", err)
	}
}

// dying is a store that takes files, and no result any more.
type dying struct{ store.Store }

func (dying) SaveStep(context.Context, store.StepSave) error { return errors.New("killed") }

// TestFile_OfAStepThatWasCutOffIsReplaced kills the program between the file and the
// result of its step.
func TestFile_OfAStepThatWasCutOffIsReplaced(t *testing.T) {
	t.Parallel()
	atExchange(t, func(h *house, e *exchange) {
		truth := h.store
		h.store = dying{truth}
		if _, err := h.once(passOn); err == nil {
			t.Fatal("the program ended well, want it killed")
		}
		if len(e.uploaded) > 0 {
			t.Fatalf("uploaded %v before the result of the step was stored", e.uploaded)
		}
		h.store, e.sound = truth, "RIFF, fetched again"
		h.poll(passOn)
		run, steps := h.only()
		kept, err := h.store.File(t.Context(), run.ID, strings.TrimPrefix(reference(t, steps), "file:"+string(run.ID)+"/"))
		if err != nil || string(kept.Data) != e.sound || len(e.uploaded) != 1 || !strings.HasSuffix(e.uploaded[0], "|"+e.sound) {
			t.Errorf("file = %q, %v, uploaded %v, want %q in both", kept.Data, err, e.uploaded, e.sound)
		}
		sum := fmt.Sprintf("%x", sha256.Sum256(kept.Data))
		if !strings.Contains(string(steps["recording"].Output), sum) {
			t.Errorf("recording = %s, want the sum %s of the file that is kept", steps["recording"].Output, sum)
		}
	})
}

// TestFile_OfTooManyIsRefused gives a step a reference that a person has copied from
// somewhere else.
func TestFile_OfAnotherRunIsRefused(t *testing.T) {
	t.Parallel()
	for _, foreign := range []string{"file:aaaaa-00000001/abc", "/etc/passwd", "file:../../x"} {
		atExchange(t, func(h *house, e *exchange) {
			h.poll(strings.Replace(passOn, "=steps.recording.file", foreign, 1))
			run, steps := h.only()
			if run.State.Status != store.Failed || run.State.Error.Kind != string(connectors.Invalid) || len(e.uploaded) > 0 || steps["upload"].Attempts != 1 {
				t.Errorf("%s: run = %+v, uploaded %v, want it failed before anything was sent", foreign, run.State, e.uploaded)
			}
		})
	}
}

// TestFile_OfTooManyBytesFailsItsStep is one byte more than is kept.
func TestFile_OfTooManyBytesFailsItsStep(t *testing.T) {
	t.Parallel()
	atExchange(t, func(h *house, e *exchange) {
		e.sound = strings.Repeat("x", store.MaxFileBytes+1)
		h.poll(passOn)
		run, steps := h.only()
		if err := run.State.Error; run.State.Status != store.Failed || err.Kind != string(connectors.Invalid) || err.Step != "recording" || !strings.Contains(err.Message, "10 MiB") {
			t.Errorf("run = %+v (%+v), want an invalid step that says why", run.State, err)
		}
		if len(steps["recording"].Output) > 0 {
			t.Errorf("recording = %s, want nothing", steps["recording"].Output)
		}
	})
}

// TestFile_ThatIsNotThereIsPassedBy covers a call without a recording.
func TestFile_ThatIsNotThereIsPassedBy(t *testing.T) {
	t.Parallel()
	atExchange(t, func(h *house, e *exchange) {
		e.sound = ""
		h.poll(passOn)
		run, steps := h.only()
		if run.State.Status != store.Succeeded || steps["upload"].Status != "skipped" || steps["send"].Status != "skipped" || len(e.uploaded)+len(e.sent) > 0 {
			t.Errorf("run = %+v, steps %+v, want it done with nothing sent", run.State, steps)
		}
	})
}

// TestFile_DryRunStoresNothing carries out the recipe on accounts that write nothing.
func TestFile_DryRunStoresNothing(t *testing.T) {
	t.Parallel()
	atExchange(t, func(h *house, e *exchange) {
		var told []dry.Call
		h.accounts = dry.Accounts(h.accounts, func(c dry.Call) { told = append(told, c) })
		h.poll(passOn)
		run, steps := h.only()
		file := reference(t, steps)
		if run.State.Status != store.Succeeded || len(e.uploaded)+len(e.sent) > 0 || !strings.HasPrefix(file, "file:") {
			t.Fatalf("run = %+v, file %q, uploaded %v, want it done and nothing sent", run.State, file, e.uploaded)
		}
		body, _ := told[0].Request.Body.(map[string]any)
		if len(told) != 2 || body["fileAttachment"] != file || strings.Contains(fmt.Sprint(told), "RIFF") {
			t.Errorf("told %v, want the upload with the reference", told)
		}
		name := strings.TrimPrefix(file, "file:"+string(run.ID)+"/")
		if _, err := h.store.File(t.Context(), run.ID, name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("file: %v, want none", err)
		}
	})
}
