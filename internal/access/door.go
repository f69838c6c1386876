package access

import "github.com/prometheus/client_golang/prometheus"

// Door is where somebody asks to be let in.
type Door string

// Doors, the label values of nis2clock_auth_failures_total.
const (
	IntakeDoor Door = "intake"
	APIDoor    Door = "api"
	SignInDoor Door = "sign_in"
)

// newFailures counts who was not let in, from zero at every door.
func newFailures(reg prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nis2clock_auth_failures_total", Help: "Requests without valid credentials, by where they came in. Their bodies are not kept.",
	}, []string{"where"})
	for _, d := range []Door{IntakeDoor, APIDoor, SignInDoor} {
		c.WithLabelValues(string(d))
	}
	if reg != nil {
		reg.MustRegister(c)
	}
	return c
}

// count counts who could not say who they are.
func (k *Keeper) count(door Door, ok bool) {
	if !ok {
		k.failures.WithLabelValues(string(door)).Inc()
	}
}
