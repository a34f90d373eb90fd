// Package cases holds the tests that a recipe brings with it.
//
// [Read] reads them from the recipe's file, checked against what [About] tells of
// the recipe; [Test.Compare] judges what happened when one was carried out. Carrying
// them out is for the engine, which does so without network.
package cases
