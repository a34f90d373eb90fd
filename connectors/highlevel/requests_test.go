package highlevel_test

import (
	"flag"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/highlevel"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit/requests"
)

var update = flag.Bool("update", false, "write the golden file anew")

// service is a transport that a test writes as a function.
type service func(*http.Request) (*http.Response, error)

func (s service) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// says answers every request alike.
func says(status int, body string) service {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

// connector is read once for all tests: nothing in it changes, and reading takes longer
// than most of them.
var connector = sync.OnceValues(highlevel.New)

func open(t *testing.T, s service) (connectors.Connector, connectors.Session) {
	t.Helper()
	c, err := connector()
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	session, err := c.Open(connectors.Account{
		Name: "acme", Gate: budget.New(nil, 0), Transport: s, Settings: settings(),
		Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("a-key-of-a-test")},
	})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return c, session
}

func operation(t *testing.T, c connectors.Connector, key string) *connectors.Operation {
	t.Helper()
	o, ok := c.Describe().Operation(key)
	if !ok {
		t.Fatalf("there is no operation %q", key)
	}
	return o
}

// made are the values of inputs in these tests.
func made() requests.Made {
	return requests.Made{Email: "ann+news@example.com", Names: []string{"email"}}
}

// TestRequests_AreThoseOfTheService writes down the request of every operation,
// with every input filled, and of the polls of every list.
func TestRequests_AreThoseOfTheService(t *testing.T) {
	t.Parallel()
	c, err := connector()
	if err != nil {
		t.Fatal(err)
	}
	got := requests.Written(t, c, connectors.Account{
		Name: "acme", Settings: settings(), Credential: auth.Credential{Method: auth.Bearer, Secret: secret.New("a-key-of-a-test")},
	}, made())
	const file = "testdata/requests.golden"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), -update writes it anew:\n%s", file, diff)
	}
}
