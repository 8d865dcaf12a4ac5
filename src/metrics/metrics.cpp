// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics.hpp"

#include "base/json.hpp"
#include "metrics/labelled.hpp"
#include "metrics/process.hpp"

#include <nlohmann/json.hpp>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

namespace heddle::metrics {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;
using Buckets = Histogram::BucketBoundaries;

double inSeconds(microseconds time) {
    return static_cast<double>(time.count()) / 1e6;
}

// From half a millisecond to a minute.
const Buckets& latencyBuckets() {
    static const Buckets buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                 0.25,   0.5,   1,      2.5,   5,    10,    30,   60};
    return buckets;
}

// Webhooks may wait for a receiver for hours.
const Buckets& deliveryBuckets() {
    static const Buckets buckets{0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,  0.25, 0.5,
                                 1,      5,     30,   120,   600,  3600, 21600};
    return buckets;
}

const Buckets& batchBuckets() {
    static const Buckets buckets{1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
    return buckets;
}

Family<Counter>& counter(Registry& registry, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Gauge>& gauge(Registry& registry, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Histogram>& histogram(Registry& registry, const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

std::int64_t whole(double value) {
    return static_cast<std::int64_t>(value);
}

class RouteMetrics final : public Route {
  public:
    RouteMetrics(Family<Counter>& requests, Family<Histogram>& durations, std::string_view method,
                 std::string_view pattern)
        : requests_(requests), durations_(durations), method_(method), pattern_(pattern) {}

    void finished(unsigned status, microseconds took) override {
        counterFor(status).Increment();
        if (duration_ == nullptr) {
            duration_ = &durations_.Add({{"method", method_}, {"route", pattern_}}, latencyBuckets());
        }
        duration_->Observe(inSeconds(took));
    }

    [[nodiscard]] bool is(std::string_view method, std::string_view pattern) const {
        return method_ == method && pattern_ == pattern;
    }

    void appendTo(Json& list) const {
        for (const auto& [status, requests] : by_status_) {
            list.push_back({{"method", method_},
                            {"path", pattern_},
                            {"status", status},
                            {"count", whole(requests->Value())}});
        }
    }

  private:
    Counter& counterFor(unsigned status) {
        for (const auto& [known, requests] : by_status_) {
            if (known == status) return *requests;
        }
        Counter& made =
            requests_.Add({{"method", method_}, {"route", pattern_}, {"status", std::to_string(status)}});
        by_status_.emplace_back(status, &made);
        return made;
    }

    Family<Counter>& requests_;
    Family<Histogram>& durations_;
    std::string method_;
    std::string pattern_;
    Histogram* duration_ = nullptr;
    std::vector<std::pair<unsigned, Counter*>> by_status_;
};

}  // namespace

class Metrics::Impl {
  public:
    Registry registry;

    Family<Counter>& http_requests = counter(registry, "heddle_http_requests_total", "Requests answered.");
    Family<Histogram>& http_durations = histogram(registry, "heddle_http_request_duration_seconds",
                                                  "From a request's head to its response's last byte.");
    std::vector<std::unique_ptr<RouteMetrics>> routes;

    Counter& runs_started = counter(registry, "heddle_runs_started_total", "Attempts started.").Add({});
    Labelled<Counter> runs_ended{
        counter(registry, "heddle_runs_ended_total", "Runs that reached a final status."), "status"};
    Histogram& run_wait =
        histogram(registry, "heddle_run_queue_wait_seconds", "From the time a run may start to its start.")
            .Add({}, latencyBuckets());
    Gauge& runs_pending =
        gauge(registry, "heddle_runs_pending", "Runs that wait for a free place or their time.").Add({});
    Gauge& runs_running = gauge(registry, "heddle_runs_running", "Runs under way.").Add({});

    Counter& crons_fired =
        counter(registry, "heddle_cron_firings_total", "Times of crons for which a run was created.").Add({});
    Histogram& cron_lateness =
        histogram(registry, "heddle_cron_lateness_seconds", "From a cron's time to the commit of its run.")
            .Add({}, latencyBuckets());
    Counter& crons_missed = counter(registry, "heddle_cron_missed_total",
                                    "Times of crons that passed without a run, at most 100 counted at once.")
                                .Add({});
    Counter& crons_failed =
        counter(registry, "heddle_cron_failures_total", "Times of crons for which no run could be created.")
            .Add({});

    Gauge& streams_open = gauge(registry, "heddle_sse_streams_open", "Open event streams.").Add({});
    Counter& subscribers_dropped = counter(registry, "heddle_subscribers_dropped_total",
                                           "Streams cut off because their client read too slowly.")
                                       .Add({});

    Counter& webhooks_created =
        counter(registry, "heddle_webhook_deliveries_created_total",
                "Webhook deliveries that became pending: written, found at the start, or sent again by hand.")
            .Add({});
    Labelled<Counter> webhooks_ended{counter(registry, "heddle_webhook_deliveries_total",
                                             "Webhook deliveries that are pending no more, by outcome."),
                                     "outcome"};
    Gauge& webhooks_pending =
        gauge(registry, "heddle_webhook_pending", "Webhook deliveries that are pending.").Add({});
    Gauge& webhook_oldest =
        gauge(registry, "heddle_webhook_oldest_pending_seconds", "Age of the oldest pending delivery.")
            .Add({});
    Labelled<Counter> webhook_attempts{
        counter(registry, "heddle_webhook_attempts_total", "Attempts to deliver a webhook, by outcome."),
        "outcome"};
    Gauge& webhook_lanes = gauge(registry, "heddle_webhook_lanes",
                                 "Destinations with attempts under way or deliveries in memory.")
                               .Add({});
    Gauge& webhook_circuits =
        gauge(registry, "heddle_webhook_open_circuits", "Destinations that are only probed.").Add({});
    Histogram& webhook_first = histogram(registry, "heddle_webhook_first_attempt_seconds",
                                         "From the end of a run to the start of the first attempt.")
                                   .Add({}, deliveryBuckets());
    Histogram& webhook_latency = histogram(registry, "heddle_webhook_latency_seconds",
                                           "From the end of a run to the receiver's acceptance.")
                                     .Add({}, deliveryBuckets());

    Counter& sql_commits = counter(registry, "heddle_sql_commits_total", "Commits of the writer.").Add({});
    Counter& sql_jobs = counter(registry, "heddle_sql_jobs_total", "Writing jobs in those commits.").Add({});
    Histogram& sql_batch =
        histogram(registry, "heddle_sql_batch_jobs", "Jobs in one commit.").Add({}, batchBuckets());
    Histogram& sql_duration =
        histogram(registry, "heddle_sql_commit_seconds", "Time of a commit with its jobs.")
            .Add({}, latencyBuckets());

    Labelled<Gauge> worker_up{gauge(registry, "heddle_worker_up", "1 while the worker process is ready."),
                              "worker"};
    Labelled<Counter> worker_restarts{
        counter(registry, "heddle_worker_restarts_total", "Times the worker process was started again."),
        "worker"};
    Counter& loop_stalls =
        counter(registry, "heddle_loop_stalls_total", "Times the event loop was late.").Add({});

    Gauge& start_time =
        gauge(registry, "process_start_time_seconds", "Start of the process since the Unix epoch.").Add({});
    Gauge& resident = gauge(registry, "process_resident_memory_bytes", "Resident memory.").Add({});
    Gauge& virtual_memory = gauge(registry, "process_virtual_memory_bytes", "Virtual memory.").Add({});
    Counter& cpu = counter(registry, "process_cpu_seconds_total", "User and system CPU time.").Add({});
    Gauge& open_files = gauge(registry, "process_open_fds", "Open file descriptors.").Add({});
    Gauge& max_files =
        gauge(registry, "process_max_fds", "Most file descriptors the process may have.").Add({});

    Impl(const Clock& clock, std::string_view version) {
        start_time.Set(inSeconds(clock.now() - Timestamp()));
        gauge(registry, "heddle_build_info", "The version is in the label.")
            .Add({{"version", std::string(version)}})
            .Set(1);
    }

    void readProcess() {
        const ProcessInfo info = processInfo();
        resident.Set(static_cast<double>(info.resident_bytes));
        virtual_memory.Set(static_cast<double>(info.virtual_bytes));
        open_files.Set(static_cast<double>(info.open_files));
        max_files.Set(static_cast<double>(info.max_files));
        cpu.Increment(std::max(0.0, info.cpu_seconds - cpu.Value()));
    }

    [[nodiscard]] Json workersJson() const {
        Json workers = Json::array();
        for (const auto& [name, up] : worker_up.all()) {
            std::int64_t restarts = 0;
            for (const auto& [other, count] : worker_restarts.all()) {
                if (other == name) restarts = whole(count->Value());
            }
            workers.push_back({{"name", name}, {"up", up->Value() > 0}, {"restarts", restarts}});
        }
        return workers;
    }
};

Metrics::Metrics(const Clock& clock, std::string_view version)
    : impl_(std::make_unique<Impl>(clock, version)) {}
Metrics::~Metrics() = default;

Route& Metrics::route(std::string_view method, std::string_view pattern) {
    for (const auto& route : impl_->routes) {
        if (route->is(method, pattern)) return *route;
    }
    impl_->routes.push_back(
        std::make_unique<RouteMetrics>(impl_->http_requests, impl_->http_durations, method, pattern));
    return *impl_->routes.back();
}

void Metrics::runStarted() {
    impl_->runs_started.Increment();
}
void Metrics::runEnded(std::string_view status) {
    impl_->runs_ended.at(status).Increment();
}
void Metrics::runWaited(microseconds wait) {
    impl_->run_wait.Observe(inSeconds(std::max(wait, microseconds(0))));
}
void Metrics::setRuns(std::size_t pending, std::size_t running) {
    impl_->runs_pending.Set(static_cast<double>(pending));
    impl_->runs_running.Set(static_cast<double>(running));
}

void Metrics::cronFired(microseconds late) {
    impl_->crons_fired.Increment();
    impl_->cron_lateness.Observe(inSeconds(std::max(late, microseconds(0))));
}
void Metrics::cronMissed(std::int64_t times) {
    impl_->crons_missed.Increment(static_cast<double>(times));
}
void Metrics::cronFailed() {
    impl_->crons_failed.Increment();
}

void Metrics::streamOpened() {
    impl_->streams_open.Increment();
}
void Metrics::streamClosed() {
    impl_->streams_open.Decrement();
}
void Metrics::subscriberDropped() {
    impl_->subscribers_dropped.Increment();
}

void Metrics::webhooksQueued(std::size_t count) {
    impl_->webhooks_created.Increment(static_cast<double>(count));
    impl_->webhooks_pending.Increment(static_cast<double>(count));
}
void Metrics::webhooksEnded(std::string_view status, std::size_t count) {
    impl_->webhooks_ended.at(status).Increment(static_cast<double>(count));
    impl_->webhooks_pending.Decrement(static_cast<double>(count));
}
void Metrics::webhookAttempted(std::string_view outcome) {
    impl_->webhook_attempts.at(outcome).Increment();
}
void Metrics::webhookFirstAttempt(microseconds since_run_end) {
    impl_->webhook_first.Observe(inSeconds(std::max(since_run_end, microseconds(0))));
}
void Metrics::webhookDelivered(microseconds since_run_end) {
    impl_->webhook_latency.Observe(inSeconds(std::max(since_run_end, microseconds(0))));
}
void Metrics::setWebhookLanes(std::size_t live, std::size_t open_circuits) {
    impl_->webhook_lanes.Set(static_cast<double>(live));
    impl_->webhook_circuits.Set(static_cast<double>(open_circuits));
}
void Metrics::setOldestWebhook(microseconds age) {
    impl_->webhook_oldest.Set(inSeconds(std::max(age, microseconds(0))));
}

void Metrics::sqlCommitted(std::size_t jobs, microseconds took) {
    impl_->sql_commits.Increment();
    impl_->sql_jobs.Increment(static_cast<double>(jobs));
    impl_->sql_batch.Observe(static_cast<double>(jobs));
    impl_->sql_duration.Observe(inSeconds(took));
}

void Metrics::setWorker(std::string_view worker, WorkerState state) {
    impl_->worker_up.at(worker).Set(state == WorkerState::kUp ? 1 : 0);
}
void Metrics::workerRestarted(std::string_view worker) {
    impl_->worker_restarts.at(worker).Increment();
}
void Metrics::loopStalled() {
    impl_->loop_stalls.Increment();
}

std::string Metrics::exposeText() {
    impl_->readProcess();
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, impl_->registry.Collect());
    return std::move(out).str();
}

std::string Metrics::exposeJson() {
    impl_->readProcess();
    Json requests = Json::array();
    for (const auto& route : impl_->routes) route->appendTo(requests);
    Json ended = Json::object();
    for (const auto& [status, count] : impl_->runs_ended.all()) ended[status] = whole(count->Value());
    Json outcomes = Json::object();
    for (const auto& [outcome, count] : impl_->webhooks_ended.all())
        outcomes[outcome] = whole(count->Value());
    return dumpJson(Json{
        {"queue",
         {{"n_pending", whole(impl_->runs_pending.Value())},
          {"n_running", whole(impl_->runs_running.Value())}}},
        {"api", {{"http_requests_total", std::move(requests)}}},
        {"runs", {{"started", whole(impl_->runs_started.Value())}, {"ended", std::move(ended)}}},
        {"streams",
         {{"open", whole(impl_->streams_open.Value())},
          {"dropped", whole(impl_->subscribers_dropped.Value())}}},
        {"webhooks",
         {{"pending", whole(impl_->webhooks_pending.Value())}, {"deliveries", std::move(outcomes)}}},
        {"sql", {{"commits", whole(impl_->sql_commits.Value())}, {"jobs", whole(impl_->sql_jobs.Value())}}},
        {"workers", impl_->workersJson()},
        {"loop_stalls", whole(impl_->loop_stalls.Value())},
        {"process",
         {{"start_time_seconds", impl_->start_time.Value()},
          {"resident_memory_bytes", whole(impl_->resident.Value())},
          {"cpu_seconds", impl_->cpu.Value()},
          {"open_fds", whole(impl_->open_files.Value())}}}});
}

}  // namespace heddle::metrics
