package incident

import (
	"reflect"

	"github.com/google/go-cmp/cmp"
)

// emptyIsNil treats nil and empty slices and maps alike, as JSON does.
func emptyIsNil() cmp.Option {
	isEmpty := func(v any) bool {
		r := reflect.ValueOf(v)
		return (r.Kind() == reflect.Slice || r.Kind() == reflect.Map) && r.Len() == 0
	}
	return cmp.FilterValues(func(a, b any) bool { return isEmpty(a) && isEmpty(b) }, cmp.Comparer(func(any, any) bool { return true }))
}

func diffView(a, b View) string { return cmp.Diff(a, b, emptyIsNil()) }
