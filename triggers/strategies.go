package triggers

// Strategies lists all strategies. A new one is a file of its own and a line
// here.
func Strategies() []Strategy {
	return []Strategy{Keyset{}, Newest{}, Snapshot{}, FanOut{}}
}
