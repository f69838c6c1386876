package kubernetes_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nis2clock/internal/evidence"
	"nis2clock/internal/evidence/evidencetest"
	"nis2clock/internal/evidence/kubernetes"
	"nis2clock/internal/evidence/kubernetes/kubefake"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func capture(t *testing.T, fake *kubefake.Server, labels map[string]string) (*evidencetest.Sink, []evidence.Artefact) {
	t.Helper()
	fake.Namespace, fake.Token = "shop", "s3cret"
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := kubernetes.Config{Source: evidence.Source{Name: "k8s"}, Endpoint: evidence.Endpoint{URL: srv.URL, BearerFile: token}}
	sink := evidencetest.NewSink(t)
	return sink, evidencetest.Collect(t, sink, cfg, evidencetest.Request(now, labels))
}

var pods = []kubefake.Pod{
	{Name: "db-0", Containers: []kubefake.Container{{Name: "db", Log: "not asked for"}}},
	{Name: "web-0", Containers: []kubefake.Container{{Name: "web", Log: "now\n", Previous: "before the crash\n"}, {Name: "quiet"}}},
}

func TestPodAndWhatIsAroundIt(t *testing.T) {
	sink, got := capture(t, &kubefake.Server{Pods: pods, Events: 1234}, map[string]string{"namespace": "shop", "pod": "web-0"})
	events := evidencetest.One(t, got, kubernetes.Events)
	if !events.Complete || events.Counts["objects"] != 1234 || len(events.Parts) != 3 || events.ServerVersion != "v1.35.0" {
		t.Errorf("events: %+v", events)
	}
	if a := evidencetest.One(t, got, kubernetes.Pods); !a.Complete || a.Counts["objects"] != 2 {
		t.Errorf("pods: %+v", a)
	}
	if a := evidencetest.One(t, got, kubernetes.Node); !a.Complete || !strings.Contains(sink.Content(t, a), "node-1") {
		t.Errorf("node: %+v", a)
	}
	logs := evidencetest.Of(got, kubernetes.Log)
	if len(logs) != 3 || sink.Content(t, logs[0]) != "now\n" || sink.Content(t, logs[1]) != "before the crash\n" || !logs[2].Empty || !logs[2].Complete {
		t.Errorf("logs: %+v", logs)
	}
}

func TestNamespaceWithoutAPod(t *testing.T) {
	_, got := capture(t, &kubefake.Server{Pods: pods}, map[string]string{"namespace": "shop"})
	if events := evidencetest.One(t, got, kubernetes.Events); len(got) != 2 || !events.Complete || !events.Empty {
		t.Errorf("got %+v", got)
	}
}

func TestWhatCannotBeCapturedIsSaid(t *testing.T) {
	both := func(namespace, pod string) map[string]string {
		return map[string]string{"namespace": namespace, "pod": pod}
	}
	for _, tt := range []struct {
		name   string
		fake   kubefake.Server
		labels map[string]string
		kind   string
		want   string
	}{
		{"the pod is gone", kubefake.Server{Pods: pods}, both("shop", "web-1"), kubernetes.Log, "pod web-1 is not there any more"},
		{"a list that expired", kubefake.Server{Events: 600, Expired: true}, both("shop", ""), kubernetes.Events, "410 Gone"},
		{"a namespace we may not see", kubefake.Server{}, both("kube-system", ""), kubernetes.Pods, "403 Forbidden"},
		{"no namespace", kubefake.Server{}, nil, "kubernetes", `the alert has no label "namespace"`},
		{"a namespace that leads elsewhere", kubefake.Server{}, both("../../secrets", ""), "kubernetes", "no name of a namespace"},
		{"a pod that leads elsewhere", kubefake.Server{Pods: pods}, both("shop", "web-0/exec?command=id"), kubernetes.Log, "no name of a pod"},
		{"a log that was cut", kubefake.Server{Pods: []kubefake.Pod{{Name: "web-0", Containers: []kubefake.Container{{Name: "web", Log: strings.Repeat("x", 9<<20)}}}}}, both("shop", "web-0"), kubernetes.Log, "the end is missing"},
	} {
		_, got := capture(t, &tt.fake, tt.labels)
		a := evidencetest.One(t, got, tt.kind)
		text := a.Error
		for _, g := range a.Gaps {
			text += g.Reason
		}
		if a.Complete || a.Retry || !strings.Contains(text, tt.want) {
			t.Errorf("%s: got %+v", tt.name, a)
		}
	}
}
