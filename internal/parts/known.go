package parts

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/settings"
)

// Known is what a store knows of the parts of accounts. The zero value knows none.
type Known struct {
	parts map[string][]store.Switch // by account
	lists map[string]store.Switch   // by account
}

// Read reads what the switches of a store say of parts.
func Read(switches []store.Switch) Known {
	k := Known{parts: map[string][]store.Switch{}, lists: map[string]store.Switch{}}
	for _, s := range switches {
		switch s.Kind {
		case store.SwitchPart:
			k.parts[s.Of] = append(k.parts[s.Of], s)
		case store.SwitchList:
			k.lists[s.Name] = s
		}
	}
	return k
}

// Of returns the parts of an account, also those that are lost, in the order of their names.
func (k Known) Of(account string) []store.Switch { return k.parts[account] }

// Part returns the part that is an account of a name; ok is false when there is none.
func (k Known) Part(name string) (s store.Switch, ok bool) {
	for _, list := range k.parts {
		if at := slices.IndexFunc(list, func(s store.Switch) bool { return s.Name == name }); at >= 0 {
			return list[at], true
		}
	}
	return s, false
}

// Trouble returns why the last list of an account's parts was not believed, and since when;
// empty when it was.
func (k Known) Trouble(account string) (words string, since time.Time) {
	return k.lists[account].Reason, k.lists[account].At
}

// The kinds of [Change].
const (
	Join   = "account.join"   // a part that was not known
	Lost   = "account.lost"   // one that is not listed any more
	Return = "account.return" // one that was lost and is listed again
	Quiet  = ""               // another name, or no account any more; nobody is told
)

// Change is what a list says of one part that the store does not know.
type Change struct {
	Kind string // also the action in the audit trail
	Part store.Switch
}

// Compare returns what a list changes of what is known of an account's parts, sorted by
// name. Parts that are not wanted are left as they are.
func (k Known) Compare(account string, wanted *settings.Parts, list []Part, now time.Time) (changes []Change) {
	listed := map[string]Part{}
	for _, p := range list {
		if wanted.Has(p.ID) {
			listed[p.ID] = p
		}
	}
	for _, s := range k.parts[account] {
		p, there := listed[s.ID]
		delete(listed, s.ID)
		switch {
		case !there && !s.Paused && wanted.Has(s.ID):
			s.Paused, s.At = true, now
			changes = append(changes, Change{Lost, s})
		case s.Paused && !wanted.Has(s.ID): // an account of that name may stand in the settings now
			s.Paused, s.At = false, now
			changes = append(changes, Change{Quiet, s})
		case there && s.Paused:
			s.Paused, s.At, s.Title = false, now, p.Name
			changes = append(changes, Change{Return, s})
		case there && s.Title != p.Name:
			s.Title = p.Name
			changes = append(changes, Change{Quiet, s})
		}
	}
	for id, p := range listed {
		changes = append(changes, Change{Join, store.Switch{
			Kind: store.SwitchPart, Name: settings.PartName(account, id), At: now, By: actor, Of: account, ID: id, Title: p.Name,
		}})
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Part.Name, b.Part.Name) })
	return changes
}

// The bounds of [Refuses].
const (
	refuseFrom = 3 // lost at once
	refusePart = 4 // one in
)

// Refuses reports whether so many of the parts that were there are lost at once that the
// list is not to be believed: all of several, or from three on more than a quarter.
func Refuses(lost, were int) bool {
	return lost >= were && were > 1 || lost >= refuseFrom && lost*refusePart > were
}

// IDOf returns the id of the part of an account that a name would be; ok is false for any
// other name.
func IDOf(account, name string) (id string, ok bool) { return strings.CutPrefix(name, account+"-") }
