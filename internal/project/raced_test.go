//go:build race

package project_test

// raced is true under the race detector, where reading a project takes ten times as long.
const raced = true
