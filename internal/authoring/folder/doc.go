// Package folder turns the draft of a connector into the files of its folder.
//
// What it writes is always a connector that the program's own reader takes without a
// finding: [Make] reads its own files, and what the reader does not like is left out step by
// step, first how a list is polled, then what an answer holds, then the operation. Each
// step is told of in the file and in the result.
package folder
