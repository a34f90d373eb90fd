// Package users is the users of the agency of a simulated location of HighLevel.
package users
