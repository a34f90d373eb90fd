package wording

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Route is what a path says of an operation.
type Route struct {
	Segments []Segment
	Nouns    []string // of the things that it leads to, in singular: contact, note
	Action   string   // a verb at its end; empty for none
	Last     string   // the last part that is no hole, as it is written
	One      bool     // it ends with a hole: one thing and not all of a kind
}

// Segment is a part of a path.
type Segment struct {
	Text string // as it is written
	Hole string // the name of the hole that it is; empty for none
	Noun string // of what the hole stands for
}

// prefix are parts of a path that say nothing of what it leads to.
var prefix = regexp.MustCompile(`^(api|rest|v\d+(\.\d+)*|v\d+(alpha|beta)\d*|public|services?|\d+(\.\d+)+|\d{4}-\d{2}(-\d{2})?)$`)

// wholeHole is a part of a path that is a hole and nothing else.
var wholeHole = regexp.MustCompile(`^\{([^{}]+)\}$`)

// verbs are words that, at the end of a path, say what is done.
//
//nolint:gochecknoglobals // a table
var verbs = []string{
	"search", "query", "find", "filter", "lookup", "list", "count", "upsert", "send", "cancel", "close", "open", "reopen", "archive", "unarchive", "restore", "publish", "unpublish",
	"activate", "deactivate", "enable", "disable", "approve", "reject", "accept", "decline", "start", "stop", "pause", "resume", "retry", "complete", "confirm", "verify", "validate",
	"merge", "clone", "copy", "duplicate", "move", "assign", "unassign", "subscribe", "unsubscribe", "import", "export", "sync", "refund", "capture", "void", "charge", "pay", "preview",
	"lock", "unlock", "invite", "resend", "reset", "refresh", "revoke", "upload", "download", "batch", "bulk", "mark", "add", "remove", "schedule", "test", "run", "execute", "check",
}

// earlyVerbs are those of them that say so inside a path too, so that what follows is no
// thing of its own.
//
//nolint:gochecknoglobals // a table
var earlyVerbs = []string{"search", "query", "lookup", "filter", "bulk", "batch"}

// readingVerbs are those after which nothing has changed, whatever the method.
//
//nolint:gochecknoglobals // a table
var readingVerbs = []string{"search", "query", "find", "filter", "lookup", "list", "count"}

// RouteOf reads a path.
func RouteOf(path string) Route {
	var r Route
	noun := ""
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range parts {
		s := Segment{Text: part}
		if m := wholeHole.FindStringSubmatch(part); m != nil {
			s.Hole, s.Noun = m[1], noun
			r.One = i == len(parts)-1
			r.Segments = append(r.Segments, s)
			continue
		}
		r.Segments = append(r.Segments, s)
		all := Words(withoutHoles(part))
		if len(all) == 0 || (len(r.Nouns) == 0 && i < len(parts)-1 && prefix.MatchString(strings.ToLower(part))) {
			continue
		}
		r.Last = part
		if r.Action != "" {
			r.Action = Joined([]string{r.Action, Joined(all)})
			continue
		}
		atEnd := i == len(parts)-1 && !IsPlural(all[len(all)-1]) && slices.Contains(verbs, all[0])
		if len(r.Nouns) > 0 && (atEnd || (len(all) == 1 && slices.Contains(earlyVerbs, all[0]))) {
			r.Action = Joined(all)
			continue
		}
		all[len(all)-1] = Singular(all[len(all)-1])
		noun = Joined(all)
		if noun == "" {
			continue
		}
		r.Nouns = append(r.Nouns, noun)
	}
	return r
}

// withoutHoles returns a part of a path without the holes in it.
func withoutHoles(part string) string {
	for {
		from := strings.IndexByte(part, '{')
		to := strings.IndexByte(part, '}')
		if from < 0 || to < from {
			return part
		}
		part = part[:from] + " " + part[to+1:]
	}
}

// maxNouns is how many nouns stand in a key.
const maxNouns = 3

// Resource is the part of the key before the verb: the things that the path leads to.
func (r Route) Resource(tag string) string {
	nouns := r.Nouns
	if len(nouns) > maxNouns {
		nouns = nouns[len(nouns)-maxNouns:]
	}
	if len(nouns) == 0 {
		return cmp.Or(Snake(tag), "service")
	}
	// A thing below one of its kind is said once.
	return strings.Join(slices.Compact(slices.Clone(nouns)), ".")
}

// Noun is the last thing that the path leads to.
func (r Route) Noun() string {
	if len(r.Nouns) == 0 {
		return ""
	}
	return r.Nouns[len(r.Nouns)-1]
}

// Verb says what an operation does, from its method and its path. list says that it
// answers with a list, patched that the path has a PATCH too.
func (r Route) Verb(method string, list, patched bool) string {
	switch {
	case r.Action != "":
		return r.Action
	case method == "GET" && list:
		return "list"
	case method == "GET":
		return "get"
	case method == "POST" && r.One:
		return "update"
	case method == "POST":
		return "create"
	case method == "PUT" && patched:
		return "replace"
	case method == "PUT" || method == "PATCH":
		return "update"
	case method == "DELETE" && !r.One && IsPlural(lastWord(r.Last)):
		return "delete_all"
	}
	return "delete"
}

// lastWord is the last word of a part of a path.
func lastWord(part string) string {
	all := Words(part)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// Reads reports whether a POST only looks, by the words of its path and its id in the
// document.
func (r Route) Reads(id string) bool {
	if r.Action != "" {
		return slices.Contains(readingVerbs, Words(r.Action)[0])
	}
	own, last := Words(id), Words(r.Last)
	return (len(own) > 0 && slices.Contains([]string{"search", "query", "find", "filter", "lookup"}, own[0])) ||
		(!r.One && len(last) > 0 && slices.Contains(readingVerbs, last[len(last)-1]))
}
