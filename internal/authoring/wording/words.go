// Package wording is about names: it splits them into words, makes keys of them, and reads
// what a path says.
package wording

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Words splits a name at everything that is no letter or digit and where small letters
// turn into capital ones: "getHTTPServer_by-id" is get, http, server, by, id. What is not
// ASCII is left out.
func Words(name string) []string {
	var out []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
			word = nil
		}
	}
	runes := []rune(name)
	for i, c := range runes {
		if c > unicode.MaxASCII || (!unicode.IsLetter(c) && !unicode.IsDigit(c)) {
			end()
			continue
		}
		if i > 0 && unicode.IsUpper(c) {
			before := runes[i-1]
			next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if unicode.IsLower(before) || unicode.IsDigit(before) || (unicode.IsUpper(before) && next) {
				end()
			}
		}
		word = append(word, c)
	}
	end()
	return out
}

// How long texts may be: descriptions and notes, and titles.
const (
	MaxText  = 160
	MaxTitle = 80
)

// maxName is how long a key may be.
const maxName = 48

// Snake writes a name as a key: small letters, digits and underscores, a letter first;
// "" when nothing is left.
func Snake(name string) string { return Joined(Words(name)) }

// Underscored writes a name in small letters with underscores between its words. Unlike a
// key it may begin with a digit, and is never cut.
func Underscored(name string) string { return strings.Join(Words(name), "_") }

// Joined makes a key of words.
func Joined(parts []string) string {
	key := strings.Join(parts, "_")
	if key != "" && key[0] >= '0' && key[0] <= '9' {
		key = "n" + key
	}
	if len(key) > maxName {
		key = strings.TrimRight(key[:maxName], "_")
	}
	return key
}

// Fold makes names equal that differ in how they are written: "updated_at", "updatedAt".
func Fold(name string) string {
	return strings.Map(func(c rune) rune {
		if c < unicode.MaxASCII && (unicode.IsLetter(c) || unicode.IsDigit(c)) {
			return unicode.ToLower(c)
		}
		return -1
	}, name)
}

// irregular are words that do not follow the rules of singular.
//
//nolint:gochecknoglobals // a table
var irregular = map[string]string{
	"people": "person", "children": "child", "men": "man", "women": "woman", "data": "data", "media": "media", "news": "news", "series": "series", "sms": "sms",
	"statuses": "status", "aliases": "alias", "buses": "bus", "analyses": "analysis", "bases": "base", "cases": "case", "databases": "database", "purchases": "purchase",
	"releases": "release", "leases": "lease", "phases": "phase", "courses": "course", "responses": "response", "expenses": "expense", "licenses": "license",
	"houses": "house", "warehouses": "warehouse", "caches": "cache", "movies": "movie", "cookies": "cookie", "dns": "dns", "https": "https", "sales": "sales", "settings": "settings",
	"invoices": "invoice", "indices": "index", "vertices": "vertex", "details": "details", "analytics": "analytics",
}

// Singular returns the name of one of several things.
func Singular(word string) string {
	if one, ok := irregular[word]; ok {
		return one
	}
	end := func(suffix string) bool { return strings.HasSuffix(word, suffix) && len(word) > len(suffix)+1 }
	switch {
	case end("ies"):
		return word[:len(word)-3] + "y"
	case end("sses"), end("shes"), end("ches"), end("xes"), end("zes"):
		return word[:len(word)-2]
	case end("ss"), end("us"), end("is"), end("as"), end("os"):
		return word
	case end("s"):
		return word[:len(word)-1]
	}
	return word
}

// IsPlural reports whether a word names several things.
func IsPlural(word string) bool { return Singular(word) != word || word == "people" || word == "data" }

// tags are what descriptions hold besides words.
//
//nolint:gochecknoglobals // a pattern, compiled at its first use: its bounds make it large
var tags = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<[^>]{0,200}>`) })

// links are links as Markdown writes them.
//
//nolint:gochecknoglobals // as tags
var links = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\[([^\]]{0,200})\]\([^)]{0,500}\)`) })

// Line makes one short line of a text: the first paragraph without marks, cut at a word.
func Line(text string, most int) string {
	if len(text) > 20_000 {
		text = text[:20_000]
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	text, _, _ = strings.Cut(text, "\n\n")
	text = links().ReplaceAllString(tags().ReplaceAllString(text, " "), "$1")
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '`' || c == '*' || c == unicode.ReplacementChar || unicode.Is(unicode.Cf, c):
			return -1
		case unicode.IsSpace(c) || unicode.IsControl(c):
			return ' '
		}
		return c
	}, text)
	text = strings.TrimLeft(strings.Join(strings.Fields(text), " "), "#>- ")
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	cut := string(runes[:most])
	if i := strings.LastIndex(cut, ". "); i > most/3 {
		return cut[:i+1]
	}
	if i := strings.LastIndexByte(cut, ' '); i > most/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:-(") + " …"
}

// IsText reports texts that can stand in a file as they are: not empty, not long, nothing
// in them that does not show.
func IsText(s string, most int) bool {
	return s != "" && len(s) <= most && utf8.ValidString(s) && s == strings.TrimSpace(s) && !strings.ContainsFunc(s, func(c rune) bool {
		return unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029' || c == unicode.ReplacementChar
	})
}

// Titled writes words as a title.
func Titled(parts []string) string {
	text := strings.Join(parts, " ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// Unique returns a name that is not taken, and takes it.
func Unique(name string, taken map[string]bool) string {
	out := name
	for i := 2; taken[out]; i++ {
		out = name + "_" + strconv.Itoa(i)
	}
	taken[out] = true
	return out
}

// HasAny reports whether one of some words is among others.
func HasAny(all []string, some ...string) bool {
	return slices.ContainsFunc(some, func(s string) bool { return slices.Contains(all, s) })
}

// SortedKeys returns the keys of a map, sorted.
func SortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// IsName reports names that a member of a record or input can have.
func IsName(name string) bool {
	return IsText(name, 100) && !strings.HasPrefix(name, "x-")
}

// IsStep reports names that can be a part of a path inside an answer.
func IsStep(name string) bool { return IsName(name) && !strings.ContainsAny(name, ".*") }

// CreatedNames are names of the time at which a record was made, as they are folded, the surest
// first.
func CreatedNames() []string {
	return []string{"createdat", "created", "dateadded", "createddate", "datecreated", "createdon", "creationdate", "createtime", "createdtime", "creationtime", "insertedat", "addedat"}
}

// UpdatedNames are names of the time of the last update, as they are folded, the surest first.
func UpdatedNames() []string {
	return []string{
		"updatedat", "updated", "dateupdated", "updateddate", "updatedon", "modifiedat", "modified", "datemodified", "modifieddate", "lastmodified", "lastmodifiedat", "lastupdated",
		"lastupdatedat", "lastmodifieddate", "updatetime", "updatedtime", "modifiedtime", "changedat", "modifiedon", "lastmodifiedtime",
	}
}
