// Package upkeep copies state files: [Backup] makes a copy to put aside, [Compact] gives
// back what a file holds of free pages.
//
// Both write to another name first, verify and sync what they wrote, and give it its name
// last: whenever the process dies, each name belongs to a whole file.
package upkeep
