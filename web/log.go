package web

import (
	"context"
	"log/slog"

	"github.com/rs/zerolog"
)

// mouth lets those who know only the standard library's log speak into ours.
type mouth struct{ log zerolog.Logger }

// Enabled implements [slog.Handler].
func (mouth) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler].
func (m mouth) Handle(_ context.Context, r slog.Record) error {
	m.log.Warn().Str("component", "web").Str("error", r.Message).Msg("request went wrong")
	return nil
}

// WithAttrs implements [slog.Handler].
func (m mouth) WithAttrs([]slog.Attr) slog.Handler { return m }

// WithGroup implements [slog.Handler].
func (m mouth) WithGroup(string) slog.Handler { return m }
