// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics.hpp"

#include "base/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <thread>
#include <vector>

namespace heddle::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

class StoppedClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override { return Timestamp::fromMicros(1'724'000'000'500'000); }
    [[nodiscard]] microseconds steady() const override { return microseconds(0); }
};

class MetricsTest : public testing::Test {
  protected:
    Json json() { return Json::parse(metrics.exposeJson()); }

    StoppedClock clock;
    Metrics metrics{clock, "1.2.3"};
};

TEST_F(MetricsTest, CountsRequestsByMethodRouteAndStatus) {
    Route& route = metrics.route("GET", "/threads/{thread_id}");
    route.finished(200, microseconds(700));
    route.finished(200, microseconds(3'000));
    route.finished(404, microseconds(100));
    const std::string text = metrics.exposeText();
    EXPECT_THAT(
        text,
        HasSubstr(R"(heddle_http_requests_total{method="GET",route="/threads/{thread_id}",status="200"} 2)"));
    EXPECT_THAT(
        text,
        HasSubstr(R"(heddle_http_requests_total{method="GET",route="/threads/{thread_id}",status="404"} 1)"));
    EXPECT_THAT(
        text,
        HasSubstr(
            R"(heddle_http_request_duration_seconds_count{method="GET",route="/threads/{thread_id}"} 3)"));
    EXPECT_THAT(
        text,
        HasSubstr(
            R"(heddle_http_request_duration_seconds_bucket{method="GET",route="/threads/{thread_id}",le="0.001"} 2)"));
}

TEST_F(MetricsTest, GivesTheSameRouteForTheSamePair) {
    Route& first = metrics.route("GET", "/ok");
    for (int i = 0; i < 100; ++i) metrics.route("GET", "/other" + std::to_string(i));
    EXPECT_EQ(&first, &metrics.route("GET", "/ok"));
    EXPECT_NE(&first, &metrics.route("POST", "/ok"));
}

// An idle server with all its routes does not carry their histograms about.
TEST_F(MetricsTest, ShowsARouteOnlyAfterItsFirstRequest) {
    metrics.route("GET", "/ok");
    EXPECT_THAT(metrics.exposeText(), Not(HasSubstr("route=")));
    EXPECT_TRUE(json()["api"]["http_requests_total"].empty());
}

TEST_F(MetricsTest, CountsRunsByFinalStatus) {
    metrics.runStarted();
    metrics.runStarted();
    metrics.runEnded("success");
    metrics.runEnded("error");
    metrics.runEnded("success");
    metrics.setRuns(4, 1);
    metrics.runWaited(microseconds(2'000));
    const std::string text = metrics.exposeText();
    EXPECT_THAT(text, HasSubstr("heddle_runs_started_total 2"));
    EXPECT_THAT(text, HasSubstr(R"(heddle_runs_ended_total{status="success"} 2)"));
    EXPECT_THAT(text, HasSubstr(R"(heddle_runs_ended_total{status="error"} 1)"));
    EXPECT_THAT(text, HasSubstr("heddle_runs_pending 4"));
    EXPECT_THAT(text, HasSubstr("heddle_runs_running 1"));
    EXPECT_THAT(text, HasSubstr("heddle_run_queue_wait_seconds_count 1"));
}

// A clock that was set back must not spoil a histogram's sum.
TEST_F(MetricsTest, TakesNegativeTimesForZero) {
    metrics.runWaited(microseconds(-5'000'000));
    metrics.webhookDelivered(microseconds(-5'000'000));
    EXPECT_THAT(metrics.exposeText(), HasSubstr("heddle_run_queue_wait_seconds_sum 0"));
    EXPECT_THAT(metrics.exposeText(), HasSubstr("heddle_webhook_latency_seconds_sum 0"));
}

TEST_F(MetricsTest, TellsStreamsWebhooksWorkersAndStalls) {
    metrics.streamOpened();
    metrics.streamOpened();
    metrics.streamClosed();
    metrics.subscriberDropped();
    metrics.webhooksQueued(9);
    metrics.webhooksEnded("succeeded", 1);
    metrics.webhooksEnded("exhausted", 1);
    metrics.webhookAttempted("success");
    metrics.webhookAttempted("timeout");
    metrics.webhookFirstAttempt(microseconds(4'000));
    metrics.setWebhookLanes(3, 1);
    metrics.setOldestWebhook(seconds(90));
    metrics.webhookDelivered(microseconds(40'000));
    metrics.setWorker("python-0", WorkerState::kUp);
    metrics.setWorker("python-1", WorkerState::kUp);
    metrics.setWorker("python-1", WorkerState::kDown);
    metrics.workerRestarted("python-1");
    metrics.loopStalled();
    const std::string text = metrics.exposeText();
    EXPECT_THAT(text, HasSubstr("heddle_sse_streams_open 1"));
    EXPECT_THAT(text, HasSubstr("heddle_subscribers_dropped_total 1"));
    EXPECT_THAT(text, HasSubstr("heddle_webhook_deliveries_created_total 9"));
    EXPECT_THAT(text, HasSubstr(R"(heddle_webhook_deliveries_total{outcome="exhausted"} 1)"));
    EXPECT_THAT(text, HasSubstr("heddle_webhook_pending 7"));
    EXPECT_THAT(text, HasSubstr(R"(heddle_webhook_attempts_total{outcome="timeout"} 1)"));
    EXPECT_THAT(text, HasSubstr("heddle_webhook_lanes 3"));
    EXPECT_THAT(text, HasSubstr("heddle_webhook_open_circuits 1"));
    EXPECT_THAT(text, HasSubstr("heddle_webhook_oldest_pending_seconds 90"));
    EXPECT_THAT(text, HasSubstr(R"(heddle_webhook_first_attempt_seconds_bucket{le="0.005"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(heddle_webhook_latency_seconds_bucket{le="0.05"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(heddle_worker_up{worker="python-0"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(heddle_worker_up{worker="python-1"} 0)"));
    EXPECT_THAT(text, HasSubstr(R"(heddle_worker_restarts_total{worker="python-1"} 1)"));
    EXPECT_THAT(text, HasSubstr("heddle_loop_stalls_total 1"));
}

TEST_F(MetricsTest, CountsCommitsFromSeveralThreads) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([this] {
            for (int n = 0; n < 1'000; ++n) metrics.sqlCommitted(3, microseconds(400));
        });
    }
    for (auto& thread : threads) thread.join();
    const Json sql = json()["sql"];
    EXPECT_EQ(sql["commits"], 4'000);
    EXPECT_EQ(sql["jobs"], 12'000);
    EXPECT_THAT(metrics.exposeText(), HasSubstr(R"(heddle_sql_batch_jobs_bucket{le="4"} 4000)"));
}

TEST_F(MetricsTest, KnowsTheProcess) {
    const std::string text = metrics.exposeText();
    EXPECT_THAT(text, HasSubstr("process_start_time_seconds 1724000000.5"));
    EXPECT_THAT(text, HasSubstr(R"(heddle_build_info{version="1.2.3"} 1)"));
    EXPECT_GT(json()["process"]["resident_memory_bytes"].get<long>(), 1'000'000);
    EXPECT_GT(json()["process"]["open_fds"].get<long>(), 0);
}

TEST_F(MetricsTest, GivesJsonAsTheReferenceDoes) {
    metrics.setRuns(2, 1);
    metrics.route("POST", "/threads").finished(200, microseconds(900));
    metrics.setWorker("python-0", WorkerState::kUp);
    metrics.webhooksQueued(1);
    metrics.webhooksEnded("succeeded", 1);
    const Json all = json();
    EXPECT_EQ(all["queue"].dump(), R"({"n_pending":2,"n_running":1})");
    EXPECT_EQ(all["api"]["http_requests_total"].dump(),
              R"([{"method":"POST","path":"/threads","status":200,"count":1}])");
    EXPECT_EQ(all["workers"].dump(), R"([{"name":"python-0","up":true,"restarts":0}])");
    EXPECT_EQ(all["webhooks"]["deliveries"].dump(), R"({"succeeded":1})");
}

}  // namespace
}  // namespace heddle::metrics
