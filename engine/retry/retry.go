package retry

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/pollux-automation/pollux/connectors"
	"github.com/pollux-automation/pollux/engine/poll"
	"github.com/pollux-automation/pollux/engine/store"
	"github.com/pollux-automation/pollux/recipes"
	"github.com/pollux-automation/pollux/triggers"
)

// AccountPatience is how long an account rests after its credential was refused,
// before it is tried again.
const AccountPatience = 5 * time.Minute

// ReasonAuth is why runs are parked that go on once their account works again.
const ReasonAuth = "auth"

// The defaults of a step's retries.
const (
	defaultTries   = 10
	defaultMinWait = time.Second
	defaultMaxWait = 15 * time.Minute
)

// The waits of a feed whose polls fail.
const (
	pollMinWait = 5 * time.Second
	pollMaxWait = 15 * time.Minute
	// rateWait is how long we wait when a service that has had enough does not
	// say for how long.
	rateWait = 10 * time.Second
)

// Backoff returns how long to wait before the next try: a random part ("full
// jitter") of a ceiling that doubles with every attempt. attempt counts from 1;
// random is in [0, 1).
func Backoff(attempt int, least, most time.Duration, random float64) time.Duration {
	ceiling := most
	if shift := attempt - 1; shift < 30 && least<<shift < most && least<<shift > 0 {
		ceiling = least << shift
	}
	return max(time.Duration(random*float64(ceiling)), least/2, time.Millisecond)
}

// Verdict is what follows from a step's error.
type Verdict int

// The verdicts.
const (
	Later    Verdict = iota // wait, then try the step again
	Fail                    // the run ends with the error
	Park                    // the run waits for a person
	Continue                // the error is noted, the next step follows
	Stop                    // the run ends well
	Pause                   // the account rests, the run is parked until it works again
)

// Decision is a verdict with its details.
type Decision struct {
	Verdict Verdict
	// Rules is the place of the rules that decided, see [Judge]; -1 when none of them did.
	Rules  int
	Wait   time.Duration
	Counts bool   // the try counts as an attempt
	Reason string // for parked runs
}

// Judge says what follows from the error of a step that is known not to have
// left an effect, or that may be repeated. attempt counts this try. rules are those of the
// step, then those of the steps around it from the inside out, then the recipe's; the
// first that matches decides, or else the kind of the error. The service's own Retry-After
// wins over any backoff; waiting for a budget counts no attempt.
func Judge(err error, attempt int, step *recipes.Step, rules ...[]recipes.Rule) Decision {
	kind := connectors.KindOf(err)
	if kind == connectors.RateLimited {
		return Decision{Verdict: Later, Wait: retryAfter(err), Rules: -1}
	}
	for place, list := range rules {
		for _, r := range list {
			if matches(r, err) {
				d := obey(r, err, attempt, step)
				d.Rules = place
				return d
			}
		}
	}
	d := Decision{Verdict: Fail, Counts: true}
	switch kind {
	case connectors.Transient, connectors.Uncertain:
		d = retryOr(attempt, step, Decision{Verdict: Park, Reason: "gave up after repeated errors"})
	case connectors.Auth:
		d = Decision{Verdict: Pause, Reason: ReasonAuth}
	case connectors.Canceled:
		d = Decision{Verdict: Later, Wait: defaultMinWait}
	case connectors.Invalid, connectors.NotFound, connectors.Conflict, connectors.RateLimited:
	}
	d.Rules = -1
	return d
}

// obey is what a rule makes of an error.
func obey(r recipes.Rule, err error, attempt int, step *recipes.Step) Decision {
	switch r.Do {
	case recipes.DoRetry:
		return retryOr(attempt, step, Decision{Verdict: Park, Reason: "gave up after repeated errors"})
	case recipes.DoContinue:
		return Decision{Verdict: Continue, Counts: true}
	case recipes.DoStop:
		return Decision{Verdict: Stop, Counts: true}
	case recipes.DoPark:
		// Errors that pass are retried first: a person is asked last.
		if k := connectors.KindOf(err); k == connectors.Transient || k == connectors.Uncertain {
			return retryOr(attempt, step, Decision{Verdict: Park, Reason: "on_error"})
		}
		return Decision{Verdict: Park, Counts: true, Reason: "on_error"}
	case recipes.DoPauseAccount:
		return Decision{Verdict: Pause, Reason: ReasonAuth}
	}
	return Decision{Verdict: Fail, Counts: true}
}

// matches reports whether a rule is meant for an error.
func matches(r recipes.Rule, err error) bool {
	e, _ := errors.AsType[*connectors.Error](err)
	if r.Code != "" && (e == nil || e.Code != r.Code) {
		return false
	}
	if r.Status != 0 && (e == nil || e.Status != r.Status) {
		return false
	}
	return r.Kind == "" || r.Kind == recipes.AnyKind || r.Kind == string(connectors.KindOf(err))
}

// retryOr retries as often as the step allows; then something else follows.
func retryOr(attempt int, step *recipes.Step, after Decision) Decision {
	tries, least, most := defaultTries, defaultMinWait, defaultMaxWait
	if step.Retry.Tries > 0 {
		tries = step.Retry.Tries
	}
	if step.Retry.Max > 0 {
		least, most = step.Retry.Min, step.Retry.Max
	}
	if attempt >= tries {
		after.Counts = true
		return after
	}
	//nolint:gosec // jitter needs no secret randomness
	return Decision{Verdict: Later, Counts: true, Wait: Backoff(attempt, least, most, rand.Float64())}
}

// retryAfter returns how long a service that has had enough wants to be left
// alone.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*connectors.Error](err); ok && e.RetryAfter > 0 {
		return e.RetryAfter
	}
	return rateWait
}

// Poll returns when a feed whose poll failed is tried again, and whether the
// failure counts.
func Poll(err error, failures int) (wait time.Duration, counts bool) {
	switch {
	case errors.Is(err, poll.ErrLimit):
		return 0, false
	case errors.Is(err, poll.ErrNoParents):
		return pollMinWait, false
	case errors.Is(err, store.ErrFull):
		return pollMinWait, true
	case errors.Is(err, triggers.ErrWalk):
		return time.Minute, true
	}
	switch connectors.KindOf(err) {
	case connectors.RateLimited:
		return retryAfter(err), false
	case connectors.Canceled:
		return 0, false
	case connectors.Auth:
		return AccountPatience, true
	case connectors.Invalid, connectors.NotFound, connectors.Conflict:
		return pollMaxWait, true
	case connectors.Transient, connectors.Uncertain:
	}
	//nolint:gosec // jitter needs no secret randomness
	return Backoff(failures+1, pollMinWait, pollMaxWait, rand.Float64()), true
}

// Cause turns a stored error of a step back into one that [Judge] decides about as before.
func Cause(f *store.Failure) error {
	return &connectors.Error{Kind: connectors.Kind(f.Kind), Code: f.Code, Status: f.Status, Op: "step " + f.Step, Err: errors.New(f.Message)}
}

// Failure turns an error into its stored form.
func Failure(err error, step string) *store.Failure {
	f := &store.Failure{Kind: string(connectors.KindOf(err)), Message: err.Error(), Step: step}
	if e, ok := errors.AsType[*connectors.Error](err); ok {
		f.Code, f.Status = e.Code, e.Status
	}
	if errors.Is(err, triggers.ErrWalk) {
		f.Kind = "list"
	}
	if errors.Is(err, store.ErrFull) {
		f.Kind = "disk"
	}
	return f
}
