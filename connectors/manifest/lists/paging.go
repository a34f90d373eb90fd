package lists

import (
	"math"
	"strings"

	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/yamlnode"
)

// Style is a way of reading a list page by page.
type Style string

// The styles of paging.
const (
	NoPaging Style = "none"
	Cursor   Style = "cursor"    // values of the last answer go into the next request
	Numbered Style = "page"      // the number of the page
	Offset   Style = "offset"    // the number of records before the page
	NextLink Style = "next_link" // the answer holds the query of the next request
)

// Paging says how a list is read page by page.
type Paging struct {
	Style Style
	// SizeInput takes the number of records wanted; empty when it is not asked
	// for. Size is used when nobody asks for a number, MaxSize is the most that
	// the service gives.
	SizeInput string
	Size      int
	MaxSize   int
	// Carry says which inputs of the next request come from where; only Cursor.
	Carry []Carry
	// Input takes the number of the page or of the records; First is the number
	// of the first page. Only Numbered and Offset.
	Input string
	First int
	// Link leads to the address of the next page; only NextLink.
	Link []string
	// Last tells the last page from the others.
	Last LastPage
	// Total leads to the number of records in the whole list; may be empty.
	Total []string
}

// LastPage is a rule that tells the last page of a list.
type LastPage string

// The rules for the last page. With each of them a page whose answer holds no
// position for the next one is the last.
const (
	ShortIsLast  LastPage = "short"   // fewer records than asked for
	EmptyIsLast  LastPage = "empty"   // no record
	NoNextIsLast LastPage = "no_next" // only the missing position tells
)

// Carry takes a value from an answer into the next request.
type Carry struct {
	Input string
	// Last is true for a path inside the last record of the page, false for one
	// inside the whole answer.
	Last bool
	Path string
}

// maxPageSize is the largest page that is ever asked for.
const maxPageSize = 10_000

// ReadPaging reads how a list is read page by page. Where nothing else is said, the first
// page is number 1 or offset 0, and a page with fewer records than were asked for is
// the last. A list that takes no size cannot tell that, so there only an empty page
// ends it.
func ReadPaging(n *yamlnode.Node, into *diag.List) Paging {
	p := Paging{Style: NoPaging}
	m, ok := n.Mapping(into, pagingKeys...)
	if !ok {
		return p
	}
	word, _ := m.Need(into, "style", "style: offset").Word(into,
		string(NoPaging), string(Cursor), string(Numbered), string(Offset), string(NextLink))
	p.Style, p.Last, p.First = Style(word), ShortIsLast, 0
	if p.Style == Numbered {
		p.First = 1
	}
	p.size(m.Get("size"), into)
	p.carry(m.Get("carry"), into)
	p.Input, _ = m.Get("input").Text(into)
	if first, ok := m.Get("first").Int(into, 0, math.MaxInt32); ok {
		p.First = first
	}
	p.Link = Paths(m.Get("link"), into)
	if p.SizeInput == "" {
		p.Last = EmptyIsLast
	}
	if word, ok := m.Get("last").Word(into, string(ShortIsLast), string(EmptyIsLast), string(NoNextIsLast)); ok {
		p.Last = LastPage(word)
	}
	p.Total = Paths(m.Get("total"), into)
	if p.Style != "" {
		p.fits(m, into)
	}
	return p
}

// size reads the number of records a page. Without a default the largest is asked
// for: it costs the fewest requests.
func (p *Paging) size(n *yamlnode.Node, into *diag.List) {
	m, ok := n.Mapping(into, sizeKeys...)
	if !ok {
		return
	}
	p.SizeInput, _ = m.Need(into, "input", "input: limit").Text(into)
	p.MaxSize, _ = m.Need(into, "max", "max: 100").Int(into, 1, maxPageSize)
	p.Size = p.MaxSize
	if size, ok := m.Get("default").Int(into, 1, max(1, p.MaxSize)); ok {
		p.Size = size
	}
}

// carry reads which values of an answer go into the next request.
func (p *Paging) carry(n *yamlnode.Node, into *diag.List) {
	m, _ := n.Mapping(into)
	for _, f := range m.Fields() {
		text, ok := f.Value.Text(into)
		if !ok {
			continue
		}
		from, path, _ := strings.Cut(text, ".")
		if (from != "last" && from != "answer") || path == "" {
			into.Errorf(f.Value.At(), finding.CodePaging, "write last.id for a value of the last record, answer.next for one of the answer",
				"%q does not say where the value stands", text)
			continue
		}
		finding.Path(into, path, f.Value.At())
		p.Carry = append(p.Carry, Carry{Input: f.Name, Last: from == "last", Path: path})
	}
}

// fits reports what a style needs and what only other styles have.
func (p *Paging) fits(m yamlnode.Map, into *diag.List) {
	for _, rule := range []struct {
		key    string
		styles []Style
		needed bool
	}{
		{"carry", []Style{Cursor}, true},
		{"input", []Style{Numbered, Offset}, true},
		{"first", []Style{Numbered, Offset}, false},
		{"link", []Style{NextLink}, true},
	} {
		belongs := false
		for _, s := range rule.styles {
			belongs = belongs || s == p.Style
		}
		if m.Has(rule.key) && !belongs {
			into.Errorf(m.Get(rule.key).At(), finding.CodePaging, "leave it out, or change the style", "%q does not go with the style %q", rule.key, p.Style)
		}
		if belongs && rule.needed && !m.Has(rule.key) {
			into.Errorf(m.At(), finding.CodePaging, "", "the style %q needs %q", p.Style, rule.key)
		}
	}
	if p.Last == NoNextIsLast && (p.Style == Numbered || p.Style == Offset) {
		into.Errorf(m.Get("last").At(), finding.CodePaging, "write last: empty", "the style %q never comes to an end without an empty page", p.Style)
	}
	if p.Last == ShortIsLast && p.SizeInput == "" && p.Style != NoPaging {
		into.Errorf(m.At(), finding.CodePaging, "add size, or write last: empty", "without a size no page can be called short")
	}
}
