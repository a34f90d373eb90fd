package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/internal/cli/console"
)

// download takes the file that a call by hand answers with, and writes it to a file of the
// user.
type download struct {
	path  string
	force bool // replace a file that is there
	file  *connectors.File
}

// ready refuses a file that is there, before anything is sent.
func (d *download) ready() error {
	switch _, err := os.Lstat(d.path); {
	case err == nil && !d.force:
		return console.Refused(fmt.Errorf("%s is there; give another name, or replace it with --force", d.path))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

// Keep implements [connectors.Files]. The reference is the name of the user's file.
func (d *download) Keep(_ context.Context, f connectors.File) (string, error) {
	d.file = &f
	return d.path, nil
}

// Check implements [connectors.Files]: a call by hand sends no file.
func (d *download) Check(string) error {
	return &connectors.Error{Kind: connectors.Invalid, Err: errors.New("only a run can pass a file on")}
}

// Fetch implements [connectors.Files].
func (d *download) Fetch(_ context.Context, reference string) (connectors.File, error) {
	return connectors.File{}, d.Check(reference)
}

// write writes the file that came, readable by its owner alone.
func (d *download) write() (err error) {
	if d.file == nil {
		return console.Refused(fmt.Errorf("the answer is no file: %s was not written", d.path))
	}
	flag := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if d.force {
		flag = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(d.path, flag, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(d.file.Data)
	return errors.Join(err, f.Close())
}
