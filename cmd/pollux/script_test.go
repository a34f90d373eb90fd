package main_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	bolt "go.etcd.io/bbolt"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/internal/cli"
)

var update = flag.Bool("update", false, "write what the commands print into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"pollux": func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }, //nolint:forbidigo // it stands for the program
	})
}

// sandboxKey is where a script's environment keeps its sandbox.
type sandboxKey struct{}

// TestScripts runs the scripts of testdata/script. Each has a sandbox of its own,
// whose addresses and credentials are in its environment, and these commands:
//
//	change CREATE UPDATE      people make and change contacts
//	remove N                  the service deletes that many contacts
//	backdate AGE              a contact changes, and says that this was so long ago
//	fault KIND OPERATION [N]  the next N requests of an operation go wrong
//	heal                      no more faults
//	project                   write pollux.yaml for the script's sandbox
//	exits CODE PROGRAM ARG…   run a program that must end with that exit code
//	fill FILE BYTES           write a file of that size
//	occupy FILE               open a state file, as another process would
//	damage FILE               put a switch that cannot be read into a state file
//	await FILE                wait until a file is there
//	awaitline FILE REGEXP     wait until a line of a file matches
//	occupyport ADDRESS        listen on an address until the script ends
//	get LOG CODE PATH [HOST]  ask the program whose log says where it listens; prints the answer
//	awaitget LOG PATH REGEXP  ask it until a line of the answer matches
//	awaitruns RECIPE STATUS N wait until so many runs of a recipe have a status
//	consent LOG               open the page that a login has printed, as a browser would
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			s := sandbox.New(sandbox.Options{Seed: 3, Contacts: 40})
			l, err := sandbox.Listen(t.Context(), "127.0.0.1:0")
			if err != nil {
				return err
			}
			ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
			done := make(chan error, 1)
			go func() { done <- s.Serve(ctx, l) }()
			e.Defer(func() {
				stop()
				if err := <-done; err != nil {
					t.Errorf("sandbox: %v", err)
				}
			})
			at := s.Endpoints("http://" + l.Addr().String())
			e.Values[sandboxKey{}] = s
			e.Vars = append(e.Vars, "HIGHLEVEL_URL="+at.HighLevelURL, "HIGHLEVEL_TOKEN="+at.HighLevelToken, "LOCATION_ID="+at.LocationID,
				"STIBEE_URL="+at.StibeeURL, "STIBEE_KEY="+at.StibeeKey, "LIST_ID="+at.ListID, "VIP_GROUP="+at.VIPGroupID, "HOME="+e.WorkDir, "ADDRESS="+l.Addr().String(),
				"REDIRECT=http://"+freeAddress(t)+"/callback", "POLLUX_LISTEN=off") // the default address is one for the whole machine
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"change": change, "remove": remove, "backdate": backdate, "fault": fault, "heal": heal, "project": project,
			"exits": exits, "fill": fill, "occupy": occupy, "damage": damage, "await": await, "awaitline": awaitLine, "occupyport": occupyPort, "get": get, "awaitget": awaitGet, "consent": consent, "awaitruns": awaitRuns, "webhookkey": webhookKey, "deliver": deliver,
		},
	})
}

func theSandbox(ts *testscript.TestScript) *sandbox.Sandbox {
	s, _ := ts.Value(sandboxKey{}).(*sandbox.Sandbox)
	return s
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

func change(ts *testscript.TestScript, _ bool, args []string) {
	theSandbox(ts).Make(number(ts, args[0]), number(ts, args[1]))
}

func remove(ts *testscript.TestScript, _ bool, args []string) {
	s := theSandbox(ts)
	for _, id := range s.Contacts()[:number(ts, args[0])] {
		ts.Check(s.DeleteContact(id))
	}
}

func backdate(ts *testscript.TestScript, _ bool, args []string) {
	s := theSandbox(ts)
	age, err := time.ParseDuration(args[0])
	ts.Check(err)
	id := s.Contacts()[0]
	ts.Check(s.UpdateContact(id, map[string]any{"companyName": "Backdated"}))
	ts.Check(s.SetUpdated(id, time.Now().Add(-age)))
	ts.Check(os.WriteFile(ts.MkAbs("backdated"), []byte(id), 0o600))
}

func fault(ts *testscript.TestScript, _ bool, args []string) {
	f := sandbox.Fault{Kind: sandbox.FaultKind(args[0]), Operation: args[1], Delay: time.Second}
	if len(args) > 2 {
		f.Next = number(ts, args[2])
	}
	ts.Check(theSandbox(ts).Fail(f))
}

func heal(ts *testscript.TestScript, _ bool, _ []string) { theSandbox(ts).Heal() }

// project writes pollux.yaml for the script's sandbox.
func project(ts *testscript.TestScript, _ bool, _ []string) {
	text := `accounts:
  acme:
    connector: highlevel
    base_url: ` + ts.Getenv("HIGHLEVEL_URL") + `
    auth: {method: bearer, token: env:HIGHLEVEL_TOKEN}
    settings: {locationId: ` + ts.Getenv("LOCATION_ID") + `}
  newsletter:
    connector: stibee
    base_url: ` + ts.Getenv("STIBEE_URL") + `
    auth: {method: api_key, key: env:STIBEE_KEY}
`
	ts.Check(os.WriteFile(ts.MkAbs("pollux.yaml"), []byte(text), 0o600))
}

// exits runs a program and holds its exit code to what scripts may rely on.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, got := number(ts, args[0]), 0
	if e, ok := errors.AsType[*exec.ExitError](ts.Exec(args[1], args[2:]...)); ok {
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func fill(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte("a: b\n"), number(ts, args[1])/5), 0o600))
}

func occupy(ts *testscript.TestScript, _ bool, args []string) {
	s, err := boltstore.Open(ts.MkAbs(args[0]), boltstore.Options{})
	ts.Check(err)
	ts.Defer(func() { _ = s.Close() }) // the folder goes away with it
}

func damage(ts *testscript.TestScript, _ bool, args []string) {
	db, err := bolt.Open(ts.MkAbs(args[0]), 0o600, nil)
	ts.Check(err)
	ts.Check(db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("switches")).Put([]byte("recipe\x00x"), []byte("no switch"))
	}))
	ts.Check(db.Close())
}

func await(ts *testscript.TestScript, _ bool, args []string) {
	poll(ts, args[0]+" did not come", func() bool {
		_, err := os.Stat(ts.MkAbs(args[0]))
		return err == nil
	})
}

func awaitLine(ts *testscript.TestScript, _ bool, args []string) {
	line, err := regexp.Compile(args[1])
	ts.Check(err)
	poll(ts, "no line of "+args[0]+" matches "+args[1], func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && line.Match(text)
	})
}

func occupyPort(ts *testscript.TestScript, _ bool, args []string) {
	poll(ts, args[0]+" does not become free", func() bool {
		l, err := net.Listen("tcp", args[0])
		if err == nil {
			ts.Defer(func() { _ = l.Close() })
		}
		return err == nil
	})
}

// address finds where a program says that it listens.
var address = regexp.MustCompile(`"address":"([^"]+)"`)

func get(ts *testscript.TestScript, _ bool, args []string) {
	host := ""
	if len(args) > 3 {
		host = args[3]
	}
	status, text := fetch(ts, args[0], args[2], host)
	fmt.Fprintf(ts.Stdout(), "%s", text)
	if want := number(ts, args[1]); status != want {
		ts.Fatalf("%s: got %d, want %d:\n%s", args[2], status, want, text)
	}
}

func awaitGet(ts *testscript.TestScript, _ bool, args []string) {
	line, err := regexp.Compile("(?m)" + args[2])
	ts.Check(err)
	poll(ts, "no line of "+args[1]+" matches "+args[2], func() bool {
		_, text := fetch(ts, args[0], args[1], "")
		return line.MatchString(text)
	})
}

// fetch asks the program whose log says where it listens.
func fetch(ts *testscript.TestScript, log, path, host string) (status int, body string) {
	found := address.FindStringSubmatch(ts.ReadFile(log))
	if found == nil {
		ts.Fatalf("%s names no address", log)
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+found[1]+path, nil)
	ts.Check(err)
	if host != "" {
		r.Host = host
	}
	answer, err := (&http.Client{Timeout: 20 * time.Second}).Do(r)
	ts.Check(err)
	defer answer.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	return answer.StatusCode, string(text)
}

func awaitRuns(ts *testscript.TestScript, _ bool, args []string) {
	want := number(ts, args[2])
	poll(ts, "the runs of "+args[0]+" do not become "+args[1], func() bool {
		err := ts.Exec("pollux", "runs", "list", "--recipe", args[0], "--status", args[1], "--limit", "0", "--json")
		return err == nil && strings.Count(ts.ReadFile("stdout"), "\n") >= want
	})
}

// consentPage finds the page that a login has printed.
var consentPage = regexp.MustCompile(`https?://\S+response_type=code\S*`)

// consent opens the page that a login has printed, and goes where it is sent.
func consent(ts *testscript.TestScript, _ bool, args []string) {
	var page string
	poll(ts, args[0]+" has no page", func() (ok bool) {
		page, ok = printedPage(ts.MkAbs(args[0]))
		return ok
	})
	ts.Check(visit(page))
}

// printedPage finds the page that a login has printed into a file, once it waits.
func printedPage(log string) (page string, ok bool) {
	text, err := os.ReadFile(log)
	page = consentPage.FindString(string(text))
	return page, err == nil && page != "" && bytes.Contains(text, []byte("waiting at"))
}

// visit opens a page and goes where it is sent, which must be the login.
func visit(page string) error {
	answer, err := (&http.Client{Timeout: 20 * time.Second}).Get(page)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || !bytes.Contains(text, []byte("Pollux has your consent"))) {
		err = fmt.Errorf("%s: got %d:\n%s", page, answer.StatusCode, text)
	}
	return err
}

// freeAddress returns a loopback address where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it is for another one
	return l.Addr().String()
}

// poll waits until something is true.
func poll(ts *testscript.TestScript, otherwise string, is func() bool) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(30 * time.Second); ; {
		if is() {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			ts.Fatalf("%s", otherwise)
		}
	}
}
