package diag

import (
	"slices"
	"strings"
)

// Suggest returns the candidate that somebody most likely meant by a word, or ""
// when none is near: the distance is at most a third of the word's length, and at
// least one letter. Among equally near ones the first in order wins.
func Suggest(word string, candidates []string) string {
	limit := max(1, len([]rune(word))/3)
	best, bestDistance := "", limit+1
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if d := distance([]rune(word), []rune(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// DidYouMean returns `did you mean "x"?` for the near candidate, or "".
func DidYouMean(word string, candidates []string) string {
	if near := Suggest(word, candidates); near != "" {
		return `did you mean "` + near + `"?`
	}
	return ""
}

// Choices is what to say after a name that nobody knows: DidYouMean's guess, or
// all candidates when none is near.
func Choices(word string, candidates []string) string {
	if guess := DidYouMean(word, candidates); guess != "" {
		return guess
	}
	if len(candidates) == 0 {
		return "there are none"
	}
	return "there are: " + strings.Join(candidates, ", ")
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to make a into b.
func distance(a, b []rune) int {
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
