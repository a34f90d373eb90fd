package form_test

import (
	"strings"
	"testing"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/connectors/httpapi/form"
)

func TestTitleIn_IsNoPath(t *testing.T) {
	t.Parallel()
	for disposition, want := range map[string]string{
		"":                       "",
		"inline":                 "",
		"attachment; filename":   "",
		"attachment; filename=.": "", "attachment; filename=..": "",
		"attachment; filename=audio.wav":                   "audio.wav",
		`attachment; filename="a b.wav"`:                   "a b.wav",
		`attachment; filename="../../etc/passwd"`:          "passwd",
		`attachment; filename="C:\\\\x\\\\y.txt"`:          "y.txt",
		`attachment; filename="a/"`:                        "",
		"attachment; filename*=UTF-8''%EC%84%9C.txt":       "서.txt",
		"attachment; filename*=UTF-8''a%0D%0AX: y.txt":     "",
		"attachment; filename*=UTF-8''a%0D%0Ab.txt":        "ab.txt",
		"attachment; filename=" + strings.Repeat("x", 300): "",
	} {
		if got := form.TitleIn(disposition); got != want {
			t.Errorf("title in %q = %q, want %q", disposition, got, want)
		}
	}
}

func TestTitle_HasTheEndingOfItsType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ title, kind, want string }{
		{"a.bin", "audio/mpeg", "a.bin"},
		{"", "audio/mpeg", "file.mp3"},
		{"", "text/plain; charset=utf-8", "file.txt"},
		{"", "application/x-unknown", "file"},
		{"", "", "file"},
		{"", "no type", "file"},
	} {
		if got := form.Title(connectors.File{Title: tt.title, Type: tt.kind}); got != tt.want {
			t.Errorf("title of %q with the type %q = %q, want %q", tt.title, tt.kind, got, tt.want)
		}
	}
}
