package protocol_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pollux-automation/pollux/connectors/protocol"
)

func TestReader_ReturnsLinesWithinTheBound(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", protocol.MaxLineBytes)
	for name, c := range map[string]struct {
		text string
		want []string
		err  error
	}{
		"two lines":         {"a\nb\n", []string{"a", "b"}, io.EOF},
		"empty lines":       {"\n\r\n  \na\r\n", []string{"a"}, io.EOF},
		"nothing":           {"", nil, io.EOF},
		"cut off":           {"a\nb", []string{"a"}, io.ErrUnexpectedEOF},
		"space at the end":  {"a\n  ", []string{"a"}, io.EOF},
		"as long as may be": {long + "\n", []string{long}, io.EOF},
		"too long":          {"a\n" + long + "x\n", []string{"a"}, protocol.ErrTooLong},
		"too long, no end":  {long + "xx", nil, protocol.ErrTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := protocol.NewReader(strings.NewReader(c.text))
			var got []string
			for {
				line, err := r.Line()
				if err != nil {
					if !errors.Is(err, c.err) {
						t.Errorf("got %v, want %v", err, c.err)
					}
					break
				}
				got = append(got, string(line))
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %d lines, want %d", len(got), len(c.want))
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("line %d: got %.40q, want %.40q", i, got[i], c.want[i])
				}
			}
		})
	}
}

func TestReader_KeepsTheErrorBelow(t *testing.T) {
	t.Parallel()
	r := protocol.NewReader(iotest.TimeoutReader(strings.NewReader("a")))
	if _, err := r.Line(); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("got %v, want %v", err, iotest.ErrTimeout)
	}
}

func TestDecode_TellsMessagesFromOthers(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{"jsonrpc":"2.0","id":1,"method":"page","params":{}}`:                      "",
		`{"jsonrpc":"2.0","method":"cancel","params":{"id":1}}`:                     "",
		`{"jsonrpc":"2.0","id":1,"result":null}`:                                    "",
		`{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}`:           "",
		`{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1}}`:                   "either a result or an error",
		`{"jsonrpc":"2.0","id":1}`:                                                  "either a result or an error",
		`{"jsonrpc":"2.0","result":{}}`:                                             "neither method nor id",
		`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse"}}`:     "neither method nor id",
		`{"jsonrpc":"2.0","id":1,"method":"page","result":{}}`:                      "a method, and a result",
		`{"id":1,"result":{}}`:                                                      `does not say "jsonrpc":"2.0"`,
		`{"jsonrpc":"2.0","id":"1","result":{}}`:                                    "no message",
		`{"jsonrpc":"2.0","id":1.5,"result":{}}`:                                    "no message",
		`[{"jsonrpc":"2.0","id":1,"result":{}}]`:                                    "no message",
		`null`:                                                                      "does not say",
		`secret words`:                                                              "no message: invalid character 's'",
		`{"jsonrpc":"2.0","id":1,"result":{}} {"jsonrpc":"2.0","id":1,"result":{}}`: "after top-level value",
	} {
		_, err := protocol.Decode([]byte(line))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: got %v, want a message", line, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want an error with %q", line, err, want)
		case err != nil && strings.Contains(err.Error(), "words"):
			t.Errorf("%s: the error %v shows the content", line, err)
		}
	}
}

func TestEncode_RefusesWhatNobodyWouldRead(t *testing.T) {
	t.Parallel()
	m, err := protocol.Answer(1, strings.Repeat("x", protocol.MaxLineBytes))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := protocol.Encode(m); !errors.Is(err, protocol.ErrTooLong) {
		t.Errorf("got %v, want %v", err, protocol.ErrTooLong)
	}
	if _, err := protocol.Encode(protocol.Message{Method: "x", Params: json.RawMessage("{")}); err == nil {
		t.Error("params that are no JSON: got nil, want an error")
	}
	if _, err := protocol.Ask(1, "x", func() {}); err == nil {
		t.Error("params that cannot be JSON: got nil, want an error")
	}
}

func TestChoose_NamesBothSides(t *testing.T) {
	t.Parallel()
	if v, err := protocol.Choose([]int{9, protocol.Version}); v != protocol.Version || err != nil {
		t.Errorf("got %d, %v, want %d", v, err, protocol.Version)
	}
	_, err := protocol.Choose([]int{8, 9})
	e, ok := errors.AsType[*protocol.Error](err)
	if !ok || e.Code != protocol.CodeVersions || e.Message != "no common version of the protocol: offered are [8 9], spoken is 1" {
		t.Errorf("got %v, want an error that names both sides", err)
	}
}

// FuzzDecode lets any line be a message: what is taken for one can be written again, and is
// the same then.
func FuzzDecode(f *testing.F) {
	for _, line := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"page","params":{}}`, `{"jsonrpc":"2.0","id":1,"result":null}`,
		`{"jsonrpc":"2.0","id":-1,"error":{"code":1,"message":"\u2028<","data":{"retry_after":1e9,"date":"2026-01-01T00:00:00Z"}}}`,
		`{`, `[]`, `{"jsonrpc":"2.0","id":1e3,"result":[[[]]]}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := protocol.Decode(line)
		if err != nil {
			return
		}
		text, err := protocol.Encode(*m)
		if err != nil {
			t.Fatalf("%q cannot be written again: %v", line, err)
		}
		if n := strings.Count(string(text), "\n"); n != 1 || !strings.HasSuffix(string(text), "\n") {
			t.Fatalf("%q has %d ends of line", text, n)
		}
		again, err := protocol.Decode(text)
		if err != nil {
			t.Fatalf("%q cannot be read again: %v", text, err)
		}
		twice, err := protocol.Encode(*again)
		if err != nil || string(twice) != string(text) {
			t.Fatalf("got %q, %v, want %q", twice, err, text)
		}
	})
}
