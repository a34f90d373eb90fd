package oauth

import (
	"slices"
	"strconv"
	"strings"
)

// scopesOf returns the scopes that an operation needs (service docs, read 2026-09).
func scopesOf(operation string) []string {
	switch operation {
	case "oauth.location_token":
		return []string{"oauth.write"}
	case "oauth.installed_locations":
		return []string{"oauth.readonly"}
	case "company.get":
		return []string{"companies.readonly"}
	case "location.get":
		return []string{"locations.readonly"}
	case "task.search":
		return []string{"locations/tasks.readonly"}
	case "appointment.get":
		return []string{"calendars/events.readonly"}
	case "appointment.create", "appointment.update", "calendar_event.delete":
		return []string{"calendars/events.write"}
	}
	last := operation[strings.LastIndexByte(operation, '.')+1:]
	if reads := []string{"search", "find_duplicate", "list", "list_by_business", "list_legacy", "get"}; slices.Contains(reads, last) {
		return []string{"contacts.readonly"}
	}
	return []string{"contacts.write"}
}

// number reads a number of a query; fallback where there is none.
func number(text string, fallback int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return fallback
	}
	return n
}
