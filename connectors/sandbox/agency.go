package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel"
	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/oauth"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// agency is the simulated HighLevel: some locations, and the sign-in to them and to the
// agency that they belong to.
type agency struct {
	locations []*highlevel.Location // the usual one first
	ids       []string
	signIn    *oauth.Server
}

// newAgency makes the locations of a world, the usual one and some more.
func newAgency(w *service.World, o Options) *agency {
	a := &agency{ids: []string{highlevel.LocationID}}
	for i := range o.Locations {
		a.ids = append(a.ids, fmt.Sprintf("sandboxLocation%05d", i+2))
	}
	a.signIn = oauth.New(w, oauth.Options{Life: o.TokenLife, Locations: a.ids})
	for i, id := range a.ids {
		token := highlevel.Token
		if i > 0 {
			token += "-" + id
		}
		a.locations = append(a.locations, highlevel.New(w, highlevel.Options{
			ID: id, Token: token, Lag: o.Lag, Limit: o.HighLevelLimit, Daily: o.HighLevelDaily,
			Admit: func(token, operation string) service.Answer { return a.signIn.Admit(token, id, operation) },
		}))
	}
	return a
}

// ServeHTTP hands a request to the sign-in, or to the location that its token is for.
// Without a token that tells, the usual location refuses it.
func (a *agency) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.signIn.Serves(r) {
		a.signIn.ServeHTTP(w, r)
		return
	}
	a.location(r).Handler().ServeHTTP(w, r)
}

// location returns the location that a request is for.
func (a *agency) location(r *http.Request) *highlevel.Location {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	id, known := a.signIn.Location(token)
	if known && id == "" { // that of the agency may look at each of its locations
		id = strings.Trim(strings.TrimPrefix(r.URL.Path, "/locations/"), "/")
	}
	if own, ok := strings.CutPrefix(token, highlevel.Token+"-"); ok {
		id = own
	}
	return a.at(id)
}

// at returns the location with an id, the usual one for an unknown one.
func (a *agency) at(id string) *highlevel.Location {
	for i := range a.ids {
		if a.ids[i] == id {
			return a.locations[i]
		}
	}
	return a.locations[0]
}

// Location returns one of HighLevel's locations by its id, the usual one for an unknown id:
// its contacts, notes and limits are its own.
func (s *Sandbox) Location(id string) *highlevel.Location { return s.agency.at(id) }

// LocationIDs are the ids of HighLevel's locations, the usual one first.
func (s *Sandbox) LocationIDs() []string { return append([]string(nil), s.agency.ids...) }

// SignIns returns what HighLevel's sign-in has seen.
func (s *Sandbox) SignIns() oauth.Counts { return s.agency.signIn.Counts() }

// SetTokenLife changes how long HighLevel's access tokens live that are given from now on,
// in whole seconds.
func (s *Sandbox) SetTokenLife(life time.Duration) { s.agency.signIn.SetLife(life) }

// EndTokens lets all of HighLevel's access tokens end at once. Refresh tokens go on to work.
func (s *Sandbox) EndTokens() { s.agency.signIn.End() }

// RemoveApp forgets all of HighLevel's sign-ins, as if somebody had removed the app.
func (s *Sandbox) RemoveApp() { s.agency.signIn.Remove() }
