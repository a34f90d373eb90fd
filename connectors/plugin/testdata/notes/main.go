// Notes is a plugin with notes in memory.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"

	"github.com/pollux-automation/pollux/connectors/plugin"
	"github.com/pollux-automation/pollux/connectors/protocol"
)

type notes struct {
	mu    sync.Mutex
	texts []string
}

func (*notes) Describe() protocol.Description {
	text := protocol.Field{Name: "text", Type: "string", Required: true}
	return protocol.Description{
		Key: "notes", Title: "Notes", Auth: []string{"bearer"},
		Objects: []protocol.Object{{Key: "note", ID: "id", Fields: []protocol.Field{{Name: "id", Type: "string"}, text}}},
		Operations: []protocol.Operation{
			{Key: "note.list", Title: "List notes", Kind: "read", Answer: "note", List: true, Poll: &protocol.Poll{Strategy: "snapshot"}},
			{Key: "note.create", Title: "Create a note", Kind: "write", Answer: "note", Repeat: "never", Inputs: []protocol.Input{{Field: text}}},
		},
	}
}

func (*notes) Check(_ context.Context, a protocol.Account) error {
	if a.Credential.Token != "open sesame" {
		return plugin.Refuse(plugin.Auth, "the token is not the right one")
	}
	return nil
}

func (n *notes) Page(context.Context, protocol.PageParams) (page protocol.PageResult, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, text := range n.texts {
		record, err := plugin.Record(map[string]string{"id": strconv.Itoa(i + 1), "text": text})
		if err != nil {
			return page, err
		}
		page.Records = append(page.Records, record)
	}
	return page, nil
}

func (n *notes) Call(_ context.Context, p protocol.CallParams) (result protocol.CallResult, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := fmt.Sprint(p.Inputs["text"])
	n.texts = append(n.texts, text)
	result.Value, err = plugin.Record(map[string]string{"id": strconv.Itoa(len(n.texts)), "text": text})
	return result, err
}

func main() {
	if err := plugin.Serve(context.Background(), &notes{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
