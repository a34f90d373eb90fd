// Command bench measures the rows of docs/performance.md: whole programs against
// the same simulated services, and each beside a minimal program written by hand
// for the same durable work, so that the ratios mean something on any machine.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const recipe = `recipe: v1
id: bench
connections:
  crm: {connector: highlevel, account: acme}
  mail: {connector: stibee, account: newsletter}
trigger:
  poll: crm.contact.search
  schedule: {every: 1h}
  start: now
  hold_over: 1000000
filter: email(record.email) != nil and not record.dnd
order: {workers: 8}
steps:
  - id: upsert
    call: mail.subscriber.upsert
    with:
      listId: "LIST"
      email: =lower(trim(record.email))
      fields: {name: =trim((record.firstName ?? "") + " " + (record.lastName ?? ""))}
`

type endpoints struct {
	HighLevelURL   string `json:"highlevel_url"`
	HighLevelToken string `json:"highlevel_token"`
	LocationID     string `json:"location_id"`
	StibeeURL      string `json:"stibee_url"`
	StibeeKey      string `json:"stibee_key"`
	ListID         string `json:"list_id"`
	ControlURL     string `json:"control_url"`
}

// bench is one series of measurements.
type bench struct {
	dir, pollux, minimal string
	records, rounds      int
}

func main() {
	b := &bench{}
	flag.IntVar(&b.records, "records", 10_000, "new records in the throughput row")
	flag.IntVar(&b.rounds, "rounds", 5, "rounds; the middle one is printed")
	flag.Parse()
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(3)
	}
}

func (b *bench) run() (err error) {
	if b.dir, err = os.MkdirTemp("", "pollux-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	b.pollux, b.minimal = filepath.Join(b.dir, "pollux"), filepath.Join(b.dir, "minimal")
	for _, build := range [][]string{{b.pollux, "../cmd/pollux"}, {b.minimal, "minimal"}} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", build[0], ".")
		cmd.Dir = build[1]
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", build[1], err, out)
		}
	}
	fmt.Println("| what | Pollux | minimal program | ratio |")
	fmt.Println("|---|---|---|---|")
	for _, row := range []func() error{b.throughput, b.quiet, b.changedAmongMany, b.manyRecipes} {
		if err := row(); err != nil {
			return err
		}
	}
	return nil
}

// throughput: new records, filter, mapping, one call each, all durable.
func (b *bench) throughput() error {
	var ours, theirs, memory []float64
	for range b.rounds {
		r, err := b.round(0, b.records, 0, b.records)
		if err != nil {
			return err
		}
		ours = append(ours, float64(r.jobs)/r.pollux.took.Seconds())
		theirs = append(theirs, float64(r.jobs)/r.minimal.took.Seconds())
		memory = append(memory, float64(r.pollux.memory)/1024)
	}
	fmt.Printf("| %d new records, filter, mapping, one call each | %.0f/s | %.0f/s | %.2f |\n", b.records, middle(ours), middle(theirs), middle(ours)/middle(theirs))
	fmt.Printf("| peak memory during that | %.0f MB | | |\n", middle(memory))
	return nil
}

// quiet: a poll that finds nothing new, as CPU time of the whole program.
func (b *bench) quiet() error {
	var ours, theirs []float64
	for range b.rounds {
		r, err := b.round(100, 0, 0, 0)
		if err != nil {
			return err
		}
		ours = append(ours, float64(r.pollux.cpu.Microseconds()))
		theirs = append(theirs, float64(r.minimal.cpu.Microseconds()))
	}
	fmt.Printf("| program start and one quiet poll of 100 known records, CPU | %.1f ms | %.1f ms | %.2f |\n", middle(ours)/1000, middle(theirs)/1000, middle(ours)/middle(theirs))
	return nil
}

// changedAmongMany: few changes in a long list.
func (b *bench) changedAmongMany() error {
	r, err := b.round(100_000, 0, 100, 100)
	if err != nil {
		return err
	}
	fmt.Printf("| 100 changed among 100,000 known, requests to the list | %d | %d | |\n", r.pollux.requests, r.minimal.requests)
	fmt.Printf("| the same, time | %d ms | %d ms | |\n", r.pollux.took.Milliseconds(), r.minimal.took.Milliseconds())
	fmt.Printf("| the same, peak memory | %.0f MB | %.0f MB | |\n", float64(r.pollux.memory)/1024, float64(r.minimal.memory)/1024)
	return nil
}

// manyRecipes: idle memory with 100 recipes, and the start with 1,000.
func (b *bench) manyRecipes() error {
	s, err := b.sandbox(100)
	if err != nil {
		return err
	}
	defer s.stop()
	dir := filepath.Join(b.dir, "many")
	if err := s.project(dir, 100); err != nil {
		return err
	}
	memory, err := b.idle(dir)
	if err != nil {
		return err
	}
	fmt.Printf("| memory, idle with 100 recipes | %.0f MB | | |\n", float64(memory)/1024)
	dir = filepath.Join(b.dir, "more")
	if err := s.project(dir, 1000); err != nil {
		return err
	}
	began, before := time.Now(), s.requests("highlevel.contact.search")
	cmd := exec.Command(b.pollux, "run", "--config", filepath.Join(dir, "pollux.yaml"))
	if err := cmd.Start(); err != nil {
		return err
	}
	for s.requests("highlevel.contact.search") == before && time.Since(began) < time.Minute {
		time.Sleep(time.Millisecond)
	}
	took := time.Since(began)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	fmt.Printf("| start to first poll with 1,000 recipes | %d ms | | |\n", took.Milliseconds())
	return nil
}

// idle runs Pollux for some seconds after its baseline and returns its memory in
// KiB.
func (b *bench) idle(dir string) (int64, error) {
	cmd := exec.Command(b.pollux, "run", "--config", filepath.Join(dir, "pollux.yaml"))
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	time.Sleep(8 * time.Second)
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	if err != nil {
		return 0, err
	}
	var memory int64
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			_, err = fmt.Sscan(rest, &memory)
		}
	}
	return memory, err
}

// measured is one execution of a program.
type measured struct {
	took, cpu time.Duration
	memory    int64 // KiB, at the most
	requests  int   // to the list
}

type roundResult struct {
	pollux, minimal measured
	jobs            int
}

// round lets both programs learn a list, changes it, and measures what they do
// then. Each has a sandbox of its own.
func (b *bench) round(known, created, updated, jobs int) (roundResult, error) {
	r := roundResult{jobs: jobs}
	for _, name := range []string{"pollux", "minimal"} {
		s, err := b.sandbox(known)
		if err != nil {
			return r, err
		}
		m, err := b.measure(s, name, created, updated)
		s.stop()
		if err != nil {
			return r, fmt.Errorf("%s: %w", name, err)
		}
		if name == "pollux" {
			r.pollux = m
		} else {
			r.minimal = m
		}
	}
	return r, nil
}

func (b *bench) measure(s *sandbox, name string, created, updated int) (measured, error) {
	dir, err := os.MkdirTemp(b.dir, name)
	if err != nil {
		return measured{}, err
	}
	if err := s.project(dir, 1); err != nil {
		return measured{}, err
	}
	execute := func() (measured, error) {
		cmd := exec.Command(b.minimal, filepath.Join(dir, "minimal.db"))
		if name == "pollux" {
			cmd = exec.Command(b.pollux, "run", "--once", "--json", "--config", filepath.Join(dir, "pollux.yaml"))
		}
		cmd.Env = append(os.Environ(), "HIGHLEVEL_URL="+s.HighLevelURL, "HIGHLEVEL_TOKEN="+s.HighLevelToken, "LOCATION_ID="+s.LocationID,
			"STIBEE_URL="+s.StibeeURL, "STIBEE_KEY="+s.StibeeKey, "LIST_ID="+s.ListID)
		return run(cmd)
	}
	if _, err := execute(); err != nil { // learns the list
		return measured{}, err
	}
	if created+updated > 0 {
		body := fmt.Sprintf(`{"create":%d,"update":%d}`, created, updated)
		res, err := http.Post(s.ControlURL+"/changes", "application/json", strings.NewReader(body))
		if err != nil {
			return measured{}, err
		}
		_ = res.Body.Close()
	}
	before := s.requests("highlevel.contact.search")
	m, err := execute()
	m.requests = s.requests("highlevel.contact.search") - before
	return m, err
}

// run executes a program and measures it from outside.
func run(cmd *exec.Cmd) (measured, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return measured{}, fmt.Errorf("%w\n%s", err, out.String())
	}
	m := measured{took: time.Since(began), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.memory = usage.Maxrss
	}
	return m, nil
}

// sandbox is a process with the simulated services.
type sandbox struct {
	endpoints
	cmd *exec.Cmd
}

func (b *bench) sandbox(contacts int) (*sandbox, error) {
	s := &sandbox{cmd: exec.Command(b.pollux, "sandbox", "--json", "--no-limits", "--listen", "127.0.0.1:0", "--contacts", fmt.Sprint(contacts))}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	return s, json.NewDecoder(out).Decode(&s.endpoints)
}

func (s *sandbox) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// requests is how many requests of an operation the sandbox has had.
func (s *sandbox) requests(operation string) int {
	res, err := http.Get(s.ControlURL + "/state")
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	var state struct {
		Requests map[string]int `json:"requests"`
	}
	if json.NewDecoder(res.Body).Decode(&state) != nil {
		return 0
	}
	return state.Requests[operation]
}

// project writes a project with some recipes that are alike.
func (s *sandbox) project(dir string, recipes int) error {
	settings := fmt.Sprintf(`data: ./data
recipes: ./recipes
listen: "off"
accounts:
  acme:
    connector: highlevel
    base_url: %s
    auth: {method: bearer, token: file:token}
    settings: {locationId: %s}
    budget: {requests: 1000000, per: 1s}
  newsletter:
    connector: stibee
    base_url: %s
    auth: {method: api_key, key: file:key}
    budget: {requests: 1000000, per: 1s}
`, s.HighLevelURL, s.LocationID, s.StibeeURL)
	files := map[string]string{"pollux.yaml": settings, "token": s.HighLevelToken, "key": s.StibeeKey}
	for i := range recipes {
		text := strings.ReplaceAll(recipe, "LIST", s.ListID)
		files[fmt.Sprintf("recipes/r%04d.yaml", i)] = strings.Replace(text, "id: bench", fmt.Sprintf("id: bench%d", i), 1)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// middle returns the median.
func middle(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
