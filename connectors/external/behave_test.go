package external_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/pollux-automation/pollux/connectors/plugin"
	"github.com/pollux-automation/pollux/connectors/protocol"
)

// good is a plugin that keeps its word: six records in pages of two, and a write.
type good struct {
	describe func(*protocol.Description)
	page     func(context.Context, protocol.PageParams) (protocol.PageResult, error)
	call     func(context.Context, protocol.CallParams) (protocol.CallResult, error)
}

func (g good) Describe() protocol.Description {
	str := func(name string) protocol.Field { return protocol.Field{Name: name, Type: "string"} }
	d := protocol.Description{
		Key: "odd", Title: "Odd", Auth: []string{"bearer", "api_key", "basic"},
		Settings: []protocol.Field{{Name: "place", Type: "string", Default: "here"}},
		Objects: []protocol.Object{{
			Key: "item", ID: "id", Updated: "updated",
			Fields: []protocol.Field{str("id"), {Name: "n", Type: "integer"}, {Name: "updated", Type: "time"}},
		}},
		Operations: []protocol.Operation{
			{Key: "item.list", Title: "List", Kind: "read", Answer: "item", List: true, Poll: &protocol.Poll{Strategy: "snapshot", PageSize: 2}},
			{Key: "item.get", Title: "Get", Kind: "read", Answer: "item", Path: "/items/{id}", Inputs: []protocol.Input{{Field: str("id")}}},
			{Key: "item.put", Title: "Put", Kind: "write", Repeat: "never", Inputs: []protocol.Input{
				{Field: str("text")}, {Field: protocol.Field{Name: "pin", Type: "string", Secret: true}},
			}},
		},
	}
	if g.describe != nil {
		g.describe(&d)
	}
	return d
}

func (good) Check(_ context.Context, a protocol.Account) error {
	if a.Credential.Token == "bad token" {
		return plugin.Refuse(plugin.Auth, "the token is not the right one")
	}
	return nil
}

func item(i int) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"id":"i%d","n":%d,"updated":"2026-01-0%dT00:00:00Z"}`, i, i, i))
}

func (g good) Page(ctx context.Context, p protocol.PageParams) (protocol.PageResult, error) {
	if g.page != nil {
		return g.page(ctx, p)
	}
	switch p.Position {
	case "":
		return protocol.PageResult{Records: []json.RawMessage{item(1), item(2)}, Next: "2"}, nil
	case "2":
		return protocol.PageResult{Records: []json.RawMessage{item(3), item(4)}, Next: "3"}, nil
	}
	return protocol.PageResult{Records: []json.RawMessage{item(5), item(6)}}, nil
}

func (g good) Call(ctx context.Context, p protocol.CallParams) (protocol.CallResult, error) {
	if g.call != nil {
		return g.call(ctx, p)
	}
	if p.Operation == "item.get" {
		if p.Inputs["id"] != "i1" {
			return protocol.CallResult{}, plugin.Refuse(plugin.NotFound, "there is no item %v", p.Inputs["id"])
		}
		return protocol.CallResult{Value: item(1)}, nil
	}
	return protocol.CallResult{}, nil
}

// behave is the program of a plugin that does what the mode says. args are what more the
// mode needs: a file in which it leaves a trace.
func behave(mode string, args []string) {
	if start := starts()[mode]; start != nil {
		start(args)
		return
	}
	c := good{}
	if odd := odds(args)[mode]; odd != nil {
		odd(&c)
	}
	out := io.Writer(os.Stdout)
	if twist := twists()[mode]; twist != nil {
		out = &twisted{twist: twist}
	}
	_ = plugin.ServeOn(context.Background(), c, os.Stdin, out)
	if mode == "stays" {
		signal.Ignore(syscall.SIGTERM)
		select {}
	}
}

// exit ends the program.
func exit(code int) { os.Exit(code) } //nolint:forbidigo // here the tests' own program is a plugin

// hang never ends, whoever asks for it.
func hang() {
	signal.Ignore(syscall.SIGTERM)
	select {}
}

// flood writes for ever.
func flood(to io.Writer, text string) {
	chunk := bytes.Repeat([]byte(text), 1+(64<<10)/len(text))
	for {
		if _, err := to.Write(chunk); err != nil {
			return
		}
	}
}

// fork leaves a child that would live on, in the same group, and notes its number.
func fork(args []string) {
	child := exec.Command(os.Args[0], "plugin", "asleep")
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	if err := child.Start(); err == nil {
		_ = os.WriteFile(args[0], []byte(strconv.Itoa(child.Process.Pid)), 0o600)
	}
}

// starts are plugins that do not get as far as to answer.
func starts() map[string]func(args []string) {
	return map[string]func([]string){
		"asleep":         func([]string) { select {} },
		"hangs at start": func([]string) { hang() },
		"dies at start": func([]string) {
			fmt.Fprintln(os.Stderr, "cannot find the moon")
			exit(3)
		},
		"speaks first": func([]string) {
			fmt.Fprintln(os.Stdout, `{"jsonrpc":"2.0","method":"hello"}`)
			hang()
		},
		"answers first": func([]string) {
			fmt.Fprintln(os.Stdout, `{"jsonrpc":"2.0","id":7,"result":{}}`)
			hang()
		},
		"prints a banner": func([]string) {
			fmt.Fprintln(os.Stdout, "odd 1.0 is ready")
			hang()
		},
		"floods without newline":  func([]string) { flood(os.Stdout, "x") },
		"floods with newlines":    func([]string) { flood(os.Stdout, "x\n") },
		"floods with empty lines": func([]string) { flood(os.Stdout, "\n") },
		"closes its output": func([]string) {
			_ = os.Stdout.Close()
			hang()
		},
		"another version": func([]string) {
			oneAnswer(`{"jsonrpc":"2.0","id":1,"result":{"protocol":9,"plugin":{"name":"odd","version":"1"}}}`)
		},
		"no version": func([]string) {
			oneAnswer(`{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"no common version of the protocol: offered are [1], spoken is 9"}}`)
		},
		"a list for a result": func([]string) { oneAnswer(`{"jsonrpc":"2.0","id":1,"result":[]}`) },
	}
}

// oneAnswer answers the first line, and hangs.
func oneAnswer(text string) {
	buf := make([]byte, 1<<10)
	_, _ = os.Stdin.Read(buf)
	fmt.Fprintln(os.Stdout, text)
	hang()
}

// odds are plugins that speak the protocol and do something odd when they are asked.
func odds(args []string) map[string]func(*good) {
	page := func(do func(ctx context.Context, p protocol.PageParams) (protocol.PageResult, error)) func(*good) {
		return func(g *good) { g.page = do }
	}
	records := func(texts ...string) func(*good) {
		return page(func(context.Context, protocol.PageParams) (r protocol.PageResult, err error) {
			for _, text := range texts {
				r.Records = append(r.Records, json.RawMessage(text))
			}
			return r, nil
		})
	}
	call := func(do func(ctx context.Context, p protocol.CallParams) (protocol.CallResult, error)) func(*good) {
		return func(g *good) { g.call = do }
	}
	var asked atomic.Int64
	return map[string]func(*good){
		"hangs in a call": page(func(context.Context, protocol.PageParams) (protocol.PageResult, error) {
			hang()
			return protocol.PageResult{}, nil
		}),
		"is slow": page(func(ctx context.Context, _ protocol.PageParams) (protocol.PageResult, error) {
			<-ctx.Done()
			return protocol.PageResult{}, plugin.Refuse("canceled", "given up")
		}),
		"hangs in a write": call(func(context.Context, protocol.CallParams) (protocol.CallResult, error) {
			hang()
			return protocol.CallResult{}, nil
		}),
		"gives a write up": call(func(ctx context.Context, _ protocol.CallParams) (protocol.CallResult, error) {
			<-ctx.Done()
			return protocol.CallResult{}, plugin.Refuse("canceled", "given up before it was sent")
		}),
		"dies in a page": page(func(context.Context, protocol.PageParams) (protocol.PageResult, error) {
			exit(4)
			return protocol.PageResult{}, nil
		}),
		"dies in a write": call(func(context.Context, protocol.CallParams) (protocol.CallResult, error) {
			exit(4)
			return protocol.CallResult{}, nil
		}),
		"dies in the second page": page(func(ctx context.Context, p protocol.PageParams) (protocol.PageResult, error) {
			if p.Position == "2" {
				fmt.Fprint(os.Stdout, `{"jsonrpc":"2.0","id":`)
				exit(4)
			}
			return good{}.Page(ctx, p)
		}),
		"forks and dies": page(func(context.Context, protocol.PageParams) (protocol.PageResult, error) {
			fork(args)
			exit(5)
			return protocol.PageResult{}, nil
		}),
		"forks": page(func(ctx context.Context, p protocol.PageParams) (protocol.PageResult, error) {
			fork(args)
			return good{}.Page(ctx, p)
		}),
		"complains without end": page(func(ctx context.Context, p protocol.PageParams) (protocol.PageResult, error) {
			go flood(os.Stderr, "woe is me\n")
			return good{}.Page(ctx, p)
		}),
		"complains in one line": page(func(ctx context.Context, p protocol.PageParams) (protocol.PageResult, error) {
			go flood(os.Stderr, "woe ")
			return good{}.Page(ctx, p)
		}),
		"moves money": func(g *good) { g.describe = func(d *protocol.Description) { d.Operations[2].Danger = "pay" } },
		"paints the terminal": page(func(context.Context, protocol.PageParams) (protocol.PageResult, error) {
			return protocol.PageResult{}, plugin.Refuse(plugin.Invalid, "no\x1b[2J\u009b31m\x07\r\nok")
		}),
		"tells the token": page(func(_ context.Context, p protocol.PageParams) (protocol.PageResult, error) {
			fmt.Fprintln(os.Stderr, "the token is", p.Account.Credential.Token)
			return protocol.PageResult{}, plugin.Refuse(plugin.Invalid, "I do not like %s", p.Account.Credential.Token)
		}),
		"the same page": page(func(context.Context, protocol.PageParams) (protocol.PageResult, error) {
			return protocol.PageResult{Records: []json.RawMessage{item(1)}, Next: "on"}, nil
		}),
		"no id":        records(`{"n":1}`),
		"an empty id":  records(`{"id":"","n":1}`),
		"a long id":    records(`{"id":"` + strings.Repeat("x", 2000) + `"}`),
		"twice an id":  records(`{"id":"a"}`, `{"id":"a"}`),
		"a wrong type": records(`{"id":"a","n":"many"}`),
		"no object":    records(`"a"`),
		"no time":      func(g *good) { g.describe = keyset; records(`{"id":"a"}`)(g) },
		"an odd status": page(func(context.Context, protocol.PageParams) (r protocol.PageResult, err error) {
			r.Status = 500
			return r, nil
		}),
		"an odd kind": call(func(context.Context, protocol.CallParams) (protocol.CallResult, error) {
			return protocol.CallResult{}, plugin.Refuse("meh", "not today")
		}),
		"no value": call(func(context.Context, protocol.CallParams) (protocol.CallResult, error) {
			return protocol.CallResult{}, nil
		}),
		"a value of text": call(func(context.Context, protocol.CallParams) (protocol.CallResult, error) {
			return protocol.CallResult{Value: json.RawMessage(`"x"`)}, nil
		}),
		"slower": page(func(context.Context, protocol.PageParams) (protocol.PageResult, error) {
			e := plugin.Refuse(plugin.RateLimited, "slower")
			e.Data.RetryAfter, e.Data.Hint, e.Data.Code = 7, "wait", "TOO_FAST"
			return protocol.PageResult{}, e
		}),
		"another description": func(g *good) {
			if _, err := os.Stat(args[0]); err == nil {
				g.describe = func(d *protocol.Description) { d.Title = "Odder" }
			}
			_ = os.WriteFile(args[0], nil, 0o600)
			g.page = func(context.Context, protocol.PageParams) (protocol.PageResult, error) {
				exit(1)
				return protocol.PageResult{}, nil
			}
		},
		"dies once": page(func(ctx context.Context, p protocol.PageParams) (protocol.PageResult, error) {
			if _, err := os.Stat(args[0]); err != nil && p.Position == "2" {
				_ = os.WriteFile(args[0], nil, 0o600)
				exit(1)
			}
			return good{}.Page(ctx, p)
		}),
		"tells its environment": call(func(_ context.Context, p protocol.CallParams) (protocol.CallResult, error) {
			dir, _ := os.Getwd()
			value, err := json.Marshal(map[string]any{"env": os.Environ(), "args": os.Args, "dir": dir, "account": p.Account, "inputs": p.Inputs, "key": p.Key})
			return protocol.CallResult{Value: value}, err
		}),
		"counts": call(func(context.Context, protocol.CallParams) (protocol.CallResult, error) {
			value, err := json.Marshal(asked.Add(1))
			return protocol.CallResult{Value: value}, err
		}),
		"describes nonsense": func(g *good) {
			g.describe = func(d *protocol.Description) {
				d.Operations[0].Poll.Strategy = "guess"
				d.Operations[1].Answer = "itme"
				d.Operations[2].Repeat = ""
				d.Settings[0].Default = 7
			}
		},
		"another key": func(g *good) { g.describe = func(d *protocol.Description) { d.Key = "even" } },
		"stays":       func(*good) {},
	}
}

// keyset makes the list one that is walked by time.
func keyset(d *protocol.Description) { d.Operations[0].Poll = &protocol.Poll{Strategy: "keyset"} }

// twists change the answers to pages, given as whole lines.
func twists() map[string]func(line []byte) []byte {
	return map[string]func([]byte) []byte{
		"answers nonsense":      func([]byte) []byte { return []byte("nonsense\n") },
		"answers with wrong id": func(line []byte) []byte { return bytes.Replace(line, []byte(`"id":3`), []byte(`"id":333`), 1) },
		"answers twice":         func(line []byte) []byte { return append(line, line...) },
		"asks back": func(line []byte) []byte {
			return append([]byte(`{"jsonrpc":"2.0","id":1,"method":"page"}`+"\n"), line...)
		},
		"a huge line": func([]byte) []byte {
			return append(bytes.Repeat([]byte("x"), protocol.MaxLineBytes+2), '\n')
		},
		"a result of another shape": func(line []byte) []byte { return []byte(`{"jsonrpc":"2.0","id":3,"result":[1]}` + "\n") },
		"no records":                func([]byte) []byte { return []byte(`{"jsonrpc":"2.0","id":3,"result":{"next":"x"}}` + "\n") },
		"neither result nor error":  func([]byte) []byte { return []byte(`{"jsonrpc":"2.0","id":3}` + "\n") },
	}
}

// twisted changes the third line and all that follow it: the first two tell the version
// and the description.
type twisted struct {
	n     int
	twist func([]byte) []byte
}

func (w *twisted) Write(line []byte) (int, error) {
	if w.n++; w.n < 3 {
		return os.Stdout.Write(line)
	}
	if _, err := os.Stdout.Write(w.twist(bytes.Clone(line))); err != nil {
		return 0, err
	}
	return len(line), nil
}
