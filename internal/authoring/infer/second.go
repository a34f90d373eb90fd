package infer

import (
	"fmt"
	"net/url"
)

// SecondPage is the address of the second page, as far as the paging was guessed; ok is
// false where there is none.
func (d *Draft) SecondPage(first *url.URL) (u *url.URL, ok bool) {
	p := d.Paging
	if p.Next == "" {
		return nil, false
	}
	next := *first
	query := next.Query()
	if p.Style == "next_link" {
		link, err := first.Parse(p.Next)
		if err != nil {
			return nil, false
		}
		query = link.Query() // never another host or path
	} else {
		query.Set(p.Input, p.Next)
	}
	next.RawQuery = query.Encode()
	return &next, true
}

// Confirm compares the second page with the first: the same records again mean that the
// guess was wrong.
func (d *Draft) Confirm(first, second Sample) {
	a, b := d.ids(first), d.ids(second)
	for id := range b {
		if a[id] {
			d.Unconfirmed("the second page showed records of the first again")
			return
		}
	}
	d.Paging.Next = ""
	for i, g := range d.Guesses {
		if g.About == "paging" {
			d.Guesses[i].Why = g.Why + "; the second page was asked for in this way, and showed other records"
		}
	}
}

// Unconfirmed takes a guess about the paging back.
func (d *Draft) Unconfirmed(why string) {
	for i, g := range d.Guesses {
		if g.About == "paging" {
			d.Guesses[i].Why = fmt.Sprintf("it looked as if: %s. But %s, so only one page is read until you say how the list goes on", g.Why, why)
		}
	}
	d.Paging = Paging{Style: "none"}
	if d.Poll.Strategy != "snapshot" {
		d.Poll = Poll{Strategy: "snapshot"}
		d.guess("strategy", "without pages a walk by time could miss records")
	}
}

// ids are those of the records of a sample.
func (d *Draft) ids(s Sample) map[string]bool {
	out := map[string]bool{}
	doc, err := decode(s)
	if err != nil {
		return out
	}
	all, _ := lists(doc, "", 0)
	for _, f := range all {
		if f.path != d.List {
			continue
		}
		for _, row := range f.rows {
			out[fmt.Sprint(row[d.ID])] = true
		}
	}
	return out
}
