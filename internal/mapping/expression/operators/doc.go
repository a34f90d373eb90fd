// Package operators holds the operators of expressions that take the place of the
// library's: they know nil and bounds.
//
// [Get] and [Slice] are members and parts, [Add], [Equal], [Compare], [In] and [Match]
// stand between two values, [Truth] is what decides. Their arguments are what package
// expression writes into the tree of an expression, so their number needs no check; of
// their types nothing is known. None of them panics on plain data.
package operators
