package service

import "strings"

// Text returns a string of a decoded body, and "" for anything else.
func Text(v any) string {
	s, _ := v.(string)
	return s
}

// PlausibleEmail reports whether a text has the form of an address.
func PlausibleEmail(email string) bool {
	user, host, ok := strings.Cut(strings.TrimSpace(email), "@")
	return ok && user != "" && strings.Contains(host, ".") && !strings.ContainsAny(email, " \t\r\n,;<>")
}
