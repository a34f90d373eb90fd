// Package form writes bodies of requests that hold a file: the file alone, or a form of the
// type multipart/form-data. It also tells of the file that an answer is.
package form

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/textproto"

	"github.com/pollux-automation/pollux/connectors"
)

// Body is a body whose files are references until it is sent. The zero value is the body
// of a file alone.
type Body struct {
	// Multipart is true for a form.
	Multipart bool
	parts     []part
}

// part is a text or a file of a form.
type part struct {
	name, text string
	file       bool // text is the reference to it
	listed     bool // one of several texts, perhaps, of that name
}

// Add adds a text to the form.
func (b *Body) Add(name, text string) { b.parts = append(b.parts, part{name: name, text: text}) }

// AddEach adds texts that have the same name.
func (b *Body) AddEach(name string, texts []string) {
	for _, text := range texts {
		b.parts = append(b.parts, part{name: name, text: text, listed: true})
	}
}

// AddFile adds a file by its reference, to the form or as the whole body.
func (b *Body) AddFile(name, reference string) {
	b.parts = append(b.parts, part{name: name, text: reference, file: true})
}

// Check says why a file of the body cannot be sent; nil if all can.
func (b *Body) Check(files connectors.Files) error {
	for _, p := range b.parts {
		if !p.file {
			continue
		}
		if files == nil {
			return &connectors.Error{Kind: connectors.Invalid, Err: fmt.Errorf("the input %q takes a file, and only a run can pass one on", p.name)}
		}
		if err := files.Check(p.text); err != nil {
			return err
		}
	}
	return nil
}

// Write fetches the files and returns the body and its type. A body without anything in it
// has neither.
func (b *Body) Write(ctx context.Context, files connectors.Files) (body []byte, kind string, err error) {
	if !b.Multipart {
		for _, p := range b.parts {
			f, err := files.Fetch(ctx, p.text)
			return f.Data, typeOf(f), err
		}
		return nil, "", nil
	}
	var text bytes.Buffer
	w := multipart.NewWriter(&text)
	for _, p := range b.parts {
		if !p.file {
			if err := w.WriteField(p.name, p.text); err != nil {
				return nil, "", err
			}
			continue
		}
		f, err := files.Fetch(ctx, p.text)
		if err != nil {
			return nil, "", err
		}
		text.Grow(len(f.Data) + 4<<10) // one copy of a large file, not many
		to, err := w.CreatePart(head(p.name, f))
		if err == nil {
			_, err = to.Write(f.Data)
		}
		if err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return text.Bytes(), w.FormDataContentType(), nil
}

// Show returns the body as people may see it: files are their references.
func (b *Body) Show() (body any, kind string) {
	if !b.Multipart {
		for _, p := range b.parts {
			return p.text, ""
		}
		return nil, ""
	}
	out := map[string]any{}
	for _, p := range b.parts {
		if !p.listed {
			out[p.name] = p.text
			continue
		}
		list, _ := out[p.name].([]any)
		out[p.name] = append(list, p.text)
	}
	return out, "multipart/form-data"
}

// head is the head of the part that holds a file.
func head(name string, f connectors.File) textproto.MIMEHeader {
	return textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(name, Title(f))},
		"Content-Type":        {typeOf(f)},
	}
}

// typeOf is the type of a file's content.
func typeOf(f connectors.File) string {
	if f.Type == "" {
		return unknown
	}
	return f.Type
}
