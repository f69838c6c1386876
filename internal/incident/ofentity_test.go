package incident

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// Whatever kind of entry names an entity, that of others reaches no authority:
// neither do clocks, dates and instants that bear its name.
func TestNoKindOfEntryNamesAnotherEntity(t *testing.T) {
	const other = "kypros"
	named := 0
	for kind, dec := range decoders {
		zero, err := dec([]byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.New(reflect.TypeOf(zero)).Elem()
		whose(v, other)
		whole, err := json.Marshal(v.Interface())
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if !strings.Contains(string(whole), other) {
			continue
		}
		named++
		_, seen := OfEntity("example", View{}, []Entry{{Kind: kind, Event: v.Interface().(Event)}})
		for _, e := range seen {
			if said, err := json.Marshal(e.Event); err != nil || strings.Contains(string(said), other) {
				t.Errorf("%s tells of another entity: %s, %v", kind, said, err)
			}
		}
		if _, seen = OfEntity(other, View{}, []Entry{{Kind: kind, Event: v.Interface().(Event)}}); len(seen) != 1 {
			t.Errorf("%s is not shown to the entity's own authority", kind)
		}
	}
	if named < 15 {
		t.Errorf("only %d kinds name an entity: the test looks in the wrong place", named)
	}
}

// whose fills in the name wherever a value says whose it is, an element in every
// list and a value behind every pointer on the way there.
func whose(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		whose(v.Elem(), name)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			whose(v.Index(0), name)
		}
	case reflect.Struct:
		for n := range v.NumField() {
			switch f, field := v.Field(n), v.Type().Field(n); {
			case !field.IsExported():
			case field.Name == "Entity" && f.Kind() == reflect.String:
				f.SetString(name)
			case field.Name == "Entities" && f.Type() == reflect.TypeFor[[]string]():
				f.Set(reflect.ValueOf([]string{name}))
			default:
				whose(f, name)
			}
		}
	}
}
