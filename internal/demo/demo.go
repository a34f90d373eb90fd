package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/engine"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/internal/project"
)

const (
	// every is how often the demo's recipe polls, and a line is printed.
	every = 2 * time.Second
	// searchLag is how long the simulated search does not see a change, as at the
	// real service.
	searchLag = 300 * time.Millisecond
	// contactsAtFirst are there before the show.
	contactsAtFirst = 500
)

// Options say how the show goes and who builds what it shows. All but Length are
// required.
type Options struct {
	// Length ends the show after a time; 0 means when the context ends.
	Length time.Duration
	// Traffic is how many changes people make in a second, more than 0.
	Traffic float64
	// Out is for the audience, Err for what goes wrong behind the stage.
	Out, Err io.Writer
	// Load reads the project of a settings file for use, as run does.
	Load func(config string) (*project.Project, error)
	// Engine builds the engine of a project, as run does.
	Engine func(*project.Project, store.Store) (*engine.Engine, error)
}

// Run runs the show in a temporary folder, which is gone afterwards. It returns
// when the show is over and everything that it started has ended.
func Run(ctx context.Context, o Options) error {
	dir, err := os.MkdirTemp("", "pollux-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder of our own
	world := sandbox.New(sandbox.Options{Seed: uint64(time.Now().UnixNano()), Contacts: contactsAtFirst})
	world.SetLag(searchLag) // from now on: the contacts that are there can be found at once
	l, err := sandbox.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	// The services outlive the engine, which may still be talking to them.
	serving, hush := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	defer group.Wait()
	defer hush()
	group.Go(func() {
		if err := world.Serve(serving, l); err != nil {
			fmt.Fprintln(o.Err, "sandbox:", err)
		}
	})
	endpoints := world.Endpoints("http://" + l.Addr().String())
	p, err := prepare(dir, endpoints, o.Load)
	if err != nil {
		return err
	}
	welcome(o.Out, dir, endpoints)
	s := &stage{out: o.Out, world: world, project: p, traffic: o.Traffic, length: o.Length}
	return s.run(ctx, o.Engine)
}

// prepare writes the example project and reads it as run would.
func prepare(dir string, e sandbox.Endpoints, load func(string) (*project.Project, error)) (*project.Project, error) {
	files, err := Files(e)
	if err != nil {
		return nil, err
	}
	if err := Write(dir, files); err != nil {
		return nil, err
	}
	p, err := load(filepath.Join(dir, Settings))
	if err != nil {
		return nil, err
	}
	for _, r := range p.Recipes {
		r.Trigger.Schedule.Every, r.Trigger.Schedule.Jitter = every, 0 // nobody wants to wait two minutes for a show
	}
	return p, nil
}

// welcome says what is on the stage and what to try.
func welcome(w io.Writer, dir string, e sandbox.Endpoints) {
	fmt.Fprintf(w, `Pollux demo
  HighLevel (simulated)  %s   location %s
  Stibee    (simulated)  %s   list %s
  project                %s
  recipe                 recipes/highlevel-contacts-to-stibee.yaml

People add and change contacts in HighLevel. Pollux polls, finds what changed,
and upserts each contact in the Stibee list, once and in order; a VIP gets a group
and a note back. Make a change of your own:
  curl -d '{"create":3}' %s/changes

`, e.HighLevelURL, e.LocationID, e.StibeeURL, e.ListID, dir, e.ControlURL)
}

// Traffic splits a rate of changes per second among the things that people do.
func Traffic(rate float64) sandbox.Traffic {
	return sandbox.Traffic{NewContacts: 0.4 * rate, ChangedContacts: 0.4 * rate, Notes: 0.1 * rate, Tasks: 0.1 * rate}
}
