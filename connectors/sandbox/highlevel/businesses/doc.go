// Package businesses is the businesses of a simulated location of HighLevel.
package businesses
