package show

import "time"

// Ago is how long ago a time is, for people: "in" so long for one to come, "never" for
// none.
func Ago(t, now time.Time) string { return ago(t, now) }
