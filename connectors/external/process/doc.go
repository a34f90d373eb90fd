// Package process runs one program whose standard streams carry lines.
//
// [Start] starts it, in a process group of its own; from then on the process ends in one
// of three ways: by itself, by [Process.Stop], or by [Process.Kill]. However it ends, its
// whole group is killed and all goroutines of this package come to their end, which
// [Process.Done] tells. The memory that a process can take of ours is bounded: one line of
// its output, a few lines of its errors, and the messages that wait for it.
//
// What the lines say is the affair of the package external.
package process
