package setup

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

//nolint:gochecknoglobals // a table
var tagShape = &service.Shape{Fields: map[string]service.Kind{"name": service.String}, Required: []string{"name"}}

func (s *Setup) seedTags() {
	s.tags = wire.Objects{
		Site: s.site, Name: "Tag", Var: "tagId", One: "tag", Many: "tags", New: tagShape, Edit: tagShape, Write: s.writeTag,
		Created: http.StatusOK, // spec file of 2026-06-19
	}
}

// Tagged tells of the tags of a contact. A tag that is new to the location is kept, also
// when no contact has it any more.
func (s *Setup) Tagged(names []string) {
	for _, name := range names {
		if !s.named[name] {
			s.named[name] = true
			id := tagID(name)
			if _, renamed := s.tags.Get(id); renamed {
				id = ""
			}
			s.tags.Add(wire.Object{"id": id, "name": name})
		}
	}
}

// tagID makes an id of a name, so that what contacts are tagged with draws nothing by
// chance.
func tagID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:10])
}

// writeTag lower-cases a name, as contacts show theirs, and refuses one that is there
// already; both are guesses. A tag that is renamed is renamed on all contacts.
func (s *Setup) writeTag(former, body wire.Object) (wire.Object, service.Answer) {
	name, was := strings.ToLower(strings.TrimSpace(service.Text(body["name"]))), service.Text(former["name"])
	switch {
	case name == "":
		return nil, wire.Refuse(http.StatusUnprocessableEntity, "name should not be empty")
	case s.named[name] && name != was:
		return nil, wire.Refuse(http.StatusBadRequest, "The tag name is already there.")
	case former == nil:
		s.named[name] = true
		return wire.Object{"name": name}, service.Answer{}
	case name != was:
		delete(s.named, was)
		s.named[name] = true
		s.Retag(was, name)
	}
	return wire.Object{"name": name}, service.Answer{}
}

// deleteTag takes the tag off all contacts too (a guess).
func (s *Setup) deleteTag(c *service.Call) service.Answer {
	row, refused := s.tags.Named(c)
	if refused.Status != 0 {
		return refused
	}
	name := service.Text(row["name"])
	s.Retag(name, "")
	delete(s.named, name)
	return s.tags.ServeGone(c)
}
