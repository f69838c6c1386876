package kubernetes

import (
	"fmt"

	"nis2clock/internal/evidence"
)

// Where a pod finds its API server and its credentials.
const (
	InClusterURL    = "https://kubernetes.default.svc"
	inClusterFolder = "/var/run/secrets/kubernetes.io/serviceaccount/"
	InClusterCA     = inClusterFolder + "ca.crt"
	InClusterToken  = inClusterFolder + "token"
)

// Config is what one API server is asked for. Without an address it is that of
// the cluster we run in, with the service account's token and authority.
//
// The account needs get and list on events, pods, pods/log and nodes.
type Config struct {
	evidence.Source
	evidence.Endpoint
	// Namespace and Pod are templates in [evidence.Text]; empty means
	// [DefaultNamespace] and [DefaultPod].
	Namespace, Pod string
}

// Defaults of [Config]. Without the pod's label the namespace is captured, and
// no log.
const (
	DefaultNamespace = "{{ .Labels.namespace }}"
	DefaultPod       = `{{ index .Labels "pod" }}`
)

// Make implements [evidence.Maker].
func (c Config) Make() (evidence.Collector, error) {
	if c.URL == "" {
		c.URL = InClusterURL
		if c.CAFile == "" {
			c.CAFile = InClusterCA
		}
		if c.BearerFile == "" && c.Username == "" && c.CertFile == "" {
			c.BearerFile = InClusterToken
		}
	}
	if c.Namespace == "" {
		c.Namespace = DefaultNamespace
	}
	if c.Pod == "" {
		c.Pod = DefaultPod
	}
	out := &Collector{source: c.Source.As("kubernetes")}
	var err error
	if out.client, err = c.Endpoint.Client(); err != nil {
		return nil, err
	}
	if out.namespace, err = evidence.ParseTemplate(evidence.Text, c.Namespace); err != nil {
		return nil, fmt.Errorf("namespace: %w", err)
	}
	if out.pod, err = evidence.ParseTemplate(evidence.Text, c.Pod); err != nil {
		return nil, fmt.Errorf("pod: %w", err)
	}
	return out, nil
}
