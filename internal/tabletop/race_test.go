//go:build race

package tabletop_test

func init() { raced = true }
