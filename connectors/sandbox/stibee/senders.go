package stibee

import (
	"maps"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
	"github.com/pollux-automation/pollux/connectors/sandbox/stibee/wire"
)

// sender is an address from which a list may send. Only the owner of an address can
// authorize it.
type sender struct {
	email      string
	authorized bool
}

// freeMail are domains that nobody can authorize; the documents name none, so these stand
// for all of them.
//
//nolint:gochecknoglobals // a table
var freeMail = []string{"gmail.com", "naver.com", "daum.net"}

// listSenders shows all at once, by address (the order is a guess).
func (b *Workspace) listSenders(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	keys := slices.Sorted(maps.Keys(l.senders))
	if c.Suffers(service.Unsorted) {
		slices.Reverse(keys)
	}
	rows := []any{}
	for _, key := range service.Rows(c, keys) {
		s := l.senders[key]
		rows = append(rows, map[string]any{"email": s.email, "authorized": s.authorized})
	}
	return wire.Say(rows)
}

// addSender takes an address that nobody has authorized yet. How one that is there is
// refused is a guess.
func (b *Workspace) addSender(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	var body struct{ Email string }
	if refused := wire.NewForm("email!").Read(c, &body); refused.Status != 0 {
		return refused
	}
	key := strings.ToLower(body.Email)
	_, domain, _ := strings.Cut(key, "@")
	switch _, there := l.senders[key]; {
	case !service.PlausibleEmail(key):
		return wire.Refuse("List.InvalidEmail")
	case slices.Contains(freeMail, domain):
		return wire.Refuse("List.NotPermittedSenderDomain")
	case there:
		return wire.Refuse("Data.Duplicated")
	}
	c.Target += "/" + key
	l.senders[key] = sender{email: body.Email}
	return wire.Say(map[string]any{"authorized": false})
}

// sender returns the key of the sender that a path names. An unknown one looks like one of
// somebody else (a guess).
func (b *Workspace) sender(c *service.Call) (*mailingList, string, service.Answer) {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return nil, "", refused
	}
	key := strings.ToLower(c.Vars["email"])
	if _, there := l.senders[key]; !there {
		return nil, "", wire.Refuse("Authorization.PermissionDenied")
	}
	c.Target += "/" + key
	return l, key, service.Answer{}
}

func (b *Workspace) deleteSender(c *service.Call) service.Answer {
	l, key, refused := b.sender(c)
	if refused.Status != 0 {
		return refused
	}
	delete(l.senders, key)
	return wire.OK()
}

// verifySender counts as if the owner had clicked at once. At the service it asks for the
// verification; how is not documented.
func (b *Workspace) verifySender(c *service.Call) service.Answer {
	l, key, refused := b.sender(c)
	if refused.Status != 0 {
		return refused
	}
	s := l.senders[key]
	s.authorized = true
	l.senders[key] = s
	return wire.OK()
}
