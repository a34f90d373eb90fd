package stibee

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
	"github.com/pollux-automation/pollux/connectors/sandbox/stibee/wire"
)

// group returns the group that a path names. A group of another list is as unknown as
// one that never was.
func (b *Workspace) group(c *service.Call) (*mailingList, *group, service.Answer) {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return nil, nil, refused
	}
	id, err := strconv.Atoi(c.Vars["groupId"])
	if err != nil || l.groups[id] == nil {
		return nil, nil, wire.Refuse("List.NoSuchGroup")
	}
	return l, l.groups[id], service.Answer{}
}

// sortedGroups returns the groups by id, which is the order in which they were made.
func (l *mailingList) sortedGroups() []*group {
	groups := make([]*group, 0, len(l.groups))
	for _, g := range l.groups {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *group) int { return a.id - b.id })
	return groups
}

// listGroups has times in RFC 3339, unlike the list of subscribers (OpenAPI file of
// 2026-05-15).
func (b *Workspace) listGroups(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	by, refused := wire.Word(c, "sortBy", "id", "name")
	if refused.Status != 0 {
		return refused
	}
	order, refused := wire.Word(c, "sortOrder", "asc", "desc")
	if refused.Status != 0 {
		return refused
	}
	groups := l.sortedGroups()
	if by == "name" {
		slices.SortStableFunc(groups, func(a, b *group) int { return strings.Compare(a.name, b.name) })
	}
	if order == "desc" || c.Suffers(service.Unsorted) {
		slices.Reverse(groups)
	}
	groups = service.Rows(c, groups)
	from, to, refused := wire.Page(c, len(groups), 100)
	if refused.Status != 0 {
		return refused
	}
	rows := []any{}
	for _, g := range groups[from:to] {
		rows = append(rows, map[string]any{"id": g.id, "name": g.name, "createdTime": wire.Time(g.created)})
	}
	return wire.Say(rows)
}

// groupName reads the name of a group that no other group of the list has.
func groupName(c *service.Call, l *mailingList) (string, service.Answer) {
	var body struct{ Name string }
	if refused := wire.NewForm("name!").Read(c, &body); refused.Status != 0 {
		return "", refused
	}
	for _, g := range l.groups {
		if g.name == body.Name {
			return "", wire.Refuse("List.AlreadyExistGroup")
		}
	}
	return body.Name, service.Answer{}
}

// createGroup stops at the number of groups that the plan allows (service docs, read
// 2026-09). What that is for each plan is not documented.
func (b *Workspace) createGroup(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	name, refused := groupName(c, l)
	if refused.Status != 0 {
		return refused
	}
	if len(l.groups) >= b.maxGroups {
		return wire.Refuse("List.TooManyGroups")
	}
	id := b.NextID()
	l.groups[id] = &group{id: id, name: name, created: c.Now, members: map[string]bool{}}
	return wire.Say(map[string]any{"id": id})
}

// updateGroup refuses the name that the group has already, like that of any other
// group (a guess).
func (b *Workspace) updateGroup(c *service.Call) service.Answer {
	l, g, refused := b.group(c)
	if refused.Status != 0 {
		return refused
	}
	name, refused := groupName(c, l)
	if refused.Status != 0 {
		return refused
	}
	g.name = name
	return wire.OK()
}

// deleteGroup leaves the members of the group subscribed.
func (b *Workspace) deleteGroup(c *service.Call) service.Answer {
	l, g, refused := b.group(c)
	if refused.Status != 0 {
		return refused
	}
	delete(l.groups, g.id)
	return wire.OK()
}

func (b *Workspace) assign(c *service.Call) service.Answer  { return b.member(c, true) }
func (b *Workspace) release(c *service.Call) service.Answer { return b.member(c, false) }

// member puts an address into a group or takes it out; both may be repeated. Only an
// assignment needs a subscriber that exists. The documentation says all three (read
// 2026-09).
func (b *Workspace) member(c *service.Call, in bool) service.Answer {
	l, g, refused := b.group(c)
	if refused.Status != 0 {
		return refused
	}
	var body struct{ Subscriber string }
	if refused := wire.NewForm("subscriber!").Read(c, &body); refused.Status != 0 {
		return refused
	}
	key := strings.ToLower(body.Subscriber)
	c.Target += "/" + key
	if !in {
		delete(g.members, key)
		return wire.OK()
	}
	if l.subscribers[key] == nil {
		return wire.Refuse("List.NotExistEmail")
	}
	g.members[key] = true
	return wire.OK()
}
