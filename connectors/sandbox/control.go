package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// State is what a sandbox holds, in numbers.
type State struct {
	Contacts    int            `json:"contacts"`
	Notes       int            `json:"notes"`
	Tasks       int            `json:"tasks"`
	Subscribers map[string]int `json:"subscribers"` // by id of the list
	Writes      int            `json:"writes"`
	Requests    map[string]int `json:"requests"` // by operation
}

// State counts what the sandbox holds now.
func (s *Sandbox) State() State {
	st := State{Subscribers: s.stibee.Sizes(), Writes: s.Written(), Requests: s.Requests()}
	st.Contacts, st.Notes, st.Tasks = s.highlevel.Size()
	return st
}

// Control returns the interface through which other processes look into a sandbox
// and steer it, below /sandbox. It speaks JSON:
//
//	GET    /sandbox/state                 what it holds, in numbers
//	GET    /sandbox/writes?after=N        the log of writes, one JSON object a line
//	GET    /sandbox/subscribers/{list}    the subscribers of a list with their groups
//	POST   /sandbox/subscribers/{list}/{email}/archive  take a subscriber out, as after a hard bounce
//	POST   /sandbox/emails/{id}/logs      {"subscriber":"ann@example.com","action":"O","value":"…"}: see ActOnEmail
//	POST   /sandbox/contacts              add a contact, answers {"id"}
//	PATCH  /sandbox/contacts/{id}         write fields of a contact
//	DELETE /sandbox/contacts/{id}         delete a contact
//	POST   /sandbox/stax/customers        add a customer to Stax, answers {"id"}
//	PATCH  /sandbox/stax/customers/{id}   write fields of a customer
//	POST   /sandbox/stax/payment_methods  {"customer":"…","declines":false}: give a customer a payment method, answers {"id"}
//	POST   /sandbox/things/{kind}         write what people make in HighLevel's web app (see KeepThing), answers {"id"}
//	DELETE /sandbox/things/{kind}/{id}    remove it
//	POST   /sandbox/changes               {"create":300,"update":200}: make up changes, answers their ids
//	GET    /sandbox/faults                the rules of misbehaviour
//	POST   /sandbox/faults                add one, such as {"operation":"stibee.*","kind":"lost","rate":0.1}
//	DELETE /sandbox/faults                remove all
//	PUT    /sandbox/lag                   {"lag":"5s"}: how long searches lag behind
//	GET    /sandbox/signins               what HighLevel's sign-in has seen, in numbers
//	POST   /sandbox/signins/end           let all of its access tokens end
//	PUT    /sandbox/locations/{id}        install the app in a location of HighLevel, which is made if it is new
//	DELETE /sandbox/locations/{id}        remove the app from it
//	POST   /sandbox/locations/{id}/contacts  add a contact there, answers {"id"}
//	DELETE /sandbox/signins               remove the app: no token works any more
//
// Durations are texts such as "5s".
func (s *Sandbox) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sandbox/state", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.State()) })
	mux.HandleFunc("GET /sandbox/writes", s.serveWrites)
	mux.HandleFunc("GET /sandbox/subscribers/{list}", func(w http.ResponseWriter, r *http.Request) {
		reply(w, append([]Subscriber{}, s.Subscribers(r.PathValue("list"))...))
	})
	mux.HandleFunc("POST /sandbox/subscribers/{list}/{email}/archive", func(w http.ResponseWriter, r *http.Request) {
		finish(w, s.ArchiveSubscriber(r.PathValue("list"), r.PathValue("email")), http.StatusNotFound)
	})
	mux.HandleFunc("POST /sandbox/emails/{id}/logs", s.serveAct)
	mux.HandleFunc("POST /sandbox/contacts", s.serveAdd)
	mux.HandleFunc("PATCH /sandbox/contacts/{id}", s.servePatch)
	mux.HandleFunc("DELETE /sandbox/contacts/{id}", func(w http.ResponseWriter, r *http.Request) {
		finish(w, s.DeleteContact(r.PathValue("id")), http.StatusNotFound)
	})
	s.controlStax(mux)
	mux.HandleFunc("POST /sandbox/things/{kind}", s.serveKeep)
	mux.HandleFunc("DELETE /sandbox/things/{kind}/{id}", func(w http.ResponseWriter, r *http.Request) {
		finish(w, s.DiscardThing(r.PathValue("kind"), r.PathValue("id")), http.StatusNotFound)
	})
	mux.HandleFunc("POST /sandbox/changes", s.serveChanges)
	mux.HandleFunc("GET /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) { reply(w, append([]Fault{}, s.Faults()...)) })
	mux.HandleFunc("POST /sandbox/faults", s.serveFault)
	mux.HandleFunc("DELETE /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.Heal()
		finish(w, nil, 0)
	})
	mux.HandleFunc("PUT /sandbox/lag", s.serveLag)
	mux.HandleFunc("GET /sandbox/signins", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.SignIns()) })
	mux.HandleFunc("POST /sandbox/signins/end", func(w http.ResponseWriter, _ *http.Request) {
		s.EndTokens()
		finish(w, nil, 0)
	})
	mux.HandleFunc("DELETE /sandbox/signins", func(w http.ResponseWriter, _ *http.Request) {
		s.RemoveApp()
		finish(w, nil, 0)
	})
	mux.HandleFunc("PUT /sandbox/locations/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.Install(r.PathValue("id"))
		finish(w, nil, 0)
	})
	mux.HandleFunc("DELETE /sandbox/locations/{id}", func(w http.ResponseWriter, r *http.Request) {
		if !s.Uninstall(r.PathValue("id")) {
			http.Error(w, "the app is not installed there", http.StatusNotFound)
			return
		}
		finish(w, nil, 0)
	})
	mux.HandleFunc("POST /sandbox/locations/{id}/contacts", func(w http.ResponseWriter, r *http.Request) {
		var fields map[string]any
		if receive(w, r, &fields) {
			reply(w, map[string]string{"id": s.Location(r.PathValue("id")).AddContact(fields)})
		}
	})
	return mux
}

// controlStax adds what steers Stax.
func (s *Sandbox) controlStax(mux *http.ServeMux) {
	mux.HandleFunc("POST /sandbox/stax/customers", func(w http.ResponseWriter, r *http.Request) {
		var fields map[string]any
		if receive(w, r, &fields) {
			reply(w, map[string]string{"id": s.stax.AddCustomer(fields)})
		}
	})
	mux.HandleFunc("PATCH /sandbox/stax/customers/{id}", func(w http.ResponseWriter, r *http.Request) {
		var fields map[string]any
		if receive(w, r, &fields) {
			finish(w, s.stax.UpdateCustomer(r.PathValue("id"), fields), http.StatusNotFound)
		}
	})
	mux.HandleFunc("POST /sandbox/stax/payment_methods", func(w http.ResponseWriter, r *http.Request) {
		var want struct {
			Customer string `json:"customer"`
			Declines bool   `json:"declines"`
		}
		if receive(w, r, &want) {
			reply(w, map[string]string{"id": s.stax.AddPaymentMethod(want.Customer, want.Declines)})
		}
	})
}

// reply answers with a value.
func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(append(service.Encode(v), '\n')) //nolint:gosec // JSON, and said to be
}

// finish answers with nothing, or with what went wrong.
func finish(w http.ResponseWriter, err error, status int) {
	if err != nil {
		http.Error(w, err.Error(), status)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// receive decodes a body strictly, and answers if it cannot.
func receive(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, service.MaxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		http.Error(w, "body: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func (s *Sandbox) serveWrites(w http.ResponseWriter, r *http.Request) {
	after := 0
	if v := r.URL.Query().Get("after"); v != "" {
		var err error
		if after, err = strconv.Atoi(v); err != nil {
			http.Error(w, "after: want a number", http.StatusBadRequest)
			return
		}
	}
	w.Header().Set("Content-Type", "application/jsonl; charset=utf-8")
	for _, one := range s.Writes(after) {
		_, _ = w.Write(append(service.Encode(one), '\n'))
	}
}

func (s *Sandbox) serveAdd(w http.ResponseWriter, r *http.Request) {
	var fields map[string]any
	if receive(w, r, &fields) {
		reply(w, map[string]string{"id": s.AddContact(fields)})
	}
}

func (s *Sandbox) servePatch(w http.ResponseWriter, r *http.Request) {
	var fields map[string]any
	if receive(w, r, &fields) {
		finish(w, s.UpdateContact(r.PathValue("id"), fields), http.StatusNotFound)
	}
}

func (s *Sandbox) serveKeep(w http.ResponseWriter, r *http.Request) {
	var fields map[string]any
	if !receive(w, r, &fields) {
		return
	}
	id, err := s.KeepThing(r.PathValue("kind"), fields)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	reply(w, map[string]string{"id": id})
}

// maxChanges bounds how many changes one request makes.
const maxChanges = 1_000_000

func (s *Sandbox) serveChanges(w http.ResponseWriter, r *http.Request) {
	var want struct {
		Create int `json:"create"`
		Update int `json:"update"`
	}
	if !receive(w, r, &want) {
		return
	}
	if min(want.Create, want.Update) < 0 || max(want.Create, want.Update) > maxChanges {
		http.Error(w, fmt.Sprintf("create and update: want 0 to %d", maxChanges), http.StatusBadRequest)
		return
	}
	made := s.Make(want.Create, want.Update)
	reply(w, made)
}

// Made are the ids of contacts that were made up or changed.
type Made struct {
	Created []string `json:"created"`
	Updated []string `json:"updated"`
}

// Make makes up new contacts and changes some that were there before, each of them
// once, at most as many as there are.
func (s *Sandbox) Make(create, update int) Made {
	made := Made{Created: []string{}, Updated: []string{}}
	before := s.Contacts()
	for i := range min(update, len(before)) {
		j := i + s.Dice.Below(len(before)-i)
		before[i], before[j] = before[j], before[i]
		fields := map[string]any{"phone": fmt.Sprintf("+1555%07d", s.Dice.Below(10_000_000))}
		if s.UpdateContact(before[i], fields) == nil {
			made.Updated = append(made.Updated, before[i])
		}
	}
	for range create {
		made.Created = append(made.Created, s.newContact().Contact)
	}
	return made
}

func (s *Sandbox) serveFault(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	if receive(w, r, &fault) {
		finish(w, s.Fail(fault), http.StatusBadRequest)
	}
}

func (s *Sandbox) serveAct(w http.ResponseWriter, r *http.Request) {
	var what struct{ Subscriber, Action, Value string }
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		http.Error(w, "the id of an e-mail is a number", http.StatusBadRequest)
		return
	}
	if receive(w, r, &what) {
		finish(w, s.ActOnEmail(id, what.Subscriber, what.Action, what.Value), http.StatusBadRequest)
	}
}

func (s *Sandbox) serveLag(w http.ResponseWriter, r *http.Request) {
	var want struct {
		Lag service.Span `json:"lag"`
	}
	if receive(w, r, &want) {
		s.SetLag(time.Duration(want.Lag))
		finish(w, nil, 0)
	}
}
