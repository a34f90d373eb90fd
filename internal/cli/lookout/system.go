package lookout

import (
	"net"
	"strconv"
	"time"
)

// System is the service manager that started the program, if it wants to hear from it
// (the protocol of sd_notify: one datagram for each message). The zero value tells nobody.
type System struct {
	address  string
	watchdog time.Duration
}

// NewSystem reads from the environment who wants to hear from the program.
func NewSystem(env func(string) (string, bool)) *System {
	s := &System{}
	s.address, _ = env("NOTIFY_SOCKET")
	if text, ok := env("WATCHDOG_USEC"); ok && s.address != "" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
			s.watchdog = time.Duration(n) * time.Microsecond
		}
	}
	return s
}

// Watchdog is how often [System.Alive] is to be called: twice in the time after which the
// program is taken for dead. 0 means never.
func (s *System) Watchdog() time.Duration { return s.watchdog / 2 }

// Ready says that the program serves.
func (s *System) Ready() { s.tell("READY=1") }

// Reloading says that the program reads its files again; Ready must follow.
func (s *System) Reloading() { s.tell("RELOADING=1") }

// Stopping says that the program ends what it does.
func (s *System) Stopping() { s.tell("STOPPING=1") }

// Alive says that the program works.
func (s *System) Alive() { s.tell("WATCHDOG=1") }

// tell sends a message. Nobody can do anything about one that is lost.
func (s *System) tell(message string) {
	if s.address == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.address, Net: "unixgram"})
	if err != nil {
		return
	}
	defer conn.Close() //nolint:errcheck // as above
	_, _ = conn.Write([]byte(message))
}
