package stibee

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pollux-automation/pollux/connectors/sandbox/service"
	"github.com/pollux-automation/pollux/connectors/sandbox/stibee/wire"
)

// addList makes an empty list without senders. It takes the map over and adds the id and
// the owner.
func (b *Workspace) addList(id int, info map[string]any) *mailingList {
	info["id"], info["owner"] = id, "owner@example.com"
	l := &mailingList{info: info, subscribers: map[string]*subscriber{}, groups: map[int]*group{}, senders: map[string]sender{}}
	b.lists[id] = l
	return l
}

// NextID numbers lists, groups and e-mails from one sequence, so that no id of one is ever
// an id of another. The caller holds the lock.
func (b *Workspace) NextID() int {
	b.lastID++
	return b.lastID
}

// listLists answers with an array; whether the service does is not documented. They
// come by id, the highest first unless sortOrder is asc.
func (b *Workspace) listLists(c *service.Call) service.Answer {
	order, refused := wire.Word(c, "sortOrder", "desc", "asc")
	if refused.Status != 0 {
		return refused
	}
	ids := make([]int, 0, len(b.lists))
	for id := range b.lists {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if order == "desc" || c.Suffers(service.Unsorted) {
		slices.Reverse(ids)
	}
	ids = service.Rows(c, ids)
	from, to, refused := wire.Page(c, len(ids), 100)
	if refused.Status != 0 {
		return refused
	}
	infos := []any{}
	for _, id := range ids[from:to] {
		infos = append(infos, maps.Clone(b.lists[id].info))
	}
	return wire.Say(infos)
}

// getList has no times: lists carry none (OpenAPI file of 2026-05-15).
func (b *Workspace) getList(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	return wire.Say(maps.Clone(l.info))
}

// listInfo are the fields of a list that can be written.
//
//nolint:gochecknoglobals // a table
var listInfo = []string{"name", "senderName", "companyName", "companyContact", "companyAddress"}

// createList wants all five members, as the documentation does (read 2026-09).
func (b *Workspace) createList(c *service.Call) service.Answer {
	info := map[string]any{}
	if refused := wire.NewForm(strings.Join(listInfo, "! ")+"!").Read(c, &info); refused.Status != 0 {
		return refused
	}
	id := b.NextID()
	b.addList(id, info)
	c.Target = strconv.Itoa(id)
	return wire.Say(map[string]any{"id": id})
}

// updateList takes the members that are sent and not empty. The schema requires all
// five, the text beside it says to send what changes; the sandbox follows the text
// (read 2026-09).
func (b *Workspace) updateList(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	var body map[string]any
	if refused := wire.NewForm(strings.Join(listInfo, " ")).Read(c, &body); refused.Status != 0 {
		return refused
	}
	for _, name := range listInfo {
		if v := service.Text(body[name]); v != "" {
			l.info[name] = v
		}
	}
	return wire.OK()
}

// deleteList deletes the subscribers and groups with the list.
func (b *Workspace) deleteList(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	delete(b.lists, l.info["id"].(int)) //nolint:forcetypeassert // set in addList alone
	return wire.OK()
}

// copyList copies what describes the list; that neither subscribers nor groups come
// along is a guess.
func (b *Workspace) copyList(c *service.Call) service.Answer {
	l, refused := b.list(c)
	if refused.Status != 0 {
		return refused
	}
	info := map[string]any{}
	for _, name := range listInfo {
		info[name] = l.info[name]
	}
	id := b.NextID()
	b.addList(id, info)
	return wire.Say(map[string]any{"id": id})
}
