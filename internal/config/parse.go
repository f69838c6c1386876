package config

// Parse reads settings that stand in no file of their own and hold no secret:
// the profile of an exercise, for example. Messages call them name; relative
// paths count from the working folder. Errors are those of [Load].
func Parse(name string, data []byte) (*Config, error) {
	return parse(name, ".", data, func(string) string { return "" })
}
