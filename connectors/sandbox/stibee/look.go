package stibee

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
)

// Subscriber is a subscriber of a list, as a test looks at it.
type Subscriber struct {
	Email  string            `json:"email"`
	Status string            `json:"status"`
	Fields map[string]string `json:"fields"`
	// Groups are the ids of the groups that the subscriber is in, sorted.
	Groups []int `json:"groups,omitempty"`
}

// Subscribers returns the subscribers of a list in the order in which they came.
// An unknown list has none.
func (b *Workspace) Subscribers(list string) []Subscriber {
	b.service.Lock()
	defer b.service.Unlock()
	var out []Subscriber
	for id, l := range b.lists {
		if strconv.Itoa(id) != list {
			continue
		}
		groups := l.sortedGroups()
		for _, sub := range l.order {
			one := Subscriber{Email: sub.email, Status: sub.status, Fields: map[string]string{}}
			for key, v := range sub.fields {
				one.Fields[key] = service.Text(v)
			}
			for _, g := range groups {
				if g.members[strings.ToLower(sub.email)] {
					one.Groups = append(one.Groups, g.id)
				}
			}
			out = append(out, one)
		}
	}
	return out
}

// Sizes returns how many subscribers each list has, by the list's id.
func (b *Workspace) Sizes() map[string]int {
	b.service.Lock()
	defer b.service.Unlock()
	out := map[string]int{}
	for id, l := range b.lists {
		out[strconv.Itoa(id)] = len(l.order)
	}
	return out
}

// The methods below are what e-mails see of the lists; the caller holds the lock.

// Has reports whether a list is there.
func (b *Workspace) Has(list int) bool { return b.lists[list] != nil }

// Knows reports whether a list has all of some groups, and an address as its sender.
func (b *Workspace) Knows(list int, groups []int, sender string) (groupsKnown, senderKnown bool) {
	l := b.lists[list]
	_, senderKnown = l.senders[strings.ToLower(sender)]
	return !slices.ContainsFunc(groups, func(id int) bool { return l.groups[id] == nil }), senderKnown
}

// Subscribed returns the addresses of a list that get its e-mails, those of some groups
// where there are any.
func (b *Workspace) Subscribed(list int, groups []int) []string {
	l := b.lists[list]
	if l == nil {
		return nil
	}
	var out []string
	for _, s := range l.order {
		in := func(id int) bool { return l.groups[id] != nil && l.groups[id].members[strings.ToLower(s.email)] }
		if s.status == "subscribed" && (len(groups) == 0 || slices.ContainsFunc(groups, in)) {
			out = append(out, s.email)
		}
	}
	return out
}

// SetStatus gives a subscriber another status; false for an unknown one.
func (b *Workspace) SetStatus(list int, address, status string) bool {
	l := b.lists[list]
	if l == nil || l.subscribers[strings.ToLower(address)] == nil {
		return false
	}
	s := l.subscribers[strings.ToLower(address)]
	s.status, s.modified = status, b.world.Now()
	return true
}

// ErrUnknownSubscriber is returned for an address that a list does not have.
var ErrUnknownSubscriber = errors.New("there is no such subscriber")

// Archive takes a subscriber out as the service does after a hard bounce. The error is
// [ErrUnknownSubscriber].
func (b *Workspace) Archive(list, address string) error {
	b.service.Lock()
	defer b.service.Unlock()
	id, err := strconv.Atoi(list)
	if err != nil || !b.SetStatus(id, address, archived) {
		return fmt.Errorf("%w: %s in %s", ErrUnknownSubscriber, address, list)
	}
	return nil
}

// Act lets a subscriber do something with an e-mail; see [mails.Box.Act].
func (b *Workspace) Act(id int, address, action, value string) error {
	b.service.Lock()
	defer b.service.Unlock()
	return b.mails.Act(id, address, action, value)
}
