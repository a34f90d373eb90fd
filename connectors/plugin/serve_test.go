package plugin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pollux-automation/pollux/connectors/plugin"
	"github.com/pollux-automation/pollux/connectors/protocol"
)

// TestMain makes sure that no goroutine outlives the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// said serves a connector some lines and returns its answers, by id.
func said(t *testing.T, c plugin.Connector, lines ...string) map[int64]*protocol.Message {
	t.Helper()
	var out strings.Builder
	if err := plugin.ServeOn(t.Context(), c, strings.NewReader(strings.Join(lines, "\n")+"\n"), &out); err != nil {
		t.Fatal(err)
	}
	answers := map[int64]*protocol.Message{}
	for line := range strings.Lines(out.String()) {
		m, err := protocol.Decode([]byte(line))
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		answers[*m.ID] = m
	}
	return answers
}

// trouble is a connector that only fails.
type trouble struct{ clock }

func (trouble) Call(_ context.Context, p protocol.CallParams) (protocol.CallResult, error) {
	switch p.Operation {
	case "panic":
		panic("as it must")
	case "plain":
		return protocol.CallResult{}, errors.New("plain words")
	case "broken":
		return protocol.CallResult{Value: json.RawMessage("{")}, nil
	}
	e := plugin.Refuse(plugin.RateLimited, "slower")
	e.Data.RetryAfter, e.Data.Status = 7, 429
	return protocol.CallResult{}, e
}

func TestServe_AnswersEachRequestOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ request, want string }{
		"initialize":      {`"method":"initialize","params":{"protocols":[7,1],"host":{"name":"pollux","version":"1"}}`, `"protocol":1`},
		"no version":      {`"method":"initialize","params":{"protocols":[7,8]}`, `offered are [7 8], spoken is 1`},
		"describe":        {`"method":"describe"`, `"key":"clock"`},
		"check":           {`"method":"check","params":{"account":{"credential":{"method":"bearer","token":"tick"}}}`, `{}`},
		"check refused":   {`"method":"check","params":{"account":{}}`, `"kind":"auth"`},
		"page refused":    {`"method":"page","params":{}`, `there are no lists`},
		"a method":        {`"method":"dance","params":{}`, `-32601`},
		"params":          {`"method":"call","params":[]`, `-32602`},
		"an error":        {`"method":"call","params":{"operation":"plain"}`, `{"code":-32000,"message":"plain words"}`},
		"a panic":         {`"method":"call","params":{"operation":"panic"}`, `panic: as it must`},
		"a refusal":       {`"method":"call","params":{"operation":"other"}`, `"retry_after":7`},
		"a broken result": {`"method":"call","params":{"operation":"broken"}`, `"error"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := said(t, trouble{}, `{"jsonrpc":"2.0","id":3,`+c.request+`}`)
			if len(got) != 1 || got[3] == nil {
				t.Fatalf("got the answers %v, want one to the request 3", got)
			}
			text, err := json.Marshal(got[3])
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), c.want) {
				t.Errorf("got %.300s, want something with %s", text, c.want)
			}
		})
	}
}

// patient is a connector whose calls wait until they are given up.
type patient struct {
	clock
	began chan struct{}
}

func (p patient) Call(ctx context.Context, _ protocol.CallParams) (protocol.CallResult, error) {
	close(p.began)
	<-ctx.Done()
	return protocol.CallResult{}, plugin.Refuse("canceled", "given up")
}

func TestServe_CancelEndsTheContext(t *testing.T) {
	t.Parallel()
	c := patient{began: make(chan struct{})}
	in, requests := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- plugin.ServeOn(t.Context(), c, in, out) }()
	write := func(line string) {
		if _, err := io.WriteString(requests, line+"\n"); err != nil {
			t.Error(err)
		}
	}
	write(`{"jsonrpc":"2.0","id":1,"method":"call","params":{}}`)
	<-c.began
	write(`{"jsonrpc":"2.0","method":"cancel","params":{"id":99}}`)
	write(`{"jsonrpc":"2.0","method":"cancel","params":{"id":1}}`)
	line, err := bufio.NewReader(answers).ReadString('\n')
	if err != nil || !strings.Contains(line, `"kind":"canceled"`) {
		t.Errorf("got %q, %v, want the answer that it was canceled", line, err)
	}
	if err := requests.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("got %v, want nil at the end of the input", err)
	}
}

func TestServe_EndsWithWhatIsNoRequest(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"hello", `{"id":1}`, `[]`, `{"jsonrpc":"1.0","id":1,"method":"describe"}`} {
		if err := plugin.ServeOn(t.Context(), clock{}, strings.NewReader(line+"\n"), io.Discard); err == nil {
			t.Errorf("%s: got nil, want an error", line)
		}
	}
}

// broken cannot be written to.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestServe_TellsThatNobodyListens(t *testing.T) {
	t.Parallel()
	err := plugin.ServeOn(t.Context(), clock{}, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"describe"}`+"\n"), broken{})
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want %v", err, io.ErrClosedPipe)
	}
}
