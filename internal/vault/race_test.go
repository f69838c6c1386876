//go:build race

package vault

func init() { raced = true }
