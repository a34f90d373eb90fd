package form

import (
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/pollux-automation/pollux/connectors"
)

// maxType is the longest type of a file that is kept, in bytes.
const maxType = 255

// unknown is the type of a file that has none.
const unknown = "application/octet-stream"

// FileOf returns the file that an answer is; false for one of JSON and for an empty one.
func FileOf(header http.Header, body []byte) (connectors.File, bool) {
	kind := header.Get("Content-Type")
	plain := plainType(kind)
	if plain == "application/json" || len(body) == 0 {
		return connectors.File{}, false
	}
	if plain == unknown || len(kind) > maxType {
		kind = ""
	}
	return connectors.File{Type: kind, Title: TitleIn(header.Get("Content-Disposition")), Data: body}, true
}

// plainType returns a type without its parameters, "text/plain".
func plainType(kind string) string {
	plain, _, err := mime.ParseMediaType(kind)
	if err != nil {
		return unknown
	}
	return plain
}

// Record tells of a file: its type, how many bytes it has, its sha256, and, where that is
// wanted, the text of one that is a text.
func Record(f connectors.File, text bool) map[string]any {
	sum := sha256.Sum256(f.Data)
	record := map[string]any{"type": plainType(f.Type), "bytes": len(f.Data), "sha256": hex.EncodeToString(sum[:])}
	if text && strings.HasPrefix(plainType(f.Type), "text/") && utf8.Valid(f.Data) {
		record["text"] = string(f.Data)
	}
	return record
}

// Title returns the name under which a file is sent: its own, or one with the ending of its
// type. Services look at the ending.
func Title(f connectors.File) string {
	if f.Title != "" {
		return f.Title
	}
	kind, _, _ := mime.ParseMediaType(f.Type)
	return "file" + endings()[kind]
}

// endings are those of the types that services exchange. Those of the system differ from
// one machine to the next.
func endings() map[string]string {
	return map[string]string{
		"audio/x-wav": ".wav", "audio/wav": ".wav", "audio/wave": ".wav", "audio/vnd.wave": ".wav", "audio/mpeg": ".mp3", "audio/mp3": ".mp3",
		"audio/ogg": ".ogg", "audio/mp4": ".m4a", "video/mp4": ".mp4", "video/mpeg": ".mpeg",
		"text/plain": ".txt", "text/csv": ".csv", "text/html": ".html", "text/vtt": ".vtt", "application/pdf": ".pdf", "application/zip": ".zip",
		"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "application/msword": ".doc",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
	}
}

// TitleIn returns the name of a file that an answer gives it; empty without one. What it
// says before its last slash is no part of it.
func TitleIn(disposition string) string {
	_, words, err := mime.ParseMediaType(disposition)
	if err != nil {
		return ""
	}
	title := words["filename"]
	if at := strings.LastIndexAny(title, `/\`); at >= 0 {
		title = title[at+1:]
	}
	title = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, title)
	if title = strings.ToValidUTF8(strings.TrimSpace(title), ""); title == "." || title == ".." || len(title) > 200 {
		return ""
	}
	return title
}
