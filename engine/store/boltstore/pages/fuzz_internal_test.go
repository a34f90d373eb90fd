package pages

import "testing"

// FuzzParsePage takes any bytes for a page of bbolt.
func FuzzParsePage(f *testing.F) {
	f.Add(make([]byte, 64), []byte("a"), []byte("z"))
	f.Fuzz(func(t *testing.T, b, low, high []byte) {
		elements, _, err := parsePage(b, span{low: low, high: high})
		if err != nil {
			return
		}
		for _, e := range elements {
			if len(e.key) == 0 {
				t.Error("got an element without a key")
			}
		}
	})
}
