package formats

import (
	"bytes"
	"fmt"
	"mime"
	"regexp"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// declared is what an XML document says of its own bytes.
var declared = regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)

// unmark takes the mark off that texts of some charsets begin with; charset is empty without one.
func unmark(body []byte) (rest []byte, charset string) {
	for mark, charset := range map[string]string{"\xEF\xBB\xBF": "utf-8", "\xFF\xFE": "utf-16le", "\xFE\xFF": "utf-16be"} {
		if rest, ok := bytes.CutPrefix(body, []byte(mark)); ok {
			return rest, charset
		}
	}
	return body, ""
}

// decode returns the answer in UTF-8. A mark at its beginning says what its bytes mean,
// then the manifest, the header, the document itself.
func (f Format) decode(body []byte, contentType string) ([]byte, error) {
	body, charset := unmark(body)
	if charset == "" {
		charset = f.charset(body, contentType)
	}
	if charset == "" || charset == "utf-8" {
		if at := invalid(body); at >= 0 {
			return nil, atLine(lineOf(body, at), "the answer is not UTF-8; write charset if it is something else, such as euc-kr")
		}
		return body, nil
	}
	encoding, err := htmlindex.Get(charset)
	if err != nil {
		return nil, fmt.Errorf("the charset %.40q is not known", charset)
	}
	text, err := encoding.NewDecoder().Bytes(body)
	if err != nil {
		return nil, fmt.Errorf("the answer is not %.40s: %w", charset, err)
	}
	if at := bytes.Index(text, []byte(string(utf8.RuneError))); at >= 0 {
		return nil, atLine(lineOf(text, at), "the answer is not %.40s", charset)
	}
	return text, nil
}

// charset is what the bytes mean as far as somebody says so, by its usual name.
func (f Format) charset(body []byte, contentType string) string {
	charset := f.Charset
	if charset == "" {
		if _, params, err := mime.ParseMediaType(contentType); err == nil {
			charset = params["charset"]
		}
	}
	if m := declared.FindSubmatch(body[:min(len(body), 200)]); charset == "" && f.Kind == XML && m != nil {
		charset = string(m[1])
	}
	if encoding, err := htmlindex.Get(charset); err == nil {
		charset, _ = htmlindex.Name(encoding)
	}
	return charset
}

// Known reports whether answers in a charset can be read.
func Known(charset string) bool {
	_, err := htmlindex.Get(charset)
	return err == nil
}

// invalid returns where a text stops to be UTF-8; -1 if it does not.
func invalid(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// lineOf returns the line of a place in a text.
func lineOf(text []byte, at int) int { return 1 + bytes.Count(text[:at], []byte("\n")) }

// isHTML reports a page for people, which servers send in place of an answer when they are in
// trouble.
func isHTML(text []byte) bool {
	text = bytes.TrimSpace(text)
	for bytes.HasPrefix(text, []byte("<!--")) {
		_, rest, ended := bytes.Cut(text, []byte("-->"))
		if !ended {
			return false
		}
		text = bytes.TrimSpace(rest)
	}
	start := bytes.ToLower(text[:min(len(text), 15)])
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}
