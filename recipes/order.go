package recipes

import (
	"time"

	"github.com/pollux-automation/pollux/internal/yamlnode"
	"github.com/pollux-automation/pollux/recipes/values"
)

// The bounds of what a recipe may ask for. They keep a slip of the pen from flooding a
// service or filling the disk.
const (
	defaultWorkers = 4
	maxWorkers     = 64
	mostKeep       = 3650 * 24 * time.Hour
)

// order reads which runs wait for each other.
func (p *parser) order(n *yamlnode.Node) {
	o := &p.recipe.Order
	*o = Order{Workers: defaultWorkers, WhileWaiting: RunAll, WhenParked: Hold}
	m, ok := n.Mapping(p.into, "by", "workers", "while_waiting", "when_parked")
	if !ok {
		return
	}
	if by := m.Get("by"); by != nil {
		o.By = p.names.Expression(values.Expression(by, p.into), p.into)
	}
	if workers, ok := m.Get("workers").Int(p.into, 1, maxWorkers); ok {
		o.Workers = workers
	}
	if word, ok := m.Get("while_waiting").Word(p.into, RunAll, KeepLatest); ok {
		o.WhileWaiting = word
	}
	if word, ok := m.Get("when_parked").Word(p.into, Hold, GoOn); ok {
		o.WhenParked = word
	}
}

// keep reads how long history is kept.
func (p *parser) keep(n *yamlnode.Node) {
	m, ok := n.Mapping(p.into, "runs", "payloads", "mask")
	if !ok {
		return
	}
	k := &p.recipe.Keep
	k.Runs = values.Duration(m.Get("runs"), 0, mostKeep, p.into)
	k.Payloads = values.Duration(m.Get("payloads"), 0, mostKeep, p.into)
	k.Mask, _ = m.Get("mask").Texts(p.into)
}
