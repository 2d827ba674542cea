package bot

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kustodian/kustodian/bot/queue"
)

// Metrics are what /metrics tells. No label names a repository: who may read
// metrics need not know what is installed where.
type Metrics struct {
	registry   *prometheus.Registry
	jobs       *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	builds     prometheus.Counter
	deliveries *prometheus.CounterVec
}

// NewMetrics makes the metrics, all zero, but for those that the queue tells.
func NewMetrics(q *queue.Queue) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kustodian_jobs_total", Help: "Runs of jobs, by kind and outcome: done, parked or failed.",
		}, []string{"kind", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kustodian_job_seconds", Help: "How long runs of jobs took, by kind.", Buckets: prometheus.ExponentialBuckets(0.25, 2, 12),
		}, []string{"kind"}),
		builds: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kustodian_builds_total", Help: "Overlays that were built.",
		}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kustodian_deliveries_total", Help: "Deliveries of webhooks, by the status they were answered with.",
		}, []string{"code"}),
	}
	m.registry.MustRegister(m.jobs, m.seconds, m.builds, m.deliveries,
		asked("kustodian_queue_jobs", "Jobs that wait or run; -1 where the queue does not say.", q.Depth),
		asked("kustodian_dead_jobs", "Jobs that were given up in the last 30 days; -1 where the queue does not say.",
			func(ctx context.Context) (int, error) {
				dead, err := q.Dead(ctx)
				return len(dead), err
			}),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// asked is a gauge that is asked for whenever somebody reads it; -1 stands for an error.
func asked(name, help string, ask func(context.Context) (int, error)) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		n, err := ask(ctx)
		if err != nil {
			return -1
		}
		return float64(n)
	})
}

// Built counts one build of an overlay.
func (m *Metrics) Built(string) { m.builds.Inc() }

// worked counts one run of a job.
func (m *Metrics) worked(kind Kind, outcome string, took time.Duration) {
	m.jobs.WithLabelValues(string(kind), outcome).Inc()
	m.seconds.WithLabelValues(string(kind)).Observe(took.Seconds())
}

// count counts what next answers.
func (m *Metrics) count(next http.Handler) http.Handler {
	return promhttp.InstrumentHandlerCounter(m.deliveries, next)
}

// page is what /metrics answers.
func (m *Metrics) page() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
