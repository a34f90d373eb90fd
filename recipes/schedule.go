package recipes

import (
	"errors"
	"time"

	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/schedule"
	"github.com/pollux-automation/pollux/recipes/values"
)

// Schedule says when a feed is polled.
type Schedule = schedule.Schedule

// What happens to a poll that was due while the program was down.
const (
	MissedOnce = schedule.MissedOnce // one poll makes up for all
	MissedSkip = schedule.MissedSkip // the next due time comes first
)

// schedule reads when the feed is polled.
func (p *parser) schedule(n *yamlnode.Node) Schedule {
	m, ok := n.Mapping(p.into, "every", "cron", "timezone", "jitter", "missed")
	if !ok {
		return Schedule{}
	}
	if m.Has("every") == m.Has("cron") {
		p.into.Errorf(n.At(), CodeSchedule, "write {every: 5m} or {cron: \"*/5 * * * *\"}", "a schedule has either every or cron")
		return Schedule{}
	}
	if m.Has("timezone") && !m.Has("cron") {
		p.into.Errorf(m.Get("timezone").At(), CodeSchedule, "remove it", "a time zone is only for cron")
	}
	var s Schedule
	if m.Has("cron") {
		s = p.cron(m.Get("cron"), m.Get("timezone"))
	} else {
		s = p.every(m.Get("every"))
	}
	s.Jitter = values.Duration(m.Get("jitter"), 0, time.Hour, p.into)
	if s.Every > 0 && s.Jitter > s.Every {
		p.into.Errorf(m.Get("jitter").At(), CodeSchedule, "write at most "+values.Short(s.Every), "the jitter is longer than the interval")
	}
	if word, ok := m.Get("missed").Word(p.into, MissedOnce, MissedSkip); ok {
		s.Missed = word
	}
	return s
}

// every reads an interval.
func (p *parser) every(n *yamlnode.Node) Schedule {
	d, ok := n.Duration(p.into)
	switch {
	case !ok:
	case d < schedule.Least:
		p.into.Errorf(n.At(), CodeTooOften, "write 10s or more", "every %s is too often", n.Written())
	case d > schedule.Most:
		p.into.Errorf(n.At(), CodeSchedule, "write 366d or less", "every %s is too seldom", n.Written())
	}
	return schedule.Every(d)
}

// cron reads a cron expression and the zone that it is meant in.
func (p *parser) cron(spec, timezone *yamlnode.Node) Schedule {
	loc := p.timezone(timezone)
	text, ok := spec.Text(p.into)
	if !ok {
		return Schedule{}
	}
	s, err := schedule.Cron(text, loc)
	if errors.Is(err, schedule.ErrTooOften) {
		p.into.Errorf(spec.At(), CodeTooOften, "leave 10 seconds or more between two times", "%v", err)
	} else if e, ok := errors.AsType[*schedule.Error](err); ok {
		p.into.Errorf(spec.At(), CodeCron, e.Hint, "%s", e.Message)
	}
	return s
}

// timezone reads a zone; UTC when there is none, or none with that name. Local is
// refused, since it means another zone on another machine.
func (p *parser) timezone(n *yamlnode.Node) *time.Location {
	name, given := n.Text(p.into)
	if !given {
		return time.UTC
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		p.into.Errorf(n.At(), CodeTimezone, "write a name such as Asia/Seoul", "there is no time zone %q", values.Cut(name))
		return time.UTC
	}
	return loc
}
