package finding

import "regexp"

// headerForm is narrower than HTTP: no service has names with other characters (an
// assumption).
var headerForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// IsHeader reports whether a text can be the name of a header.
func IsHeader(name string) bool { return headerForm.MatchString(name) }
