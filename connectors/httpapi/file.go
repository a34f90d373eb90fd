package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/manifest"
)

// asRecord puts a record that tells of a file into the place of the file: its type, how
// many bytes it has, its sha256, and the text of one that is a text, where the object
// has a field for it. The file itself is not kept. An answer of JSON is none and becomes
// null: services say with it that there is no file yet.
func (a *answer) asRecord(op *manifest.Operation) error {
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil {
		kind = "application/octet-stream"
	}
	if kind == "application/json" || len(a.body) == 0 {
		a.body = []byte("null")
		return nil
	}
	sum := sha256.Sum256(a.body)
	record := map[string]any{"type": kind, "bytes": len(a.body), "sha256": hex.EncodeToString(sum[:])}
	if _, wanted := op.Spec.Answer.Field("text"); wanted && strings.HasPrefix(kind, "text/") && utf8.Valid(a.body) {
		record["text"] = string(a.body)
	}
	if a.body, err = connectors.Encode(record); err != nil {
		return fmt.Errorf("the file: %w", err)
	}
	a.header = a.header.Clone()
	a.header.Set("Content-Type", "application/json")
	return nil
}
