package plugin_test

import (
	"context"
	"fmt"
	"os"

	"github.com/pollux-automation/pollux/connectors/plugin"
	"github.com/pollux-automation/pollux/connectors/protocol"
)

// clock is a service that tells the time of the day.
type clock struct{}

func (clock) Describe() protocol.Description {
	return protocol.Description{
		Key: "clock", Title: "Clock", Auth: []string{"bearer"},
		Objects: []protocol.Object{{Key: "time", Fields: []protocol.Field{{Name: "hour", Type: "integer"}}}},
		Operations: []protocol.Operation{{
			Key: "time.get", Title: "Tell the time", Kind: "read", Answer: "time",
		}},
	}
}

func (clock) Check(_ context.Context, a protocol.Account) error {
	if a.Credential.Token != "tick" {
		return plugin.Refuse(plugin.Auth, "the token is not the right one")
	}
	return nil
}

func (clock) Page(context.Context, protocol.PageParams) (protocol.PageResult, error) {
	return protocol.PageResult{}, plugin.Refuse(plugin.Invalid, "there are no lists")
}

func (clock) Call(context.Context, protocol.CallParams) (protocol.CallResult, error) {
	value, err := plugin.Record(map[string]int{"hour": 12})
	return protocol.CallResult{Value: value}, err
}

// The whole of a program: main does nothing but serve.
func ExampleServe() {
	if err := plugin.Serve(context.Background(), clock{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
