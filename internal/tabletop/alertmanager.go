package tabletop

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path"
	"time"

	openapi "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/models"
)

// exerciseLabel is on every alert that an Alertmanager gets, so that its routes
// can tell an exercise's from real ones.
const exerciseLabel = "exercise"

// fires is how long an alert fires at an Alertmanager which nobody posts again.
const fires = 365 * 24 * time.Hour

// postWithin bounds one call of an Alertmanager.
const postWithin = 10 * time.Second

// through posts the alerts to the Alertmanager, whose webhook brings them in, and
// returns those that cannot go that way: the end of an alert that began, by the
// scenario's clock, after now. Alertmanager knows wall time alone, in which such
// an end lies before its beginning.
func (x *Exercise) through(ctx context.Context, all []posted) (rest []posted, err error) {
	now := x.o.Wall().UTC()
	var out models.PostableAlerts
	for _, a := range all {
		a.Labels = maps.Clone(a.Labels)
		a.Labels[exerciseLabel] = "true"
		starts, ends := a.StartsAt, a.StartsAt.Add(fires)
		if now.After(a.StartsAt) {
			ends = now.Add(fires)
		}
		if a.Status == "resolved" {
			if !a.StartsAt.Before(now) {
				rest = append(rest, a)
				continue
			}
			ends = now
		}
		out = append(out, &models.PostableAlert{
			Alert:       models.Alert{Labels: a.Labels, GeneratorURL: strfmt.URI(a.GeneratorURL)},
			Annotations: a.Annotations, StartsAt: strfmt.DateTime(starts), EndsAt: strfmt.DateTime(ends),
		})
	}
	if len(out) == 0 {
		return rest, nil
	}
	u := x.o.Alertmanager
	transport := openapi.NewWithClient(u.Host, path.Join("/", u.Path, "/api/v2"), []string{u.Scheme}, &http.Client{Timeout: postWithin})
	if _, err := client.New(transport, strfmt.Default).Alert.PostAlerts(alert.NewPostAlertsParamsWithContext(ctx).WithAlerts(out)); err != nil {
		return nil, fmt.Errorf("post alerts to Alertmanager %s: %w", u.Host, err)
	}
	return rest, nil
}
