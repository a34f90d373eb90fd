// Package files keeps files of runs in a folder beside the state file: a folder for each
// run, a file for each name, sealed as values of the state file are. A file is written
// under another name and renamed when it is on disk, so that nobody ever reads half of it.
package files
