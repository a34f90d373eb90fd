package connectors

import "context"

// File is a file as a service gives and takes it.
type File struct {
	Type  string // of its content, "audio/x-wav"
	Title string // its name at the service, "call.wav"; may be empty, and is never a path
	Data  []byte
}

// Files keeps files for whoever makes a call, so that records and inputs hold references
// to them alone. It is safe for concurrent use. An error without an [*Error] in its chain
// is Transient.
type Files interface {
	// Keep keeps a file and returns the reference to it: a text that only Files reads. The
	// file is kept when Keep returns.
	Keep(ctx context.Context, f File) (reference string, err error)
	// Check says why a reference cannot be used here; nil if it can. It reads nothing.
	Check(reference string) error
	// Fetch returns the file of a reference.
	Fetch(ctx context.Context, reference string) (File, error)
}

// filesKey is the key of the files of a context.
type filesKey struct{}

// WithFiles returns a context whose calls keep the files that services answer with, and can
// send those that were kept. Calls without it keep none and send none.
func WithFiles(ctx context.Context, files Files) context.Context {
	return context.WithValue(ctx, filesKey{}, files)
}

// FilesOf returns what WithFiles has set; nil without it.
func FilesOf(ctx context.Context) Files {
	files, _ := ctx.Value(filesKey{}).(Files)
	return files
}
