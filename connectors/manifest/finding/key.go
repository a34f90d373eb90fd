package finding

const (
	// KeyForm is the form of the keys of connectors, objects and limits.
	KeyForm = `^[a-z][a-z0-9_]*$`
	// OperationKeyForm is that of the keys of operations.
	OperationKeyForm = `^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`
)
