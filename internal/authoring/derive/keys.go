package derive

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/internal/openapi"
)

func itoa(i int) string { return strconv.Itoa(i) }

// route is what a path says of an operation.
type route struct {
	segments []segment
	nouns    []string // of the things that it leads to, in singular: contact, note
	action   string   // a verb at its end; empty for none
	last     string   // the last part that is no hole, as it is written
	one      bool     // it ends with a hole: one thing and not all of a kind
}

// segment is a part of a path.
type segment struct {
	text string // as it is written
	hole string // the name of the hole that it is; empty for none
	noun string // of what the hole stands for
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

// routeOf reads a path.
func routeOf(path string) route {
	var r route
	noun := ""
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range parts {
		s := segment{text: part}
		if m := wholeHole.FindStringSubmatch(part); m != nil {
			s.hole, s.noun = m[1], noun
			r.one = i == len(parts)-1
			r.segments = append(r.segments, s)
			continue
		}
		r.segments = append(r.segments, s)
		all := words(withoutHoles(part))
		if len(all) == 0 || (len(r.nouns) == 0 && i < len(parts)-1 && prefix.MatchString(strings.ToLower(part))) {
			continue
		}
		r.last = part
		if r.action != "" {
			r.action = joined([]string{r.action, joined(all)})
			continue
		}
		atEnd := i == len(parts)-1 && !isPlural(all[len(all)-1]) && slices.Contains(verbs, all[0])
		if len(r.nouns) > 0 && (atEnd || (len(all) == 1 && slices.Contains(earlyVerbs, all[0]))) {
			r.action = joined(all)
			continue
		}
		all[len(all)-1] = singular(all[len(all)-1])
		noun = joined(all)
		if noun == "" {
			continue
		}
		r.nouns = append(r.nouns, noun)
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

// resource is the part of the key before the verb: the things that the path leads to.
func (r route) resource(tag string) string {
	nouns := r.nouns
	if len(nouns) > maxNouns {
		nouns = nouns[len(nouns)-maxNouns:]
	}
	if len(nouns) == 0 {
		return cmp.Or(snake(tag), "service")
	}
	// A thing below one of its kind is said once.
	return strings.Join(slices.Compact(slices.Clone(nouns)), ".")
}

// noun is the last thing that the path leads to.
func (r route) noun() string {
	if len(r.nouns) == 0 {
		return ""
	}
	return r.nouns[len(r.nouns)-1]
}

// verb says what an operation does, from its method and its path. list says that it
// answers with a list, patched that the path has a PATCH too.
func (r route) verb(method string, list, patched bool) string {
	switch {
	case r.action != "":
		return r.action
	case method == "GET" && list:
		return "list"
	case method == "GET":
		return "get"
	case method == "POST" && r.one:
		return "update"
	case method == "POST":
		return "create"
	case method == "PUT" && patched:
		return "replace"
	case method == "PUT" || method == "PATCH":
		return "update"
	case method == "DELETE" && !r.one && isPlural(lastWord(r.last)):
		return "delete_all"
	}
	return "delete"
}

// lastWord is the last word of a part of a path.
func lastWord(part string) string {
	all := words(part)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// keyed is an operation that waits for its key.
type keyed struct {
	op       *Operation
	resource string
	verb     string
	id       string   // of the document
	holes    []string // in the path
}

// assignKeys gives each operation a key of its own. Where several would have the same,
// the one with the shortest path gets it; the others say by which value they go, or what
// the document calls them. The order of the operations is of no matter.
func assignKeys(all []keyed) {
	slices.SortFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(len(a.op.place.segments), len(b.op.place.segments)), cmp.Compare(a.op.Path, b.op.Path), cmp.Compare(a.op.Method, b.op.Method))
	})
	taken := map[string]bool{}
	for _, k := range all {
		plain := k.resource + "." + k.verb
		candidates := []string{plain}
		if n := len(k.holes); n > 0 {
			candidates = append(candidates, plain+"_by_"+cmp.Or(snake(k.holes[n-1]), "value"))
		}
		if id := snake(k.id); id != "" {
			candidates = append(candidates, k.resource+"."+id)
		}
		key := ""
		for _, c := range candidates {
			if !taken[c] {
				key = c
				break
			}
		}
		if key == "" {
			key = plain
		}
		k.op.Key = unique(key, taken)
	}
}

// isReading reports whether the words of an operation say that it only looks.
func isReading(op *openapi.Operation, r route) bool {
	if r.action != "" {
		return slices.Contains(readingVerbs, words(r.action)[0])
	}
	id := words(op.ID)
	last := words(r.last)
	return (len(id) > 0 && slices.Contains([]string{"search", "query", "find", "filter", "lookup"}, id[0])) ||
		(!r.one && len(last) > 0 && slices.Contains(readingVerbs, last[len(last)-1]))
}
