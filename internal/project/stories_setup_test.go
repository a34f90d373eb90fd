package project_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"

	"github.com/pollux-automation/pollux/internal/testkit"
)

// ask sends a request to HighLevel that the connector has no operation for, and returns
// the answer's object.
func (s *sandboxed) ask(method, path string, body map[string]any) map[string]any {
	s.t.Helper()
	raw, err := json.Marshal(body)
	s.must(err)
	if body == nil {
		raw = nil
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.at.HighLevelURL+path, bytes.NewReader(raw))
	s.must(err)
	r.Header.Set("Authorization", "Bearer "+s.at.HighLevelToken)
	r.Header.Set("Version", "2021-07-28")
	answer, err := testkit.Client(s.world.Handler()).Do(r)
	s.must(err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	s.must(err)
	if answer.StatusCode > 299 {
		s.t.Fatalf("%s %s: got status %d %s, want a success", method, path, answer.StatusCode, text)
	}
	var object map[string]any
	s.must(json.Unmarshal(text, &object))
	return object
}

// below is the path of something of the location.
func (s *sandboxed) below(path string) string { return "/locations/" + s.at.LocationID + path }

// askedStory is that of a kind of thing which people make in the web app, below the
// location: the connector reads it alone.
func askedStory(path, one string, fields, edit map[string]any) story {
	var id string
	return story{
		create: func(s *sandboxed, _ string) string {
			made, _ := s.ask("POST", s.below(path), fields)[one].(map[string]any)
			id = fmt.Sprint(made["id"])
			return id
		},
		change: func(s *sandboxed, _ string) string {
			s.ask("PUT", s.below(path+"/"+id), edit)
			return id
		},
		remove: func(s *sandboxed, _ string) string {
			s.ask("DELETE", s.below(path+"/"+id), nil)
			return id
		},
	}
}

// keptStory is that of a kind of thing which people make in the web app and no call makes.
func keptStory(kind, idField string, fields, edit map[string]any) story {
	var id string
	return story{
		create: func(s *sandboxed, _ string) string {
			id = s.keep(kind, fields)
			return id
		},
		change: func(s *sandboxed, _ string) string {
			changed := maps.Clone(edit)
			changed[idField] = id
			return s.keep(kind, changed)
		},
		remove: func(s *sandboxed, _ string) string {
			s.must(s.world.DiscardThing(kind, id))
			return id
		},
	}
}

// keep writes a thing that people make in the web app, and returns its id.
func (s *sandboxed) keep(kind string, fields map[string]any) string {
	s.t.Helper()
	id, err := s.world.KeepThing(kind, fields)
	s.must(err)
	return id
}

// newLocation makes a location beside that of the sandbox.
func newLocation(s *sandboxed) string {
	return fmt.Sprint(s.call("highlevel", "location.create", map[string]any{"name": "Second studio"})["id"])
}

// setupStories are those of what a location is set up with, and of what lies above it.
func setupStories() map[string]story {
	const company = "sandboxCompany000001"
	var place string
	return map[string]story{
		"highlevel.custom_field.list": askedStory("/customFields", "customField",
			map[string]any{"name": "Shoe size", "dataType": "NUMERICAL"}, map[string]any{"name": "Size of shoes"}),
		"highlevel.custom_value.list": askedStory("/customValues", "customValue",
			map[string]any{"name": "Street", "value": "1 Example Street"}, map[string]any{"name": "Street", "value": "2 Example Street"}),
		"highlevel.tag.list":      askedStory("/tags", "tag", map[string]any{"name": "guest"}, map[string]any{"name": "friend"}),
		"highlevel.workflow.list": keptStory("workflow", "id", map[string]any{"name": "Reminder", "status": "draft"}, map[string]any{"status": "published"}),
		"highlevel.campaign.list": keptStory("campaign", "id", map[string]any{"name": "Summer", "status": "draft"}, map[string]any{"status": "published"}),
		"highlevel.snapshot.list": keptStory("snapshot", "id", map[string]any{"name": "Gym", "type": "own"}, map[string]any{"name": "Gyms"}),
		"highlevel.company.get": {
			impossible: "created: the agency is there before the account; removed: its token goes with it",
			change: func(s *sandboxed, _ string) string {
				return s.keep("company", map[string]any{"id": company, "name": "Other agency"})
			},
		},
		"highlevel.location.search": {
			create: func(s *sandboxed, _ string) string {
				place = newLocation(s)
				return place
			},
			change: func(s *sandboxed, _ string) string {
				s.ask("PUT", "/locations/"+place, map[string]any{"companyId": company, "city": "Ulm"})
				return place
			},
			remove: func(s *sandboxed, _ string) string {
				s.ask("DELETE", "/locations/"+place+"?deleteTwilioAccount=false", nil)
				return place
			},
		},
	}
}
