package authoring

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing/fstest"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollux-automation/pollux/connectors/manifest"
	"github.com/pollux-automation/pollux/connectors/manifest/finding"
	"github.com/pollux-automation/pollux/internal/authoring/infer"
	"github.com/pollux-automation/pollux/internal/authoring/starter"
	"github.com/pollux-automation/pollux/internal/cli/console"
	"github.com/pollux-automation/pollux/internal/diag"
	"github.com/pollux-automation/pollux/internal/show"
)

// newFlags are the flags of "connectors new".
type newFlags struct {
	name, url, sample, auth, header, token, out string
	wishes                                      infer.Wishes
	yes                                         bool
}

// newCommand returns "connectors new": the first draft of a connector out of one answer of
// its service.
func (a *app) newCommand() *cobra.Command {
	var f newFlags
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Draft a connector for a service, out of one of its answers",
		Long: `Draft a connector for a service, out of one of its answers.

It asks the address of a list once (with --yes, or when you say so, once more for
the second page), guesses where the records are, what is in them and how the list
goes on, and writes a folder that you read and correct. Every guess is explained,
here and in the files. The credential is named (--token env:NAME) and never
written. --sample takes a saved answer instead, and asks nobody.

The address is that of a list. What stands in its query counts: sizes, filters,
and, for lists that can be asked for from a time on, that time and the order
(?updated_since=2026-01-01T00:00:00Z&sort=updated_at).`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.name = args[0]
			return a.draft(c.Context(), f)
		},
	}
	c.Flags().StringVar(&f.url, "url", "", "the address of a list of records")
	c.Flags().StringVar(&f.sample, "sample", "", "a file with an answer, in the place of a request")
	c.Flags().StringVar(&f.auth, "auth", "", "how to sign in: bearer, api_key, basic or none")
	c.Flags().StringVar(&f.header, "header", "", "the header that takes the key, with --auth api_key")
	c.Flags().StringVar(&f.token, "token", "", "where the credential is: env:NAME; with --auth basic it holds user:password")
	c.Flags().StringVar(&f.wishes.List, "list", "", "where the records stand in the answer, such as data.items")
	c.Flags().StringVar(&f.wishes.ID, "id", "", "the field that identifies a record")
	c.Flags().StringVar(&f.wishes.Time, "time", "", "the field with the time of the last update")
	c.Flags().StringVar(&f.out, "out", "", "the folder of connectors (default: that of the project)")
	c.Flags().BoolVar(&f.yes, "yes", false, "ask nothing, and ask the service for the second page too")
	return c
}

// nameForm is how a connector is called.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// draft drafts a connector.
func (a *app) draft(ctx context.Context, f newFlags) error {
	p := a.ReadProject(true)
	if !nameForm.MatchString(f.name) {
		return console.Misused(fmt.Errorf("%q cannot be the name of a connector: use small letters, digits and underscores", f.name))
	}
	if _, taken := p.Registry.Connector(f.name); taken {
		return console.Refused(fmt.Errorf("there is a connector %q already; choose another name, or edit that one", f.name))
	}
	out := p.Settings.Connectors
	if out == "" {
		out = usualFolder
	}
	if f.out != "" {
		out = a.Path(f.out)
	}
	dir := filepath.Join(out, f.name)
	if _, err := os.Stat(dir); err == nil {
		return console.Refused(fmt.Errorf("%s is there already, and nothing is overwritten; remove it, or choose another name", dir))
	}
	if err := a.complete(&f); err != nil {
		return err
	}
	s, err := a.guess(ctx, f)
	if problem, is := errors.AsType[*infer.ProblemError](err); is {
		return console.Refused(problem)
	}
	if err != nil {
		return err
	}
	files := starter.Files(s)
	if err := readable(files, f.name); err != nil {
		return err
	}
	if err := write(out, f.name, files); err != nil {
		return err
	}
	a.told(s, dir, files)
	return nil
}

// complete asks for what the flags leave open, on a terminal; elsewhere it names what is
// missing.
func (a *app) complete(f *newFlags) error {
	in, isFile := a.Stdin.(*os.File)
	asks := isFile && show.IsTerminal(in) && !f.yes && a.Live == nil
	lines := bufio.NewScanner(a.Stdin)
	for _, q := range []struct {
		into                *string
		flag, text, without string
		open                bool
	}{
		{&f.url, "--url URL", "Address of a list (https://…)", "", f.url == ""},
		{&f.auth, "--auth bearer|api_key|basic|none", "How to sign in (bearer, api_key, basic, none)", "", f.auth == ""},
		{&f.header, "--header NAME", "Header that takes the key", "", f.header == ""},
		{&f.token, "--token env:NAME", "Variable with the credential (env:NAME)", "", f.token == ""},
	} {
		switch {
		case !q.open,
			q.into == &f.header && f.auth != "api_key",
			q.into == &f.token && (f.auth == "none" || f.sample != ""):
			continue
		case !asks:
			return console.Misused(fmt.Errorf("%s is missing", q.flag))
		}
		fmt.Fprintf(a.Stderr, "%s: ", q.text)
		if !lines.Scan() {
			return console.Misused(fmt.Errorf("%s is missing", q.flag))
		}
		*q.into = strings.TrimSpace(lines.Text())
	}
	if asks && f.sample == "" {
		fmt.Fprint(a.Stderr, "Ask for the second page too, once, to see whether the guess about it is right? [y/N]: ")
		f.yes = lines.Scan() && strings.EqualFold(strings.TrimSpace(lines.Text()), "y")
	}
	return f.check()
}

// check reports flags that cannot be used.
func (f *newFlags) check() error {
	switch f.auth {
	case "bearer", "api_key", "basic", "none":
	default:
		return console.Misused(fmt.Errorf("--auth %s: want bearer, api_key, basic or none", f.auth))
	}
	if f.auth == "api_key" && !finding.IsHeader(f.header) {
		return console.Misused(fmt.Errorf("--header %q: want the name of a header, such as X-Api-Key", f.header))
	}
	if f.token != "" && !strings.HasPrefix(f.token, "env:") {
		return console.Misused(errors.New("--token takes a reference such as env:WORKSHOP_TOKEN: a credential that is written out stays in the history of the shell"))
	}
	u, err := url.Parse(f.url)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return console.Misused(fmt.Errorf("--url %q: want an address such as https://api.example.com/v1/repairs, without a password in it", redacted(f.url)))
	}
	for name := range u.Query() {
		if starter.LooksSecret(name) {
			return console.Misused(fmt.Errorf("--url has a credential in its query, it seems (%s): leave it out, and name it with --auth and --token", name))
		}
	}
	return nil
}

// redacted is an address without what may be a secret.
func redacted(text string) string {
	before, _, _ := strings.Cut(text, "?")
	if at := strings.LastIndexByte(before, '@'); at >= 0 {
		return "…" + before[at:]
	}
	return before
}

// guess gets the sample, and guesses what the service is like.
func (a *app) guess(ctx context.Context, f newFlags) (starter.Service, error) {
	s := starter.Service{Name: f.name, Method: f.auth, Header: f.header, Token: f.token}
	u, err := url.Parse(f.url)
	if err != nil {
		return s, err
	}
	c, err := f.credential(a.Env)
	if err != nil {
		return s, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Second}
	defer transport.CloseIdleConnections()
	sample := infer.Sample{URL: u, Header: http.Header{}}
	if f.sample != "" {
		sample.Body, err = bounded(a.Path(f.sample))
	} else {
		if u.Scheme == "http" && f.auth != "none" && !loopback(u.Hostname()) {
			fmt.Fprintln(a.Stderr, "the address begins with http://, so everybody on the way can read the credential")
		}
		fmt.Fprintf(a.Stderr, "asking %s\n", redacted(f.url))
		sample, err = starter.Fetch(ctx, transport, u, c)
	}
	if _, is := errors.AsType[*starter.StatusError](err); is {
		return s, console.Refused(err)
	}
	if err != nil {
		return s, err
	}
	if s.Draft, err = infer.Read(sample, f.wishes); err != nil {
		return s, err
	}
	if _, more := s.Draft.SecondPage(u); f.yes && f.sample == "" && more {
		fmt.Fprintf(a.Stderr, "asking %s for the second page\n", redacted(f.url))
		err = starter.Second(ctx, transport, sample, s.Draft, c)
	}
	return s, err
}

// loopback reports a host that is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// credential looks the credential up.
func (f *newFlags) credential(env func(string) (string, bool)) (starter.Credential, error) {
	c := starter.Credential{Method: f.auth, Header: f.header}
	if f.auth == "none" || f.sample != "" {
		return c, nil
	}
	name := strings.TrimPrefix(f.token, "env:")
	value, ok := env(name)
	if !ok || value == "" {
		return c, console.Misused(fmt.Errorf("the variable %s is not set: set it to the credential", name))
	}
	if c.Secret = value; f.auth == "basic" {
		if c.User, c.Secret, ok = strings.Cut(value, ":"); !ok {
			return c, console.Misused(fmt.Errorf("the variable %s must hold user:password", name))
		}
	}
	return c, nil
}

// maxSample is the largest saved answer.
const maxSample = 4 << 20

// bounded reads a saved answer.
func bounded(file string) ([]byte, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, console.Misused(err)
	}
	defer in.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(io.LimitReader(in, maxSample+1))
	if err == nil && len(text) > maxSample {
		err = console.Misused(fmt.Errorf("%s is larger than 4 MiB", file))
	}
	return text, err
}

// readable makes sure that what was drafted can be read. A finding is a mistake of ours, but
// for what this version has no word for.
func readable(files []starter.File, name string) error {
	folder := fstest.MapFS{}
	for _, f := range files {
		folder[f.Name] = &fstest.MapFile{Data: []byte(f.Text)}
	}
	var found diag.List
	manifest.Read(folder, name, &found)
	if !found.HasErrors() {
		return nil
	}
	var b strings.Builder
	for _, f := range found.Sorted() {
		fmt.Fprintf(&b, "\n  %s", f)
	}
	return fmt.Errorf("what was drafted cannot be read, so nothing is written; please report it:%s", b.String())
}

// write writes the folder of a connector, whole or not at all: a running program reads the
// folders beside it.
func write(out, name string, files []starter.File) (err error) {
	if err := os.MkdirAll(out, 0o750); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(out, ".new-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(fresh))
		}
	}()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(fresh, f.Name), []byte(f.Text), 0o600); err != nil {
			return err
		}
	}
	return os.Rename(fresh, filepath.Join(out, name))
}

// told says what was guessed, what was written, and how to go on.
func (a *app) told(s starter.Service, dir string, files []starter.File) {
	for _, g := range s.Draft.Guesses {
		fmt.Fprintf(a.Stderr, "%-9s %s\n", g.About, show.Clean(g.Why))
	}
	for _, f := range files {
		fmt.Fprintf(a.Stdout, "wrote %s\n", filepath.Join(dir, f.Name))
	}
	fmt.Fprintf(a.Stdout, "\nAdd to pollux.yaml:\n\n%s\nA first recipe, for recipes/%s.yaml:\n\n%s\nThen:\n  pollux connectors describe %s\n  pollux call %s %s.list\n  pollux connectors test %s --account %s\n",
		indented(starter.Account(s)), s.Name, indented(starter.Recipe(s)), s.Name, s.Name, s.Draft.Object, s.Name, s.Name)
}

// indented puts spaces before each line.
func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}
