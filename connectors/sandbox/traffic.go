package sandbox

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Traffic says how the people of the simulated location go about their work.
// Rates are changes per second.
type Traffic struct {
	NewContacts     float64 `json:"new_contacts"`
	ChangedContacts float64 `json:"changed_contacts"`
	Notes           float64 `json:"notes"`
	Tasks           float64 `json:"tasks"`
}

// Change tells of one change that traffic made.
type Change struct {
	What    string `json:"what"` // "contact created", "note added", …
	Contact string `json:"contact"`
	Name    string `json:"name"`
}

// Run makes changes at the rates of the traffic until ctx ends and calls seen, if
// it is not nil, after each.
func (s *Sandbox) Run(ctx context.Context, t Traffic, seen func(Change)) {
	const tick = 50 * time.Millisecond
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	kinds := []struct {
		rate float64
		do   func() Change
		owed float64
	}{
		{rate: t.NewContacts, do: s.newContact},
		{rate: t.ChangedContacts, do: s.changedContact},
		{rate: t.Notes, do: s.newNote},
		{rate: t.Tasks, do: s.newTask},
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for i := range kinds {
			k := &kinds[i]
			for k.owed += k.rate * tick.Seconds(); k.owed >= 1; k.owed-- {
				if c := k.do(); seen != nil && c.Contact != "" {
					seen(c)
				}
			}
		}
	}
}

func (s *Sandbox) newContact() Change {
	fields := person(s.Dice, s.Dice.Below(1_000_000))
	id := s.AddContact(fields)
	return Change{What: "contact created", Contact: id, Name: fmt.Sprint(fields["firstName"], " ", fields["lastName"])}
}

func (s *Sandbox) changedContact() Change {
	fields := edit(s.Dice)
	return s.with("contact changed", func(id string) error { return s.UpdateContact(id, fields) })
}

func (s *Sandbox) newNote() Change {
	return s.with("note added", func(id string) error { return s.highlevel.AddNote(id, pickOne(s.Dice, noteTexts)) })
}

func (s *Sandbox) newTask() Change {
	due := s.Now().AddDate(0, 0, 1+s.Dice.Below(14))
	return s.with("task added", func(id string) error { return s.highlevel.AddTask(id, pickOne(s.Dice, taskTitles), due) })
}

// with does something to a contact drawn by chance; the zero Change means that
// there was none, or that it was deleted in between.
func (s *Sandbox) with(what string, do func(id string) error) Change {
	id, name := s.highlevel.Pick()
	if id == "" || do(id) != nil {
		return Change{}
	}
	return Change{What: what, Contact: id, Name: name}
}

// person makes up a contact. The number keeps its address apart from others.
func person(d *service.Dice, n int) map[string]any {
	first, last := pickOne(d, firstNames), pickOne(d, lastNames)
	fields := map[string]any{
		"firstName": first, "lastName": last,
		"email":   fmt.Sprintf("%s.%s.%d.%s@example.com", strings.ToLower(first), strings.ToLower(last), n, strings.ToLower(d.ID(4))),
		"phone":   fmt.Sprintf("+1555%07d", d.Below(10_000_000)),
		"city":    pickOne(d, cities),
		"country": "US",
		"source":  pickOne(d, sources),
		"dnd":     d.Happens(0.03),
	}
	if d.Happens(0.3) {
		fields["companyName"] = pickOne(d, lastNames) + " " + pickOne(d, companyKinds)
	}
	tags := []any{}
	if d.Happens(0.1) {
		tags = append(tags, "vip")
	}
	if d.Happens(0.5) {
		tags = append(tags, pickOne(d, tagNames))
	}
	fields["tags"] = tags
	return fields
}

// edit makes up what somebody changes on a contact.
func edit(d *service.Dice) map[string]any {
	switch d.Below(4) {
	case 0:
		return map[string]any{"phone": fmt.Sprintf("+1555%07d", d.Below(10_000_000))}
	case 1:
		return map[string]any{"city": pickOne(d, cities), "address1": fmt.Sprintf("%d Example Street", 1+d.Below(900))}
	case 2:
		return map[string]any{"lastName": pickOne(d, lastNames)}
	}
	return map[string]any{"tags": []any{pickOne(d, tagNames), pickOne(d, tagNames)}}
}

func pickOne(d *service.Dice, words []string) string { return words[d.Below(len(words))] }

// The words of made-up data.
//
//nolint:gochecknoglobals // tables
var (
	firstNames = []string{
		"Ada", "Ben", "Chloe", "Daniel", "Elif", "Felix", "Grace", "Hana", "Ivan", "Jin", "Kofi", "Lena", "Mina", "Noah",
		"Olga", "Pablo", "Quinn", "Rosa", "Sora", "Tariq", "Uma", "Vera", "Wen", "Ximena", "Yuna", "Zoe",
	}
	lastNames = []string{
		"Adler", "Bauer", "Choi", "Dietz", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jones", "Kim", "Lopez", "Meyer",
		"Novak", "Okafor", "Park", "Quist", "Rossi", "Silva", "Tanaka", "Ueda", "Vogel", "Wagner", "Xu", "Young", "Zeller",
	}
	cities       = []string{"Austin", "Boston", "Chicago", "Denver", "El Paso", "Fresno", "Houston", "Miami", "Portland", "Seattle"}
	sources      = []string{"website", "referral", "event", "advert", "import"}
	companyKinds = []string{"Bakery", "Consulting", "Dental", "Fitness", "Gardens", "Legal", "Motors", "Studio"}
	tagNames     = []string{"lead", "customer", "newsletter", "trial", "webinar", "vip"}
	noteTexts    = []string{
		"Called, will think about it.", "Asked for a quote.", "Prefers e-mail over phone.",
		"Met at the event, very interested.", "Wants to hear from us next month.",
	}
	taskTitles = []string{"Call back", "Send the offer", "Book a demo", "Ask for feedback", "Check the contract"}
)
