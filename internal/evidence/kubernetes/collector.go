// Package kubernetes captures what an API server knows about an alert's pod
// and what is around it: the namespace's events and pods, the pod's node, and
// the logs of its containers, those before their last restart too.
//
// It speaks plain HTTP. client-go, with only its client for the core API,
// makes a program of 26.4 MB out of one of 5.9 MB and brings 46 modules, for
// five GET requests. The audit log is not to be had from the API server: ask
// for it where it is shipped to, with a Loki or OpenSearch collector.
package kubernetes

import (
	"context"
	"errors"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"nis2clock/internal/evidence"

	"github.com/go-json-experiment/json/jsontext"
)

// Kinds of artefacts.
const (
	Pods   = "kubernetes_pods"   // lists of pods, one after the other
	Events = "kubernetes_events" // lists of events, one after the other
	Node   = "kubernetes_node"   // the pod's node
	Log    = "kubernetes_log"    // of one container, each line with its time
)

const (
	pageItems = 500
	// maxLog bounds the log of one container, in bytes; the server cuts it.
	maxLog = 8 << 20
	// maxContainers bounds the logs of one pod.
	maxContainers = 20
)

// name is the form of a name in an address (RFC 1123).
var name = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)

// Collector implements [evidence.Collector].
type Collector struct {
	source         evidence.Source
	client         *evidence.Client
	namespace, pod *evidence.Template
}

// Source implements [evidence.Collector].
func (c *Collector) Source() evidence.Source { return c.source }

// Collect implements [evidence.Collector]. Pods go first: they are what is
// gone first.
func (c *Collector) Collect(ctx context.Context, req evidence.Request, rec *evidence.Recorder) error {
	namespace, err := named("namespace", c.namespace, req)
	if err != nil {
		return err
	}
	podName, badPod := named("pod", c.pod, req)
	about := &server{base: c.client.Base()}
	about.ask(ctx, c.client)
	in := "/api/v1/namespaces/" + namespace
	var pod podStatus
	rec.Take(ctx, Pods, func(ctx context.Context, a *evidence.Capture) error {
		about.describe(a)
		return c.list(ctx, a, in+"/pods", func(p podStatus) {
			if p.Metadata.Name == podName && podName != "" {
				pod = p
			}
		})
	})
	rec.Take(ctx, Events, func(ctx context.Context, a *evidence.Capture) error {
		about.describe(a)
		return c.list(ctx, a, in+"/events", func(podStatus) {})
	})
	if podName == "" && badPod == nil {
		return nil
	}
	if pod.Metadata.Name == "" {
		rec.Take(ctx, Log, func(context.Context, *evidence.Capture) error {
			if badPod != nil {
				return badPod
			}
			return evidence.Fail(false, "pod %s is not there any more, or could not be listed: its logs and its node are not captured", podName)
		})
		return nil
	}
	if node := pod.Spec.NodeName; name.MatchString(node) {
		rec.Take(ctx, Node, func(ctx context.Context, a *evidence.Capture) error {
			about.describe(a)
			a.Query = "/api/v1/nodes/" + node
			return c.client.GetJSON(ctx, c.client.URL(a.Query, nil), new(jsontext.Value))
		})
	}
	c.logs(ctx, req, rec, about, in+"/pods/"+podName+"/log", pod)
	return nil
}

// named renders what must be a name, or empty.
func named(what string, t *evidence.Template, req evidence.Request) (string, error) {
	s, err := t.Render(req)
	if err != nil {
		return "", err
	}
	if s == "" && what == "pod" {
		return "", nil
	}
	if !name.MatchString(s) {
		return "", evidence.Fail(false, "the alert's labels give no name of a %s", what)
	}
	return s, nil
}

// server is what is said of it in every artefact.
type server struct {
	base, version string
	problem       error
}

func (s *server) ask(ctx context.Context, client *evidence.Client) {
	var v struct {
		GitVersion string `json:"gitVersion"`
	}
	s.problem = client.GetJSON(ctx, client.URL("/version", nil), &v)
	s.version = v.GitVersion
}

func (s *server) describe(a *evidence.Capture) {
	a.Server, a.ServerVersion = s.base, s.version
	if s.problem != nil {
		a.Warn("the server's version is not known: %v", s.problem)
	}
}

// podStatus is what is read of a pod.
type podStatus struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		NodeName       string      `json:"nodeName"`
		InitContainers []container `json:"initContainers"`
		Containers     []container `json:"containers"`
	} `json:"spec"`
	Status struct {
		ContainerStatuses     []containerStatus `json:"containerStatuses"`
		InitContainerStatuses []containerStatus `json:"initContainerStatuses"`
	} `json:"status"`
}

type container struct {
	Name string `json:"name"`
}

type containerStatus struct {
	Name         string `json:"name"`
	RestartCount int    `json:"restartCount"`
}

// list captures all pages of a list and shows each item.
func (c *Collector) list(ctx context.Context, a *evidence.Capture, path string, each func(podStatus)) error {
	a.Query = path
	n := 0
	for next := ""; ; {
		q := url.Values{"limit": {strconv.Itoa(pageItems)}}
		if next != "" {
			q.Set("continue", next)
		}
		var page struct {
			Metadata struct {
				Continue string `json:"continue"`
			} `json:"metadata"`
			Items []podStatus `json:"items"`
		}
		if err := c.client.GetJSON(ctx, c.client.URL(path, q), &page); err != nil {
			if n > 0 {
				a.Miss(time.Time{}, time.Time{}, "%d objects were listed before it failed", n)
			}
			return err
		}
		for _, item := range page.Items {
			each(item)
		}
		a.Items(len(page.Items))
		a.Count("objects", len(page.Items))
		n += len(page.Items)
		if next = page.Metadata.Continue; next == "" {
			break
		}
	}
	a.Empty = n == 0
	return nil
}

// logs captures the logs of a pod's containers since the time of interest
// began, and what they wrote before they were restarted.
func (c *Collector) logs(ctx context.Context, req evidence.Request, rec *evidence.Recorder, about *server, path string, pod podStatus) {
	restarted := map[string]bool{}
	for _, s := range append(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses...) {
		restarted[s.Name] = s.RestartCount > 0
	}
	all := append(pod.Spec.Containers, pod.Spec.InitContainers...)
	if more := len(all) - maxContainers; more > 0 {
		all = all[:maxContainers]
		rec.Take(ctx, Log, func(context.Context, *evidence.Capture) error {
			return evidence.Fail(false, "the pod has %d containers: the logs of the last %d are not captured", maxContainers+more, more)
		})
	}
	for _, in := range all {
		c.log(ctx, req, rec, about, path, in.Name, false)
		if restarted[in.Name] {
			c.log(ctx, req, rec, about, path, in.Name, true)
		}
	}
}

func (c *Collector) log(ctx context.Context, req evidence.Request, rec *evidence.Recorder, about *server, path, container string, previous bool) {
	rec.Take(ctx, Log, func(ctx context.Context, a *evidence.Capture) error {
		about.describe(a)
		q := url.Values{"container": {container}, "timestamps": {"true"}, "limitBytes": {strconv.Itoa(maxLog)}}
		if previous {
			q.Set("previous", "true") // all of it: what led to the restart may be older
		} else {
			q.Set("sinceTime", req.From.UTC().Format(time.RFC3339))
			a.From = req.From.UTC()
		}
		a.Query = path + "?" + q.Encode()
		resp, err := c.client.Get(ctx, c.client.URL(path, q), "text/plain")
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, resp.Body)
		a.Empty = n == 0
		if n >= maxLog {
			a.Miss(time.Time{}, time.Time{}, "the log is longer than the %d MiB asked for: the end is missing", maxLog>>20)
		}
		return errors.Join(err, resp.Body.Close())
	})
}
