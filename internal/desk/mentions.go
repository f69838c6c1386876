package desk

import (
	"bytes"
	"context"

	"nis2clock/internal/incident"
	"nis2clock/internal/journal"
)

// Mentions are the entries that hold a webhook body, as received, in which one
// of the words stands. It reads the whole journal.
func Mentions(ctx context.Context, log journal.Log, words []string) ([]uint64, error) {
	if len(words) == 0 {
		return nil, nil
	}
	var out []uint64
	for raw, err := range log.Read(ctx, 0, log.Head().Size) {
		if err != nil {
			return nil, err
		}
		e, err := Decode(raw)
		if err != nil {
			return nil, err
		}
		receipt := incident.ReceiptOf(e.Event)
		if receipt == nil {
			continue
		}
		for _, word := range words {
			if bytes.Contains(receipt.Raw, []byte(word)) {
				out = append(out, e.Seq)
				break
			}
		}
	}
	return out, nil
}
