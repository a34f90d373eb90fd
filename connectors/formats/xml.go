package formats

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// element is a part of an XML document.
type element struct {
	name  string
	line  int
	attrs []attribute
	kids  []*element
	text  []byte
	null  bool // it says of itself that it is nothing
}

// attribute is one of an element.
type attribute struct{ name, value string }

// readXML returns an object whose one member is the root of a document.
func readXML(text []byte, a Answer) ([]byte, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("the answer is empty: XML has a root")
	}
	if start := bytes.TrimSpace(text); start[0] == '{' || start[0] == '[' {
		return nil, errors.New("the answer is JSON and not XML")
	}
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	w := &writer{object: a.Object, list: a.List}
	return w.document(root, a.Paths)
}

// parser builds the tree of a document.
type parser struct {
	dec   *xml.Decoder
	root  *element
	open  []*element
	count int
}

// parse reads a document. It has no external parts: declarations of types are refused, so that
// there are no entities but the five of XML itself.
func parse(text []byte) (*element, error) {
	p := &parser{dec: xml.NewDecoder(bytes.NewReader(text))}
	p.dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it was decoded already
	for {
		token, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = p.take(token)
		}
		if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
			return nil, atLine(e.Line, "the answer is no XML: %s", e.Msg)
		}
		if err != nil {
			return nil, err
		}
	}
	if p.root == nil {
		return nil, errors.New("the answer is no XML: it has no root")
	}
	return p.root, nil
}

// take takes one token.
func (p *parser) take(token xml.Token) error {
	line, _ := p.dec.InputPos()
	switch t := token.(type) {
	case xml.Directive:
		return atLine(line, "the document declares a type (DOCTYPE), which is not read")
	case xml.StartElement:
		return p.start(t, line)
	case xml.EndElement:
		p.open = p.open[:len(p.open)-1]
	case xml.CharData:
		if len(p.open) > 0 {
			e := p.open[len(p.open)-1]
			e.text = append(e.text, t...)
		} else if len(bytes.TrimSpace(t)) > 0 {
			return atLine(line, "there is text outside of the root")
		}
	}
	return nil
}

// start begins an element.
func (p *parser) start(t xml.StartElement, line int) error {
	p.count++
	switch {
	case p.root != nil && len(p.open) == 0:
		return atLine(line, "the document goes on after its root")
	case len(p.open) >= maxDepth:
		return atLine(line, "elements are nested more than %d deep", maxDepth)
	case p.count > maxElements:
		return atLine(line, "there are more than %d elements", maxElements)
	case len(t.Attr) > maxColumns:
		return atLine(line, "<%.40s> has more than %d attributes", t.Name.Local, maxColumns)
	}
	e := &element{name: t.Name.Local, line: line}
	if err := e.take(t); err != nil {
		return err
	}
	if len(p.open) == 0 {
		p.root = e
	} else {
		parent := p.open[len(p.open)-1]
		parent.kids = append(parent.kids, e)
	}
	p.open = append(p.open, e)
	return nil
}

// take takes the attributes. Those that declare namespaces say nothing of the content.
func (e *element) take(t xml.StartElement) error {
	seen := map[string]bool{}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns":
			continue
		case strings.HasSuffix(a.Name.Space, "XMLSchema-instance"):
			e.null = e.null || a.Name.Local == "nil" && (a.Value == "true" || a.Value == "1")
			continue
		case seen[a.Name.Local]:
			return atLine(e.line, "<%.40s> has two attributes %.40q", e.name, a.Name.Local)
		}
		seen[a.Name.Local] = true
		e.attrs = append(e.attrs, attribute{a.Name.Local, a.Value})
	}
	return nil
}

// content is the text of an element, without the space around it.
func (e *element) content() string { return string(bytes.TrimSpace(e.text)) }

// bare reports an element that holds nothing but attributes.
func (e *element) bare() bool { return len(e.kids) == 0 && e.content() == "" }

// group is all children of one name, in their order.
type group struct {
	name string
	all  []*element
}

// groups returns the children by name, in the order in which the names first come.
func (e *element) groups() []group {
	var out []group
	at := make(map[string]int, len(e.kids))
	for _, kid := range e.kids {
		i, known := at[kid.name]
		if !known {
			i = len(out)
			at[kid.name] = i
			out = append(out, group{name: kid.name})
		}
		out[i].all = append(out[i].all, kid)
	}
	return out
}
