// Package overview is how the set-up of a project looks: what an edit would change, the
// recipes and accounts with what they are doing, and what the doctor found. As in package
// show, types named View have the keys that scripts rely on.
package overview
