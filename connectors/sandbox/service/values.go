package service

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

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

// Whole reads a whole number of a body; anything else is -1, nothing is 0.
func Whole(v any) int {
	if v == nil {
		return 0
	}
	n, ok := v.(json.Number)
	if !ok {
		return -1
	}
	i, err := strconv.Atoi(n.String())
	if err != nil || i > math.MaxInt32 {
		return -1
	}
	return i
}

// ContainsFold reports whether a text contains another, whatever the case.
func ContainsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}
