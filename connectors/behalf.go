package connectors

import "context"

// The keys of what a context tells a session about a request.
type (
	behalfKey struct{}
	effectKey struct{}
)

// For returns a context whose requests are made on behalf of a recipe. When many wait
// for one budget, recipes take turns.
func For(ctx context.Context, recipe string) context.Context {
	return context.WithValue(ctx, behalfKey{}, recipe)
}

// Behalf returns on whose behalf requests are made; empty when nobody said it.
func Behalf(ctx context.Context) string {
	name, _ := ctx.Value(behalfKey{}).(string)
	return name
}

// WithKey returns a context whose call carries a key by which the service knows a
// repetition, if its operation has an [Idempotency]. The key must be the same on
// every attempt of one effect, differ from those of all others, and be printable
// ASCII. Other operations ignore it.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, effectKey{}, key)
}

// KeyOf returns the key that WithKey has set; empty without one.
func KeyOf(ctx context.Context) string {
	key, _ := ctx.Value(effectKey{}).(string)
	return key
}
