package packet

import (
	"context"
	"errors"
	"slices"

	"nis2clock/internal/indicator"
)

// indicators puts in the indicators of compromise, where there are any, for the
// recipient's machines.
func (b *builder) indicators(context.Context) error {
	v := b.src.Incident
	src, err := indicator.Of(v, b.src.Entities)
	if errors.Is(err, indicator.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	const name = "indicators.stix.json"
	if b.profile.Members != nil && !slices.Contains(b.profile.Members, "report_fields") {
		b.out.manifest.LeftOut = append(b.out.manifest.LeftOut, LeftOut{What: name, Why: b.profile.MembersWhy})
		return nil
	}
	data, err := indicator.Bundle(src)
	if err != nil {
		return err
	}
	b.add(name, "the indicators of compromise, for machines (STIX 2.1)", data)
	return nil
}
