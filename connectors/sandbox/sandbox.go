package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/oauth"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
	"github.com/pollux-automation/pollux/connectors/sandbox/stax"
	"github.com/pollux-automation/pollux/connectors/sandbox/stibee"
	"github.com/pollux-automation/pollux/connectors/sandbox/workshop"
)

// Options say what a sandbox holds at the start and how its services behave. The
// zero value is an empty, well-behaved sandbox with the limits of the real
// services.
type Options struct {
	// Seed decides everything that is drawn by chance.
	Seed uint64
	// Contacts is how many contacts HighLevel has at the start. They were added
	// during the year before.
	Contacts int
	// Lag is how long a write stays invisible to HighLevel's searches.
	Lag time.Duration
	// Skew is added to the clock of all services.
	Skew time.Duration
	// HighLevelLimit, StibeeLimit and StaxLimit replace the services' own limits.
	HighLevelLimit, StibeeLimit, StaxLimit Limit
	// HighLevelDaily replaces what HighLevel allows a day.
	HighLevelDaily Limit
	// Fields are the keys of the fields that Stibee's lists have; nil means name,
	// phone and a few more.
	Fields []string
	// StibeePlan is the plan of Stibee's workspace: standard, pro or enterprise; empty
	// means enterprise, which has everything.
	StibeePlan string
	// Locations is how many locations HighLevel has besides the usual one. They are empty
	// at the start.
	Locations int
	// TokenLife is how long HighLevel's access tokens live, in whole seconds; 0 means a
	// day.
	TokenLife time.Duration
	// MaxWrites is how many writes the log keeps; 0 means 100,000. The oldest are
	// forgotten first.
	MaxWrites int
}

// Endpoints says how to reach the services of a sandbox.
type Endpoints struct {
	HighLevelURL   string `json:"highlevel_url"`
	HighLevelToken string `json:"highlevel_token"`
	LocationID     string `json:"location_id"`
	CompanyID      string `json:"company_id"`
	// ClientID and ClientSecret sign in to HighLevel with OAuth 2.0, at the same address.
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	StibeeURL    string `json:"stibee_url"`
	StibeeKey    string `json:"stibee_key"`
	ListID       string `json:"list_id"`
	VIPGroupID   string `json:"vip_group_id"`
	// WorkshopURL is a small service that no connector knows, to write one for.
	WorkshopURL   string `json:"workshop_url"`
	WorkshopToken string `json:"workshop_token"`
	StaxURL       string `json:"stax_url"`
	StaxKey       string `json:"stax_key"`
	// SenderEmail is an authorized sender of the list, AutoID the end of the address of an
	// automatic e-mail of it, TagID a tag of e-mails.
	SenderEmail string `json:"sender_email"`
	AutoID      string `json:"auto_id"`
	TagID       string `json:"tag_id"`
	ControlURL  string `json:"control_url"`
}

// Sandbox is a set of simulated services. Through the world that it embeds it can
// be made to misbehave and tells what was asked of it and what was written.
type Sandbox struct {
	*service.World

	agency    *agency
	highlevel *highlevel.Location // the usual location
	stibee    *stibee.Workspace
	stax      *stax.Merchant
	workshop  *workshop.Workshop
}

// New makes a sandbox and its first contacts.
func New(o Options) *Sandbox {
	w := service.NewWorld(o.Seed, o.Skew, o.MaxWrites)
	s := &Sandbox{
		World:    w,
		agency:   newAgency(w, o),
		stibee:   stibee.New(w, stibee.Options{Limit: o.StibeeLimit, Fields: o.Fields, Plan: o.StibeePlan}),
		stax:     stax.New(w, stax.Options{Limit: o.StaxLimit}),
		workshop: workshop.New(w),
	}
	s.highlevel = s.agency.locations[0]
	s.highlevel.Populate(o.Contacts, func(i int) map[string]any { return person(w.Dice, i) })
	return s
}

// HighLevel returns the simulated HighLevel, to be reached at the root of an
// address.
func (s *Sandbox) HighLevel() http.Handler { return s.agency }

// Stibee returns the simulated Stibee, to be reached below /v2 of an address, its automatic
// e-mails below /api/v1.0.
func (s *Sandbox) Stibee() http.Handler { return s.stibee.Handler() }

// Stax returns the simulated merchant of Stax Pay; its Handler is to be reached at the root
// of an address.
func (s *Sandbox) Stax() *stax.Merchant { return s.stax }

// Handler returns all services and the control interface below one address:
// /highlevel, /stibee/v2 (with /stibee/api/v1.0 for automatic e-mails), /stax, /workshop and /sandbox.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/highlevel/", http.StripPrefix("/highlevel", s.HighLevel()))
	mux.Handle("/stibee/", http.StripPrefix("/stibee", s.Stibee()))
	mux.Handle("/stax/", http.StripPrefix("/stax", s.stax.Handler()))
	mux.Handle("/workshop/", http.StripPrefix("/workshop", s.workshop.Handler()))
	mux.Handle("/sandbox/", s.Control())
	return mux
}

// Endpoints returns the addresses and credentials of a sandbox whose
// [Sandbox.Handler] is served at a base address without a slash at its end.
func (s *Sandbox) Endpoints(base string) Endpoints {
	return Endpoints{
		HighLevelURL:   base + "/highlevel",
		HighLevelToken: highlevel.Token,
		LocationID:     highlevel.LocationID,
		CompanyID:      highlevel.CompanyID,
		ClientID:       oauth.ClientID,
		ClientSecret:   oauth.ClientSecret,
		StibeeURL:      base + "/stibee/v2",
		StibeeKey:      stibee.Key,
		ListID:         strconv.Itoa(stibee.ListID),
		VIPGroupID:     strconv.Itoa(stibee.VIPGroupID),
		SenderEmail:    stibee.Sender,
		AutoID:         stibee.AutoID,
		TagID:          strconv.Itoa(stibee.TagID),
		StaxURL:        base + "/stax",
		StaxKey:        stax.Key,
		WorkshopURL:    base + "/workshop",
		WorkshopToken:  workshop.Token,
		ControlURL:     base + "/sandbox",
	}
}

// Listen opens a port for a sandbox. The address must be one of the loopback
// interface: a sandbox checks no passwords worth the name. Port 0 takes a free one.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("address of the sandbox: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("address of the sandbox: %q is not on the loopback interface", host)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the sandbox: %w", err)
	}
	return l, nil
}

// Serve answers requests on a listener until ctx ends, then lets running requests
// finish for up to a second. It closes the listener.
func (s *Sandbox) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(drained)
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(end) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(l)
	if !stop() {
		<-drained
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the sandbox: %w", err)
}

// SetLag changes how long a write stays invisible to HighLevel's searches, for
// the writes that follow.
func (s *Sandbox) SetLag(lag time.Duration) { s.highlevel.SetLag(lag) }
