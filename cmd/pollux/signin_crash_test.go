package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pollux-automation/pollux/connectors/auth"
)

// newSignInWorld is newCrashWorld with an account that signs in with OAuth 2.0, whose
// tokens live for a second.
func newSignInWorld(t *testing.T) *crashWorld {
	t.Helper()
	c := newCrashWorld(t)
	c.world.SetTokenLife(tokenLife)
	settings, err := os.ReadFile(filepath.Join(c.dir, "pollux.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(settings), "auth: {method: bearer, token: env:CRASH_TOKEN}", `
    auth:
      method: oauth2
      client_id: sandbox-app
      client_secret: env:CRASH_SECRET
      redirect_url: http://`+freeAddress(t)+`/callback
      scopes: [contacts.readonly, contacts.write]`, 1)
	if err := os.WriteFile(filepath.Join(c.dir, "pollux.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.writeWatchers()
	t.Setenv("CRASH_SECRET", "sandbox-app-secret")
	c.signIn()
	return c
}

// writeWatchers adds fifteen recipes, each with a feed of its own, so that with the two that
// write sixteen feeds ask for the token at once.
func (c *crashWorld) writeWatchers() {
	c.t.Helper()
	for i := range 15 {
		text := fmt.Sprintf(`recipe: v1
id: watch%02d
connections:
  crm: {connector: highlevel, account: acme}
trigger:
  poll: crm.contact.search
  with: {query: name%02d}
  schedule: {every: 10s}
  start: now
filter: record.source == "nobody"
steps: [{id: end, stop: true}]
`, i, i)
		if err := os.WriteFile(filepath.Join(c.dir, "recipes", fmt.Sprintf("watch%02d.yaml", i)), []byte(text), 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
}

// signIn signs in as a person does.
func (c *crashWorld) signIn() {
	c.t.Helper()
	log := filepath.Join(c.dir, "login.log")
	f, err := os.Create(log)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only written by another
	cmd := exec.CommandContext(c.t.Context(), c.program, "accounts", "login", "acme", "--config", filepath.Join(c.dir, "pollux.yaml"))
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	page, ok := "", false
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok {
		<-tick.C
		page, ok = printedPage(log)
	}
	if err := visit(page); err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		text, _ := os.ReadFile(log)
		c.t.Fatalf("accounts login: %v\n%s", err, text)
	}
}

// tokenLife is how long the tokens of these tests live: a sandbox tells it in whole seconds.
const tokenLife = time.Second

// untilTokensEnd waits until every token that was given has ended.
func (c *crashWorld) untilTokensEnd() {
	select {
	case <-time.After(tokenLife + 100*time.Millisecond):
	case <-c.t.Context().Done():
	}
}

// reused is how many refresh tokens came a second time.
func (c *crashWorld) reused() int { return c.world.SignIns().Reused }

// TestCrash_KeepsTheSignIn kills the program at every point of a renewal while tokens live
// for a second, and sixteen feeds and up to sixteen steps need them at once. A refresh token may come a second time only after a kill
// between the service's answer and the commit of the new pair: then a person signs in, and
// no run is lost.
func TestCrash_KeepsTheSignIn(t *testing.T) { //nolint:paralleltest // sets the environment
	c := newSignInWorld(t)
	c.finish() // the baseline
	c.change(60)
	c.settle()
	if pairs := c.world.SignIns().Pairs; pairs < 2 {
		t.Errorf("got %d pairs of tokens, want several: the test shows too little", pairs)
	}
	for _, point := range []auth.Point{auth.RenewalNoted, auth.RenewalStored} {
		c.change(12)
		c.killAt(string(point))
		c.settle()
		if n := c.reused(); n != 0 {
			t.Errorf("after a kill at %s: %d refresh tokens came twice, want none", point, n)
		}
	}
	c.change(12)
	c.killAt(string(auth.RenewalAnswered)) // the new pair is gone, and nobody can know
	c.untilTokensEnd()
	before := c.world.SignIns()
	for range 3 {
		cmd, out := c.start()
		_ = cmd.Wait() // the account waits, and so do its runs
		if !strings.Contains(out.String(), "pollux accounts login acme") || !strings.Contains(out.String(), "whose answer was lost") {
			t.Errorf("the refusal does not say what happened and what to type:\n%s", out)
		}
	}
	if n := c.world.SignIns(); n.Reused != before.Reused+1 || n.Pairs != before.Pairs {
		t.Errorf("got %+v after %+v, want that the doubtful token was tried once", n, before)
	}
	c.signIn()
	c.settle()
	c.verify()
}

// killAt runs the program until it kills itself at a point.
func (c *crashWorld) killAt(point string) {
	c.t.Helper()
	c.untilTokensEnd()
	cmd, out := c.start("POLLUX_CRASH=" + point + ":1")
	if err := cmd.Wait(); !killed(err) {
		c.t.Errorf("the program did not die at %s: %v\n%s", point, err, out)
	}
}

// TestCrash_KeepsTheSignInAtRandomMoments kills the program at random moments: a refresh
// token may come twice only where the kill fell between answer and commit, which is rare.
func TestCrash_KeepsTheSignInAtRandomMoments(t *testing.T) { //nolint:paralleltest // sets the environment
	c := newSignInWorld(t)
	c.finish()
	random := rand.New(rand.NewPCG(3, 4))
	lost := 0
	for range 40 {
		c.change(4)
		c.killAfter(time.Duration(50+random.IntN(1500)) * time.Millisecond)
		if n := c.reused(); n > lost { // the kill fell into the gap: a person signs in
			lost = n
			c.signIn()
		}
	}
	// Whoever is signed out by the last kill finds out now.
	cmd, _ := c.start()
	_ = cmd.Wait()
	if n := c.reused(); n > lost {
		lost = n
		c.signIn()
	}
	c.settle()
	c.verify()
	t.Logf("%d pairs of tokens, %d refresh tokens that came twice", c.world.SignIns().Pairs, lost)
	if lost > 3 {
		t.Errorf("%d refresh tokens came twice in 40 kills, want hardly any", lost)
	}
}
