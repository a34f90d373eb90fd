package console

import (
	"io"
	"time"

	"github.com/rs/zerolog"

	"github.com/pollux-automation/pollux/internal/secret"
	"github.com/pollux-automation/pollux/internal/show"
)

// Logger makes the program's log: lines for people on a terminal, JSON elsewhere,
// without the secrets of any account.
func (a *Console) Logger(redact *secret.Redactor, level zerolog.Level) zerolog.Logger {
	out := redacting{to: a.Stderr, redact: redact}
	if show.IsTerminal(a.Stderr) {
		_, plain := a.Env("NO_COLOR")
		console := zerolog.ConsoleWriter{Out: out, TimeFormat: time.TimeOnly, NoColor: plain || a.NoColor}
		return zerolog.New(console).Level(level).With().Timestamp().Logger()
	}
	return zerolog.New(out).Level(level).With().Timestamp().Logger()
}

// redacting removes secrets from everything that is written through it. The logger
// writes whole lines, so no secret is cut in two.
type redacting struct {
	to     io.Writer
	redact *secret.Redactor
}

// Write passes on the text without secrets. It reports the length of the text it was
// given, as a writer must, not that of what it wrote.
func (w redacting) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.to, w.redact.Redact(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
