package protocol

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxLineBytes is the longest line, without its end.
const MaxLineBytes = 16 << 20

// version is what every message says of itself.
const version = "2.0"

// ErrTooLong is the error for a line of more than [MaxLineBytes].
var ErrTooLong = fmt.Errorf("the line has more than %d MiB", MaxLineBytes>>20)

// Reader reads lines. It belongs to one goroutine.
type Reader struct{ lines *bufio.Reader }

// NewReader makes a reader of lines.
func NewReader(r io.Reader) *Reader { return &Reader{bufio.NewReaderSize(r, 64<<10)} }

// Line returns the next line without its end; it belongs to the caller. Empty lines are
// skipped. The error is io.EOF at the end, io.ErrUnexpectedEOF in the middle of a line,
// [ErrTooLong], or that of the reader below; after any of them nothing more can be read.
func (r *Reader) Line() ([]byte, error) {
	for {
		line, err := r.whole()
		if err != nil {
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
	}
}

// whole reads up to the end of a line. It never holds more than the bound and one buffer.
func (r *Reader) whole() ([]byte, error) {
	var line []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		if len(line)+len(bytes.TrimRight(part, "\r\n")) > MaxLineBytes {
			return nil, ErrTooLong
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(bytes.TrimSpace(line)) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// Decode reads a message. The error says what is wrong with it, without its content.
func Decode(line []byte) (*Message, error) {
	var m Message
	if err := json.Unmarshal(line, &m); err != nil {
		return nil, fmt.Errorf("no message: %w", err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("no message: %w", err)
	}
	return &m, nil
}

// check reports what is neither request nor answer.
func (m *Message) check() error {
	switch {
	case m.JSONRPC != version:
		return fmt.Errorf(`it does not say "jsonrpc":%q`, version)
	case m.Method != "" && (m.Result != nil || m.Error != nil):
		return errors.New("it has a method, and a result or error")
	case m.Method != "":
		return nil
	case m.ID == nil:
		return errors.New("it has neither method nor id")
	case (m.Result == nil) == (m.Error == nil):
		return errors.New("an answer has either a result or an error")
	}
	return nil
}

// Encode writes a message as one line with its end. The error is [ErrTooLong], or for
// params that are no JSON.
func Encode(m Message) ([]byte, error) {
	m.JSONRPC = version
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // services get texts as they are
	if err := enc.Encode(m); err != nil {
		return nil, err
	}
	if text.Len() > MaxLineBytes+1 {
		return nil, ErrTooLong
	}
	return text.Bytes(), nil
}

// Ask makes a request.
func Ask(id int64, method string, params any) (Message, error) {
	raw, err := marshal(params)
	return Message{ID: &id, Method: method, Params: raw}, err
}

// Notify makes a notification, which gets no answer.
func Notify(method string, params any) (Message, error) {
	raw, err := marshal(params)
	return Message{Method: method, Params: raw}, err
}

// Answer makes the answer to a request.
func Answer(id int64, result any) (Message, error) {
	raw, err := marshal(result)
	return Message{ID: &id, Result: raw}, err
}

// Refuse makes the answer to a request that was not carried out.
func Refuse(id int64, e *Error) Message { return Message{ID: &id, Error: e} }

// marshal writes a part of a message; nil is an empty object.
func marshal(v any) (json.RawMessage, error) {
	if v == nil {
		return json.RawMessage("{}"), nil
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(text.Bytes()), nil
}
