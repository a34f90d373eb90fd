package request

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pollux-automation/pollux/connectors/manifest/finding"
)

// addEach puts the members of an object into the query or among the headers, each under
// its own name. Members that are nil are left out.
func (d *draft) addEach(in string, members map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if members[name] == nil {
			continue
		}
		text, err := TextOf(members[name])
		if err != nil {
			return fmt.Errorf("%.40q: %w", name, err)
		}
		if in == "query" {
			d.query.Set(name, text)
			continue
		}
		if err := CheckHeader(name, d.own); err != nil {
			return err
		}
		if err := SetHeader(d.header, name, text); err != nil {
			return err
		}
	}
	return nil
}

// CheckHeader reports a header that a recipe must not set: one that carries a credential,
// that net/http makes, or that changes what the rest of the request means. own is the one
// in which the account signs in; empty without one.
func CheckHeader(name, own string) error {
	if !finding.IsHeader(name) {
		return fmt.Errorf("%.40q is not the name of a header", name)
	}
	switch key := http.CanonicalHeaderKey(name); key {
	case "Authorization", "Cookie", "Proxy-Authorization", http.CanonicalHeaderKey(own):
		return fmt.Errorf("the header %q carries the credential of the account", key)
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Accept-Encoding", "Upgrade", "Te", "Trailer", "Expect", "Keep-Alive", "Proxy-Connection",
		"Forwarded", "X-Http-Method", "X-Http-Method-Override", "X-Method-Override", "X-Original-Url", "X-Rewrite-Url", "X-Forwarded-Host":
		return fmt.Errorf("the header %q is set by Pollux alone", key)
	}
	return nil
}

// whole puts a path into a hole that is all of the path.
func whole(path, name, text string) (string, error) {
	if err := CheckPath(text); err != nil {
		return "", err
	}
	return strings.ReplaceAll(path, "/{"+name+"}", text), nil
}

// CheckPath reports a path that could lead elsewhere than it seems to: to another host, up
// from where it stands, or behind a query. What is percent-encoded stays so; encoded dots
// that would climb are refused too, once and twice encoded.
func CheckPath(path string) error {
	switch {
	case path == "" || path[0] != '/':
		return fmt.Errorf("the path %.80q does not begin with /", path)
	case len(path) > maxPath:
		return fmt.Errorf("the path has %d characters, more than %d", len(path), maxPath)
	case strings.ContainsFunc(path, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`?#\<>"{}|^`+"`", c) }):
		return fmt.Errorf("the path %.80q holds a character that does not belong into one", path)
	case path == "/":
		return nil
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(path[1:], "/"), "/") {
		if part == "" {
			return fmt.Errorf("the path %.80q has an empty part", path)
		}
		plain := part
		for range 2 {
			next, err := url.PathUnescape(plain)
			if err != nil && plain == part {
				return fmt.Errorf("the path %.80q holds a %% that encodes nothing", path)
			}
			if err == nil {
				plain = next
			}
			if slices.ContainsFunc(strings.FieldsFunc(plain, isSlash), isDots) {
				return fmt.Errorf("the path %.80q has a part of dots", path)
			}
		}
	}
	return nil
}

// isSlash reports what servers may take for the end of a part.
func isSlash(c rune) bool { return c == '/' || c == '\\' }

// isDots reports a part that stands for another place. Some servers drop what follows a
// semicolon before they look.
func isDots(part string) bool {
	part, _, _ = strings.Cut(part, ";")
	return part == "." || part == ".."
}

// maxPath is the longest path that is sent.
const maxPath = 4096

// below returns the address of a path below the base. That it stays at the host is made
// sure by what may stand in a path, and checked all the same.
func below(address, path string) (*url.URL, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	u, err := url.Parse(address + path)
	if err != nil {
		return nil, errors.New("the path cannot be built")
	}
	if u.Scheme != base.Scheme || u.Host != base.Host || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasPrefix(u.EscapedPath(), base.EscapedPath()) {
		return nil, errors.New("the path leads to another place")
	}
	return u, nil
}
