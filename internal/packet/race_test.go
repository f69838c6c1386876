//go:build race

package packet

func init() { raced = true }
