//go:build crash

package console

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/pollux-automation/pollux/connectors/auth"
	"github.com/pollux-automation/pollux/engine"
)

// testHooks makes a program that was built for crash tests kill itself at the
// n-th passing of a point, as POLLUX_CRASH=point:n says.
func testHooks(env func(string) (string, bool)) engine.Hooks {
	if at := crashAt(env); at != nil {
		return engine.Hooks{At: func(p engine.Point) { at(string(p)) }}
	}
	return engine.Hooks{}
}

// testPoints is testHooks for the points of renewals.
func testPoints(env func(string) (string, bool)) func(auth.Point) {
	if at := crashAt(env); at != nil {
		return func(p auth.Point) { at(string(p)) }
	}
	return nil
}

// crashAt returns what ends the program at a point; nil without one.
func crashAt(env func(string) (string, bool)) func(point string) {
	text, ok := env("POLLUX_CRASH")
	if !ok {
		return nil
	}
	point, count, _ := strings.Cut(text, ":")
	left, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		left = 1
	}
	var passed atomic.Int64
	return func(p string) {
		if p != point || passed.Add(1) != left {
			return
		}
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			_ = self.Kill() // nothing after this line is reached
		}
		select {}
	}
}
