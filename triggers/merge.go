package triggers

// Merge says what two changes of one record come to when neither has been acted upon:
// the kind of the one change that takes their place, from how the record was before the
// earlier one to how it is after the later one. ok is false when nothing is left to be
// told. Both kinds are of one family, as they are for every recipe; of two families the
// later kind counts.
//
// A recipe that is not told of the merged kind has nothing left to be told, either.
func Merge(earlier, later Kind) (merged Kind, ok bool) {
	switch [2]Kind{earlier, later} {
	case [2]Kind{Created, Deleted}, [2]Kind{Entered, Left}:
		return "", false
	case [2]Kind{Created, Updated}: // whoever was not told of it yet meets a new record
		return Created, true
	case [2]Kind{Entered, Changed}:
		return Entered, true
	case [2]Kind{Deleted, Created}: // it was known, and is there
		return Updated, true
	case [2]Kind{Left, Entered}:
		return Changed, true
	}
	return later, true
}
