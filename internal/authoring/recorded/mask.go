package recorded

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/schema"
)

// Rules say what of a recording must not be in its file.
type Rules struct {
	// Personal reports members, by name, whose values are replaced by made-up ones.
	Personal func(name string) bool
	// Words are texts that are no secret whatever they stand for: those of closed lists.
	Words map[string]bool
	// Headers are the headers of answers that are kept.
	Headers []string
	// Redact hides credentials in a text.
	Redact func(string) string
}

// RulesOf returns the rules for a connector: the fields and inputs that it calls personal
// or secret, those whose names say so (guess), and headers that only tell of the answer and
// of what is left of a budget.
func RulesOf(d *connectors.Description, guess func(name string) bool, redact func(string) string) Rules {
	names, words := map[string]bool{}, map[string]bool{}
	for _, o := range d.Objects {
		personal(names, words, o.Fields)
	}
	for _, op := range d.Operations {
		for _, in := range op.Inputs {
			personal(names, words, []schema.Field{in.Field})
		}
	}
	personal(names, words, d.Settings)
	headers := []string{"Content-Type", "Retry-After", "Link"}
	for _, l := range d.Limits {
		headers = append(headers, l.Remaining, l.Max, l.Reset)
	}
	return Rules{
		Personal: func(name string) bool {
			marked, known := names[strings.ToLower(name)]
			return marked || !known && guess(name)
		},
		Words: words, Headers: headers, Redact: redact,
	}
}

// personal notes which fields are, by name in small letters, and the words that fields may
// have. A name that is personal anywhere is so everywhere; what is inside a personal field
// is hidden without its name.
func personal(names, words map[string]bool, fields []schema.Field) {
	for _, f := range fields {
		for _, word := range f.Options {
			words[word] = true
		}
		if name := strings.ToLower(f.Name); f.Name != "" && !names[name] {
			names[name] = f.Personal || f.Secret
		}
		personal(names, words, f.Fields)
		if f.Items != nil {
			personal(names, words, []schema.Field{*f.Items})
		}
	}
}

// Recording returns what the recorder has seen, as it may be written to a file. head has
// what is known besides.
func (r *Recorder) Recording(head Recording, rules Rules) *Recording {
	r.mu.Lock()
	list := slices.Clone(r.list)
	r.mu.Unlock()
	m := newMask(rules)
	settings := numbered(head.Settings)
	m.learn(settings, false)
	for name, v := range head.Inputs {
		m.learn(v, rules.Personal(inputName(name)))
	}
	for _, e := range list {
		m.learn(e.Request.Body, false)
		if e.Answer.Status < http.StatusBadRequest {
			m.learn(e.Answer.Body, false)
		} else {
			m.spot(e.Answer.Body)
		}
		for name, values := range e.Request.Query {
			for _, v := range values {
				m.learn(v, rules.Personal(name))
			}
		}
	}
	m.decide()
	head.Recording = version
	head.Settings, _ = m.value(settings, false).(map[string]any)
	inputs := map[string]string{}
	for name, v := range head.Inputs {
		inputs[name], _ = m.value(v, rules.Personal(inputName(name))).(string)
	}
	head.Inputs, head.Exchanges = inputs, make([]Exchange, len(list))
	for i, e := range list {
		head.Exchanges[i] = m.exchange(e)
	}
	return &head
}

// numbered returns values of Go as they would be read from JSON.
func numbered(settings map[string]any) any {
	text, err := json.Marshal(settings)
	if err != nil {
		return nil // they came from YAML, which JSON can say
	}
	v, _ := decode(text)
	return v
}

// inputName is the name of an input that was given by hand, as INPUT or OPERATION:INPUT.
func inputName(given string) string { return given[strings.LastIndexByte(given, ':')+1:] }

// mask replaces values by made-up ones: the same by the same, and those of one kind in the
// order of what they stand for.
type mask struct {
	rules   Rules
	texts   map[string]string // what stands for a text; empty until decide
	plain   map[string]bool   // texts that stand under a name that is not personal
	numbers map[json.Number]json.Number
	inside  *strings.Replacer // for texts inside others
}

func newMask(rules Rules) *mask {
	return &mask{rules: rules, texts: map[string]string{}, plain: map[string]bool{}, numbers: map[json.Number]json.Number{}}
}

// one is the number that the conformance suite makes up.
const one = json.Number("1")

// address finds addresses inside texts.
var address = regexp.MustCompile(`[^\s"'<>(),;:]+@[^\s"'<>(),;:]+\.[^\s"'<>(),;:]+[^\s"'<>(),;:.]`)

// spot collects what is surely personal in the body of a refusal. The names of its members
// do not count: connectors go by its code and its message.
func (m *mask) spot(v any) {
	switch x := v.(type) {
	case map[string]any:
		for _, e := range x {
			m.spot(e)
		}
	case []any:
		for _, e := range x {
			m.spot(e)
		}
	case string:
		for _, text := range address.FindAllString(x, -1) {
			m.learn(text, true)
		}
	}
}

// isOurs reports a text that the conformance suite has made up, which must stay as it is.
func isOurs(text string) bool {
	return strings.HasPrefix(text, "pollux") || text == "2027-01-01T00:00:00Z"
}

// learn collects the personal values in a value; all is true inside a personal one.
func (m *mask) learn(v any, all bool) {
	switch x := v.(type) {
	case map[string]any:
		for name, e := range x {
			m.learn(e, all || m.rules.Personal(name))
		}
	case []any:
		for _, e := range x {
			m.learn(e, all)
		}
	case string:
		if all && x != "" && !isOurs(x) && !m.rules.Words[x] {
			m.texts[x] = ""
		} else {
			m.plain[x] = true
		}
	case json.Number:
		if all && x != one {
			m.numbers[x] = ""
		}
	}
}

// shortest is the length of the shortest text that is replaced inside others.
const shortest = 4

// decide makes up what stands for each value.
func (m *mask) decide() {
	rank := map[string]int{}
	for _, text := range slices.SortedFunc(maps.Keys(m.texts), compare) {
		kind := kindOf(text)
		rank[kind]++
		m.texts[text] = madeUp(kind, text, rank[kind])
	}
	numbers := slices.SortedFunc(maps.Keys(m.numbers), func(a, b json.Number) int {
		x, _ := a.Float64()
		y, _ := b.Float64()
		return int(min(1, max(-1, x-y)))
	})
	for i, n := range numbers {
		m.numbers[n] = json.Number(strconv.Itoa(1001 + i))
		if strings.ContainsAny(n.String(), ".eE") {
			m.numbers[n] += ".5"
		}
	}
	var pairs []string
	longestFirst := slices.SortedFunc(maps.Keys(m.texts), func(a, b string) int { return len(b) - len(a) })
	for _, text := range longestFirst {
		if len(text) < shortest || !slices.Contains([]string{kindEmail, kindPhone, kindText}, kindOf(text)) {
			continue // it stands in other texts by chance
		}
		pairs = append(pairs, text, m.texts[text])
		for _, escape := range []func(string) string{url.QueryEscape, url.PathEscape} {
			if e := escape(text); e != text {
				pairs = append(pairs, e, escape(m.texts[text]))
			}
		}
	}
	m.inside = strings.NewReplacer(pairs...)
}

// The kinds of texts. A made-up text is of the same kind.
const (
	kindEmail  = "email"
	kindPhone  = "phone"
	kindTime   = "time"
	kindDay    = "day"
	kindNumber = "number"
	kindText   = "text"
)

var phone = regexp.MustCompile(`^[+(]?[0-9][0-9 ().-]{5,}[0-9]$`)

func kindOf(text string) string {
	if _, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return kindTime
	}
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		return kindDay
	}
	switch {
	case strings.Contains(text, "@") && !strings.ContainsAny(text, " \n"):
		return kindEmail
	case strings.Trim(text, "0123456789") == "" && len(text) < 7:
		return kindNumber
	case phone.MatchString(text):
		return kindPhone
	}
	return kindText
}

// compare orders texts as a service would: moments by time.
func compare(a, b string) int {
	x, errA := time.Parse(time.RFC3339Nano, a)
	y, errB := time.Parse(time.RFC3339Nano, b)
	if errA == nil && errB == nil && !x.Equal(y) {
		return x.Compare(y)
	}
	return strings.Compare(a, b)
}

// madeUp is the nth text of a kind.
func madeUp(kind, text string, n int) string {
	day := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n)
	switch kind {
	case kindEmail:
		return fmt.Sprintf("person%05d@example.com", n)
	case kindPhone:
		return fmt.Sprintf("+1555%07d", n)
	case kindTime:
		return day.Format(time.RFC3339)
	case kindDay:
		return day.Format(time.DateOnly)
	case kindNumber:
		return fmt.Sprintf("%06d", n)
	}
	if strings.TrimSpace(text) == "" {
		return text // it says nothing
	}
	return fmt.Sprintf("Text %05d", n)
}

// exchange is an exchange as it may be written down.
func (m *mask) exchange(e Exchange) Exchange {
	e.Request.Path = m.path(e.Request.Path)
	e.Request.Body = m.value(e.Request.Body, false)
	if e.Answer.Status < http.StatusBadRequest {
		e.Answer.Body = m.value(e.Answer.Body, false)
	} else {
		e.Answer.Body = m.refusal(e.Answer.Body)
	}
	query := Values{}
	for name, values := range e.Request.Query {
		for _, v := range values {
			text, _ := m.value(v, m.rules.Personal(name)).(string)
			query[name] = append(query[name], text)
		}
	}
	if e.Request.Query = query; len(query) == 0 {
		e.Request.Query = nil
	}
	e.Answer.Text = m.text(e.Answer.Text)
	header := map[string]string{}
	for _, name := range m.rules.Headers {
		if v := e.Answer.Header[http.CanonicalHeaderKey(name)]; v != "" {
			header[http.CanonicalHeaderKey(name)] = m.text(v)
		}
	}
	e.Answer.Header = header
	return e
}

// refusal is the body of a refusal as it may be written down.
func (m *mask) refusal(v any) any {
	named := m.rules.Personal
	m.rules.Personal = func(string) bool { return false }
	defer func() { m.rules.Personal = named }()
	return m.value(v, false)
}

// path masks what stands in the parts of a path.
func (m *mask) path(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if plain, err := url.PathUnescape(part); err == nil && m.texts[plain] != "" && (!isWord(plain) || !m.plain[plain]) {
			parts[i] = url.PathEscape(m.texts[plain])
		} else if err != nil || !isWord(plain) {
			parts[i] = m.text(part)
		}
	}
	return strings.Join(parts, "/")
}

// leaf returns what stands for a text that is a value of its own.
func (m *mask) leaf(text string, all bool) string {
	mine := m.texts[text]
	switch {
	case mine != "" && (all || !isWord(text)):
		return mine // also under another name: a record whose id is its address
	case isWord(text):
		return m.rules.Redact(text) // it may be one of a closed list
	}
	return m.text(text)
}

// isWord reports a text that is a single word, and so may mean something else elsewhere.
func isWord(text string) bool { return !strings.ContainsAny(text, " @/+\n,;:") }

// text masks what stands inside a text.
func (m *mask) text(text string) string { return m.rules.Redact(m.inside.Replace(text)) }

// value returns a value with made-up ones in the place of personal ones.
func (m *mask) value(v any, all bool) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for name, e := range x {
			out[name] = m.value(e, all || m.rules.Personal(name))
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = m.value(e, all)
		}
		return out
	case string:
		return m.leaf(x, all)
	case json.Number:
		if all && x != one {
			return m.numbers[x]
		}
	}
	return v
}
