package openapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"

	"github.com/getkin/kin-openapi/openapi3"
)

// notYAML is a member of what is handed to the library. It reads JSON as YAML, in which
// objects with many members take it minutes, unless a text holds this character, which the
// two read differently.
const notYAML = "x-pollux-json"

// load hands a document to the library. It asks for files by names relative to the folder,
// as [repairer] wrote them into the references, and gets what was read and repaired: it
// opens nothing itself.
func load(f *files) (doc *openapi3.T, err error) {
	texts := map[string][]byte{} // the library asks for a file at each reference to it
	for file, tree := range f.trees {
		if m, ok := tree.(map[string]any); ok {
			m[notYAML] = "\u0085"
		}
		if texts[file], err = json.Marshal(tree); err != nil {
			return nil, &Error{File: f.name, Text: "the document cannot be read: " + err.Error()}
		}
	}
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = true
	loader.JoinFunc = func(_, to *url.URL) *url.URL { return &url.URL{Path: path.Clean(to.Path)} }
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, at *url.URL) ([]byte, error) {
		file := path.Clean(at.Path)
		if file == f.main {
			file = ""
		}
		text, known := texts[file]
		if !known || at.Scheme != "" || at.Host != "" {
			return nil, fmt.Errorf("the file %.100q is not one of those beside the document", at)
		}
		return text, nil
	}
	doc, err = loader.LoadFromDataWithPath(texts[""], &url.URL{Path: f.main})
	if err != nil {
		return nil, &Error{File: f.name, Text: fmt.Sprintf("the document cannot be read: %.500s", err), Suggestion: "ask the service for a corrected one, or take this part out"}
	}
	return doc, nil
}
