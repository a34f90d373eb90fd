package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors/sandbox"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/demo"
)

// sandboxAddress is where a sandbox listens unless it is told otherwise, and
// where the project of "init" looks for it.
const sandboxAddress = "127.0.0.1:9000"

// sandboxFlags are the flags of a sandbox.
type sandboxFlags struct {
	listen    string        // a loopback address
	seed      uint64        // equal seeds make equal worlds
	contacts  int           // that are there at the start
	lag       time.Duration // until searches see a write
	faults    []string      // as demo.ParseFault reads them
	traffic   float64       // changes per second that people make
	noLimits  bool          // no 429 for too many requests
	daily     int           // requests a day at HighLevel; 0 means as many as the service
	locations int           // of HighLevel, besides the usual one
	plan      string        // of Stibee's workspace; empty means that it has everything
	life      time.Duration // of HighLevel's access tokens; 0 means a day
}

// sandboxCommand returns "sandbox": services to try recipes against that cost
// nothing, forget everything at their end, and go wrong on demand.
func (a *app) sandboxCommand() *cobra.Command {
	var f sandboxFlags
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve simulated HighLevel, Stibee and Stax Pay services on this machine",
		Long: `Serve simulated HighLevel, Stibee and Stax Pay services on this machine.

It prints the base URLs and credentials that it serves. What it holds depends on
--seed alone. Let it misbehave with --fault, as often as you like:
  --fault rate_limited:0.1                one request in ten is answered 429
  --fault lost:0.05:stibee.*              writes are done, the answer is lost
  --fault slow:0.2:highlevel.contact.search
  --fault half:1:stibee.subscriber.list   the list shows the first half of its rows
Kinds: rate_limited, server_error, slow, cut, lost, broken_json; of lists also half,
stuck (the first page again and again), unsorted, unfiltered; for good also block (an
address that had ten refusals in a minute gets 403 for an hour) and keyed (a repeated
Idempotency-Key is answered as before). While it runs, the control
address takes faults and changes, and tells what was written.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.serveSandbox(c.Context(), f)
		},
	}
	c.Flags().StringVar(&f.listen, "listen", sandboxAddress, "the loopback address to listen on; port 0 takes a free one")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "decides everything that is drawn by chance")
	c.Flags().IntVar(&f.contacts, "contacts", 200, "contacts at the start")
	c.Flags().DurationVar(&f.lag, "lag", 0, "how long searches do not see a write")
	c.Flags().StringArrayVar(&f.faults, "fault", nil, "misbehave: kind[:rate[:operation]]")
	c.Flags().Float64Var(&f.traffic, "traffic", 0, "changes per second that people make")
	c.Flags().BoolVar(&f.noLimits, "no-limits", false, "never answer 429 for too many requests")
	c.Flags().IntVar(&f.daily, "daily", 0, "requests a day that HighLevel allows, instead of 200,000")
	c.Flags().IntVar(&f.locations, "locations", 0, "HighLevel locations besides the usual one, all of one agency")
	c.Flags().DurationVar(&f.life, "token-life", 0, "how long HighLevel's access tokens live, in whole seconds, instead of a day")
	c.Flags().StringVar(&f.plan, "stibee-plan", "", "refuse what Stibee's plan does not have: standard, pro or enterprise")
	return a.JSONFlag(c)
}

// open makes the sandbox that the flags ask for, with its faults. It listens on
// nothing yet.
func (f sandboxFlags) open() (*sandbox.Sandbox, error) {
	o := sandbox.Options{Seed: f.seed, Contacts: f.contacts, Lag: f.lag, Locations: f.locations, TokenLife: f.life, StibeePlan: f.plan}
	o.HighLevelDaily.Requests = f.daily
	if f.noLimits {
		o.HighLevelLimit.Requests, o.StibeeLimit.Requests, o.StaxLimit.Requests = -1, -1, -1
	}
	if f.contacts < 0 || f.lag < 0 || f.traffic < 0 || f.daily < 0 {
		return nil, console.Misused(errors.New("--contacts, --lag, --traffic and --daily cannot be negative"))
	}
	if f.plan != "" && !slices.Contains(sandbox.StibeePlans(), f.plan) {
		return nil, console.Misused(fmt.Errorf("--stibee-plan takes one of %s", strings.Join(sandbox.StibeePlans(), ", ")))
	}
	if f.locations < 0 || f.locations > 10_000 || f.life < 0 || f.life%time.Second != 0 {
		return nil, console.Misused(errors.New("--locations takes 0 to 10000, --token-life whole seconds"))
	}
	s := sandbox.New(o)
	for _, text := range f.faults {
		fault, err := demo.ParseFault(text)
		if err == nil {
			err = s.Fail(fault)
		}
		if err != nil {
			return nil, console.Misused(fmt.Errorf("--fault %s: %w", text, err))
		}
	}
	return s, nil
}

// serveSandbox prints where the services are and serves them until ctx ends. The
// address is printed after it was opened, so whoever reads it can connect.
func (a *app) serveSandbox(ctx context.Context, f sandboxFlags) error {
	s, err := f.open()
	if err != nil {
		return err
	}
	l, err := sandbox.Listen(ctx, f.listen)
	if err != nil {
		return err
	}
	if err := a.printEndpoints(s.Endpoints("http://" + l.Addr().String())); err != nil {
		return err
	}
	var group sync.WaitGroup
	defer group.Wait()
	if f.traffic > 0 {
		group.Go(func() { s.Run(ctx, demo.Traffic(f.traffic), nil) })
	}
	return s.Serve(ctx, l)
}

// printEndpoints says where the services are and how to sign in. The credentials are
// no secrets: they open nothing but this sandbox.
func (a *app) printEndpoints(e sandbox.Endpoints) error {
	return a.Answer(e, func(w io.Writer) {
		fmt.Fprintf(w, `HighLevel  %s
  token       %s
  locationId  %s
  oauth2      client_id %s, client_secret %s, companyId %s
Stibee     %s
  key         %s
  list        %s, VIP group %s
  e-mails     sender %s, tag %s, automatic e-mail %s
Stax Pay   %s
  token       %s
Workshop   %s
  token       %s
Control    %s

Stop with Ctrl-C. Make 5 new contacts:
  curl -d '{"create":5}' %s/changes
`, e.HighLevelURL, e.HighLevelToken, e.LocationID, e.ClientID, e.ClientSecret, e.CompanyID, e.StibeeURL, e.StibeeKey, e.ListID, e.VIPGroupID, e.SenderEmail, e.TagID, e.AutoID, e.StaxURL, e.StaxKey, e.WorkshopURL, e.WorkshopToken, e.ControlURL, e.ControlURL)
	})
}
