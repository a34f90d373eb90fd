package project

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
	"github.com/pollux-automation/pollux/internal/diag"
)

// ParseInputs reads the inputs of an operation as people write them: a JSON object,
// or "" for none, and key=value pairs, which come to stand over it. Values of pairs
// get the types that the operation wants; a name that it does not know is an error.
func ParseInputs(op *connectors.Operation, object string, pairs []string) (map[string]any, error) {
	inputs := map[string]any{}
	if object != "" {
		v, err := connectors.Decode([]byte(object))
		fields, ok := v.(map[string]any)
		if err != nil || !ok {
			return nil, errors.New(`--input must be a JSON object such as {"limit": 10}`)
		}
		inputs = fields
	}
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q is not of the form key=value", pair)
		}
		v, err := parseInput(op, name, text)
		if err != nil {
			return nil, err
		}
		inputs[name] = v
	}
	return inputs, nil
}

// parseInput reads the text of one input as the type that the operation wants.
func parseInput(op *connectors.Operation, name, text string) (any, error) {
	var known []string
	for _, in := range op.Inputs {
		known = append(known, in.Name)
		if in.Name == name {
			return typed(in.Field, text)
		}
	}
	return nil, fmt.Errorf("%s has no input %q; %s", op.Key, name, diag.Choices(name, known))
}

// typed reads a text as the type of a field.
func typed(f schema.Field, text string) (any, error) {
	switch f.Type {
	case schema.Integer:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%s=%s: want a whole number", f.Name, text)
		}
		return n, nil
	case schema.Number, schema.Boolean, schema.Array, schema.Map:
		v, err := connectors.Decode([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("%s=%s: want a JSON %s", f.Name, text, f.Type)
		}
		return v, nil
	case schema.Any:
		if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
			if v, err := connectors.Decode([]byte(text)); err == nil {
				return v, nil
			}
		}
	case schema.String, schema.Time:
	}
	return text, nil
}
