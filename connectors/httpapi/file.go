package httpapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/httpapi/answers"
	"github.com/pollux-automation/pollux/connectors/httpapi/form"
	"github.com/pollux-automation/pollux/connectors/httpapi/request"
	"github.com/pollux-automation/pollux/connectors/manifest"
)

// asRecord puts a record that tells of a file into the place of the file, see
// [form.Record], with the text of one that is a text and the reference to it where the
// object has a field for them. The file is kept by the files of the context; without them
// it is not. An answer of JSON is none and becomes null: services say with it that there is
// no file yet. The error is an [*connectors.Error].
func asRecord(ctx context.Context, op *manifest.Operation, a *answers.Answer) (err error) {
	f, ok := form.FileOf(a.Header, a.Body)
	if !ok {
		a.Body = []byte("null")
		return nil
	}
	wants := func(field string) bool { _, wanted := op.Spec.Answer.Field(field); return wanted }
	record := form.Record(f, wants("text"))
	if files := connectors.FilesOf(ctx); wants("file") && files != nil {
		if record["file"], err = files.Keep(ctx, f); err != nil {
			return fileError(op, err)
		}
	}
	if a.Body, err = connectors.Encode(record); err != nil {
		return answers.Unreadable(op, a.Status, fmt.Errorf("the file: %w", err))
	}
	a.Header = a.Header.Clone()
	a.Header.Set("Content-Type", "application/json")
	return nil
}

// fileError is the error of an operation whose file could not be kept or fetched. Nothing
// was written outside.
func fileError(op *manifest.Operation, cause error) error {
	e, known := errors.AsType[*connectors.Error](cause)
	if !known {
		return &connectors.Error{Kind: connectors.Transient, Op: op.Spec.Name(), Err: cause}
	}
	named := *e
	named.Op = op.Spec.Name()
	return &named
}

// checkFiles says why the files of a request cannot be sent; nil if they can.
func checkFiles(ctx context.Context, op *manifest.Operation, r *request.Request) error {
	if r.Form == nil {
		return nil
	}
	if err := r.Form.Check(connectors.FilesOf(ctx)); err != nil {
		return fileError(op, err)
	}
	return nil
}

// fetchFiles writes the body of a request out of files. It happens last, so that few of
// them are in memory at once.
func fetchFiles(ctx context.Context, op *manifest.Operation, r *request.Request) error {
	if r.Form == nil {
		return nil
	}
	body, kind, err := r.Form.Write(ctx, connectors.FilesOf(ctx))
	if err != nil {
		return fileError(op, err)
	}
	if r.Body = body; kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return nil
}

// showFiles returns the body of a request out of files as people may see it.
func showFiles(r *request.Request, header map[string]string) any {
	body, kind := r.Form.Show()
	if kind != "" {
		header["Content-Type"] = kind
	}
	return body
}
