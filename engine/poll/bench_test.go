package poll_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/connectors/budget"
	"github.com/pollux-automation/pollux/connectors/stibee"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store/boltstore"
	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/testkit"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/recipes/schedule"
)

// list is a service with a list of subscribers, of which some changed.
type list struct {
	rows    int
	changed int // of the first rows
	kept    map[int][]byte
}

// page returns the rows from one on, made once.
func (l *list) page(from, limit int) []byte {
	if body, ok := l.kept[from]; ok {
		return body
	}
	var b bytes.Buffer
	b.WriteByte('[')
	for i := from; i < min(from+limit, l.rows); i++ {
		if i > from {
			b.WriteByte(',')
		}
		name := "name"
		if i < l.changed {
			name = "other"
		}
		fmt.Fprintf(&b, `{"email":"person%07d@example.com","status":"subscribed","fields":{"name":"%s %d","company":"Example","city":"Seoul"},`+
			`"createdTime":"2026-01-02T03:04:05Z","modifiedTime":"2026-01-02T03:04:05Z"}`, i, name, i)
	}
	b.WriteByte(']')
	if l.rows <= 100_000 {
		l.kept[from] = b.Bytes()
	}
	return b.Bytes()
}

func (l *list) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	_, _ = w.Write(l.page(from, limit))
}

// workplace is a feed on the list, with a recipe that watches it.
type workplace struct {
	list   *list
	poller *poll.Poller
	feed   *poll.Feed
	heap   uint64 // the most that was in use after a page
}

func newWorkplace(b *testing.B, rows int) *workplace {
	b.Helper()
	w := &workplace{list: &list{rows: rows, kept: map[int][]byte{}}}
	connector, err := stibee.New()
	if err != nil {
		b.Fatal(err)
	}
	session, err := connector.Open(connectors.Account{
		Name: "mail", Credential: auth.Credential{Method: auth.APIKey, Secret: secret.New("made-up")},
		Gate: budget.New(nil, 0), Transport: &testkit.Transport{Handler: w.list},
	})
	if err != nil {
		b.Fatal(err)
	}
	w.feed, err = poll.New(&poll.Account{Name: "mail", Connector: connector, Session: session}, "subscriber.list", map[string]any{"listId": "1"})
	if err != nil {
		b.Fatal(err)
	}
	r := &recipes.Recipe{ID: "r", Version: "v"}
	r.Trigger.Kinds, r.Trigger.HoldOver = []string{"created", "updated"}, 1_000_000
	r.Trigger.Schedule = schedule.Every(time.Hour)
	r.Trigger.Start = recipes.Start{Mode: recipes.StartNow, Text: recipes.StartNow}
	w.feed.Join(r, "mail")
	s, err := boltstore.Open(filepath.Join(b.TempDir(), "state.db"), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	w.poller = &poll.Poller{
		Store: s, Log: zerolog.Nop(), At: func(poll.Moment) {}, Pause: func(context.Context) {},
		Told: func(poll.Commit) {
			var m runtime.MemStats
			if w.list.rows > 100_000 || w.heap == 0 {
				runtime.ReadMemStats(&m)
				w.heap = max(w.heap, m.HeapInuse)
			}
		},
	}
	if err := w.poller.Subscribe(b.Context(), w.feed, poll.PlacesOf(nil)); err != nil {
		b.Fatal(err)
	}
	return w
}

func (w *workplace) poll(b *testing.B) {
	b.Helper()
	if _, err := w.poller.Poll(b.Context(), w.feed, time.Now().Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
}

// read fetches the list and decodes its rows, and does nothing else.
func (w *workplace) read(b *testing.B) {
	b.Helper()
	for position := ""; ; {
		page, err := w.feed.Account.Session.Page(b.Context(), w.feed.Op, connectors.Query{Inputs: w.feed.Inputs, Position: position, Size: w.feed.Op.Poll.PageSize})
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range page.Records {
			if _, err := w.feed.Op.Answer.Decode(r.Raw); err != nil {
				b.Fatal(err)
			}
		}
		if position = page.Next; position == "" {
			return
		}
	}
}

// cpu is the time that the process has spent in f.
func cpu(b *testing.B, f func(*testing.B)) time.Duration {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	f(b)
	return used() - before
}

// compare reports the CPU of polls beside that of reading the same list and decoding it,
// in turn.
func compare(b *testing.B, w *workplace, before func()) {
	b.Helper()
	var polled, read time.Duration
	n := 0
	for b.Loop() {
		before()
		read += cpu(b, w.read)
		polled += cpu(b, w.poll)
		n++
	}
	b.ReportMetric(float64(polled.Microseconds())/float64(n), "poll-µs")
	b.ReportMetric(float64(read.Microseconds())/float64(n), "read-µs")
	b.ReportMetric(float64(polled)/float64(read), "ratio")
}

// BenchmarkPoll measures polls of a list that must be read whole.
func BenchmarkPoll(b *testing.B) {
	b.Run("quiet100", func(b *testing.B) {
		w := newWorkplace(b, 100)
		w.poll(b)
		compare(b, w, func() {})
	})
	b.Run("100of100000", func(b *testing.B) {
		w := newWorkplace(b, 100_000)
		w.poll(b)
		compare(b, w, func() {
			w.list.changed = 100 - w.list.changed // there and back
			delete(w.list.kept, 0)
		})
	})
	for _, rows := range []int{200_000, 1_000_000} {
		b.Run(fmt.Sprint("known", rows), func(b *testing.B) {
			w := newWorkplace(b, rows)
			w.poll(b)
			runtime.GC()
			for b.Loop() {
				w.heap = 0
				w.poll(b)
			}
			b.ReportMetric(float64(w.heap)/(1<<20), "heap-MB")
		})
	}
}
