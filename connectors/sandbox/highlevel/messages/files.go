package messages

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/highlevel/wire"
	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// getMessage answers under message, although the file shows it bare (recorded answers of
// 2026-07).
func (m *Messages) getMessage(c *service.Call) service.Answer {
	found, refused := m.message(c, c.Vars["id"])
	if refused.Status != 0 {
		return refused
	}
	return m.site.Say(http.StatusOK, wire.Object{"message": m.show(found)})
}

// getEmail answers with a bare e-mail, as the spec file of 2026-06-19 has it.
func (m *Messages) getEmail(c *service.Call) service.Answer {
	found, refused := m.message(c, c.Vars["id"])
	if refused.Status != 0 {
		return refused
	}
	if found.email == "" {
		return wire.Refuse(http.StatusBadRequest, "Email message not found for id: "+c.Vars["id"])
	}
	return m.site.Say(http.StatusOK, m.mail(found))
}

// thing returns what hangs on a message. How the service says that there is none is not
// documented.
func (m *Messages) thing(c *service.Call, of *wire.Objects) (wire.Object, service.Answer) {
	if _, refused := m.message(c, c.Vars["messageId"]); refused.Status != 0 {
		return nil, refused
	}
	row, ok := of.Get(c.Vars["messageId"])
	if !ok {
		return nil, of.Unknown(c.Vars["messageId"])
	}
	return row, service.Answer{}
}

// recording answers with a sound.
func (m *Messages) recording(c *service.Call) service.Answer {
	row, refused := m.thing(c, &m.recordings)
	if refused.Status != 0 {
		return refused
	}
	c.Head.Set("Content-Disposition", "attachment; filename=audio.wav")
	return service.Answer{Status: http.StatusOK, Text: text(row, "sound"), Type: "audio/x-wav"}
}

// transcription answers with a list of sentences; the file shows a single one (a guess).
func (m *Messages) transcription(c *service.Call) service.Answer {
	row, refused := m.thing(c, &m.transcripts)
	if refused.Status != 0 {
		return refused
	}
	sentences := []wire.Object{}
	for i, line := range strings.Split(text(row, "text"), "\n") {
		sentences = append(sentences, wire.Object{
			"mediaChannel": 1 + i%2, "sentenceIndex": i, "startTime": 3 * i, "endTime": 3*i + 2, "transcript": line, "confidence": 0.9,
		})
	}
	return service.Answer{Status: http.StatusOK, Value: sentences}
}

func (m *Messages) transcriptionFile(c *service.Call) service.Answer {
	row, refused := m.thing(c, &m.transcripts)
	if refused.Status != 0 {
		return refused
	}
	c.Head.Set("Content-Disposition", `attachment; filename="transcription.txt"`)
	return service.Answer{Status: http.StatusOK, Text: text(row, "text")}
}

// upload takes the files of a form and says where they are. It keeps nothing of them; that
// the files come under fileAttachment or any other name is a guess.
func (m *Messages) upload(c *service.Call) service.Answer {
	kind, params, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return wire.Refuse(http.StatusUnsupportedMediaType, "Content-Type must be multipart/form-data")
	}
	fields, files := map[string]string{}, wire.Object{}
	parts := multipart.NewReader(bytes.NewReader(c.Body), params["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return wire.Refuse(http.StatusBadRequest, "Unexpected end of form")
		}
		if name := part.FileName(); name != "" {
			files[name] = "https://files.example.com/" + m.site.World.Dice.ID(20) + "/" + name
			continue
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return wire.Refuse(http.StatusBadRequest, "Unexpected end of form")
		}
		fields[part.FormName()] = string(value)
	}
	if refused := m.site.Foreign(fields["locationId"]); refused.Status != 0 {
		return refused
	}
	if _, refused := m.conversation(c, fields["conversationId"]); refused.Status != 0 {
		return refused
	}
	return m.site.Say(http.StatusOK, wire.Object{"uploadedFiles": files})
}
