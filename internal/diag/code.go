package diag

// Code explains one kind of finding. Each package that adds findings lists its
// codes, and docs/diagnostics.md explains all of them.
type Code struct {
	// Name is what a finding carries in [Finding.Code]. It never changes.
	Name string
	// Meaning says in one sentence what is wrong.
	Meaning string
}
