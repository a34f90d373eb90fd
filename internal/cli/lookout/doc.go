// Package lookout is what a serving program keeps an eye on outside itself: its files,
// which may be edited, and the system that started it, which wants to know how it is.
package lookout
