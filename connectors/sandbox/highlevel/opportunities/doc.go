// Package opportunities is the opportunities of a simulated location of HighLevel, and the
// pipelines that they go through.
package opportunities
