// Command minimal is the program that the benchmarks compare Pollux with: written
// by hand for one task, with nothing that it does not need. It does the same
// durable work: in one transaction per page every record is stored as seen
// (revision, times, hash) together with a queued job and its event; and every job's
// end is stored with its input, its answer and what is known of its effect before it
// counts as done.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// workers is how many calls are under way at once, as many as Pollux makes.
const workers = 8

type contact struct {
	ID          string   `json:"id"`
	Email       string   `json:"email"`
	FirstName   string   `json:"firstName"`
	LastName    string   `json:"lastName"`
	DND         bool     `json:"dnd"`
	Tags        []string `json:"tags"`
	DateUpdated string   `json:"dateUpdated"`
	SearchAfter []any    `json:"searchAfter"`
}

type program struct {
	db                                   *bolt.DB
	client                               *http.Client
	highlevel, token, location           string
	stibee, key, list                    string
	ended                                chan result // jobs that are done
	records, jobs                        int
	seenBucket, queueBucket, historyName []byte
}

func main() {
	p := &program{
		highlevel: os.Getenv("HIGHLEVEL_URL"), token: os.Getenv("HIGHLEVEL_TOKEN"), location: os.Getenv("LOCATION_ID"),
		stibee: os.Getenv("STIBEE_URL"), key: os.Getenv("STIBEE_KEY"), list: os.Getenv("LIST_ID"),
		client:     &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}, Timeout: 30 * time.Second},
		ended:      make(chan result, 512),
		seenBucket: []byte("seen"), queueBucket: []byte("queue"), historyName: []byte("history"),
	}
	began := time.Now()
	if err := p.run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(3)
	}
	fmt.Printf(`{"records":%d,"jobs":%d,"duration_ms":%d}`+"\n", p.records, p.jobs, time.Since(began).Milliseconds())
}

func (p *program) run(ctx context.Context, file string) (err error) {
	p.db, err = bolt.Open(file, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType, NoFreelistSync: true, InitialMmapSize: 256 << 20})
	if err != nil {
		return err
	}
	defer func() { _ = p.db.Close() }()
	err = p.db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{p.seenBucket, p.queueBucket, p.historyName} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	jobs := make(chan job, 1000)
	var calls, writer sync.WaitGroup
	errs := make(chan error, workers+2)
	for range workers {
		calls.Go(func() { errs <- p.work(ctx, jobs) })
	}
	writer.Go(func() { errs <- p.write() })
	err = p.poll(ctx, jobs)
	close(jobs)
	calls.Wait()
	close(p.ended)
	writer.Wait()
	close(errs)
	for e := range errs {
		if err == nil {
			err = e
		}
	}
	return err
}

type job struct {
	key  []byte
	body []byte
}

// event is a job as it is queued.
type event struct {
	Recipe   string          `json:"recipe"`
	Account  string          `json:"account"`
	Record   string          `json:"record"`
	Revision int             `json:"revision"`
	Kind     string          `json:"kind"`
	Lane     string          `json:"lane"`
	QueuedAt time.Time       `json:"queued_at"`
	Body     json.RawMessage `json:"body"`
}

// result is a job as it is kept.
type result struct {
	key        []byte
	Status     string          `json:"status"`
	StartedAt  time.Time       `json:"started_at"`
	FinishedAt time.Time       `json:"finished_at"`
	Input      json.RawMessage `json:"input"`
	Output     string          `json:"output"`
	Effect     effect          `json:"effect"`
}

type effect struct {
	State     string    `json:"state"`
	Operation string    `json:"operation"`
	SentAt    time.Time `json:"sent_at"`
	Sends     int       `json:"sends"`
}

// poll reads the list page by page and stores each page with its jobs.
func (p *program) poll(ctx context.Context, jobs chan<- job) error {
	var after []any
	for {
		query := map[string]any{
			"locationId": p.location, "pageLimit": 500, "sort": []any{map[string]any{"field": "dateUpdated", "direction": "asc"}},
		}
		if after != nil {
			query["searchAfter"] = after
		}
		var page struct {
			Contacts []json.RawMessage `json:"contacts"`
		}
		if err := p.search(ctx, query, &page); err != nil {
			return err
		}
		made, last, err := p.commit(page.Contacts)
		if err != nil {
			return err
		}
		p.records += len(page.Contacts)
		p.jobs += len(made)
		for _, j := range made {
			jobs <- j
		}
		if len(page.Contacts) < 500 {
			return nil
		}
		after = last
	}
}

func (p *program) search(ctx context.Context, query, into any) error {
	body, err := json.Marshal(query)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.highlevel+"/contacts/search", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Version", "2021-07-28")
	req.Header.Set("Content-Type", "application/json")
	return p.do(req, into)
}

func (p *program) do(req *http.Request, into any) error {
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s: %d %s", req.URL.Path, res.StatusCode, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// commit stores a page: each record as seen, each wanted one as a job.
func (p *program) commit(rows []json.RawMessage) (made []job, last []any, err error) {
	err = p.db.Update(func(tx *bolt.Tx) error {
		seen, queue := tx.Bucket(p.seenBucket), tx.Bucket(p.queueBucket)
		for _, row := range rows {
			var c contact
			if err := json.Unmarshal(row, &c); err != nil {
				return err
			}
			last = c.SearchAfter
			hash := sha256.Sum256(row)
			former := seen.Get([]byte(c.ID))
			revision := uint64(1)
			if len(former) == 80 {
				if bytes.Equal(former[48:], hash[:]) {
					continue
				}
				revision += binary.BigEndian.Uint64(former)
			}
			entry := binary.BigEndian.AppendUint64(make([]byte, 0, 80), revision)
			entry = append(append(entry, make([]byte, 40)...), hash[:]...) // times, decision
			if err := seen.Put([]byte(c.ID), entry); err != nil {
				return err
			}
			if c.Email == "" || c.DND {
				continue
			}
			n, err := queue.NextSequence()
			if err != nil {
				return err
			}
			j := job{key: binary.BigEndian.AppendUint64(nil, n), body: p.body(c)}
			queued, err := json.Marshal(event{
				Recipe: "bench", Account: "acme", Record: c.ID, Revision: int(revision), Kind: "created",
				Lane: "bench/acme/" + c.ID, QueuedAt: time.Now().UTC(), Body: row,
			})
			if err != nil {
				return err
			}
			if err := queue.Put(j.key, queued); err != nil {
				return err
			}
			made = append(made, j)
		}
		return nil
	})
	return made, last, err
}

func (p *program) body(c contact) []byte {
	body, err := json.Marshal(map[string]any{"updateEnabled": true, "subscriber": map[string]any{
		"email": strings.ToLower(strings.TrimSpace(c.Email)), "status": "subscribed",
		"fields": map[string]string{"name": strings.TrimSpace(c.FirstName + " " + c.LastName)},
	}})
	if err != nil {
		panic(err) // strings always have JSON
	}
	return body
}

// work makes the calls.
func (p *program) work(ctx context.Context, jobs <-chan job) error {
	target := p.stibee + "/lists/" + url.PathEscape(p.list) + "/subscribers"
	for j := range jobs {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(j.body))
		if err != nil {
			return err
		}
		req.Header.Set("AccessToken", p.key)
		req.Header.Set("Content-Type", "application/json")
		began := time.Now().UTC()
		if err := p.do(req, nil); err != nil {
			return err
		}
		p.ended <- result{
			key: j.key, Status: "succeeded", StartedAt: began, FinishedAt: time.Now().UTC(), Input: j.body, Output: "ok",
			Effect: effect{State: "confirmed", Operation: "subscriber.add", SentAt: began, Sends: 1},
		}
	}
	return nil
}

// write stores the ends of jobs, as many as wait in one transaction.
func (p *program) write() error {
	for first := range p.ended {
		batch := []result{first}
		for len(p.ended) > 0 && len(batch) < 500 {
			batch = append(batch, <-p.ended)
		}
		err := p.db.Update(func(tx *bolt.Tx) error {
			queue, history := tx.Bucket(p.queueBucket), tx.Bucket(p.historyName)
			for _, r := range batch {
				done, err := json.Marshal(r)
				if err != nil {
					return err
				}
				if err := history.Put(r.key, done); err != nil {
					return err
				}
				if err := queue.Delete(r.key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
