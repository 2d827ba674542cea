package bot

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
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

// NewMetrics makes the metrics, all zero. Depth asks how many jobs wait or run.
func NewMetrics(depth func(context.Context) (int, error)) *Metrics {
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
		}, []string{"status"}),
	}
	waiting := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kustodian_queue_jobs", Help: "Jobs that wait or run; -1 where the queue does not say.",
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		n, err := depth(ctx)
		if err != nil {
			return -1
		}
		return float64(n)
	})
	m.registry.MustRegister(m.jobs, m.seconds, m.builds, m.deliveries, waiting,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
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
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(s, r)
		m.deliveries.WithLabelValues(strconv.Itoa(s.status)).Inc()
	})
}

// page is what /metrics answers.
func (m *Metrics) page() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
