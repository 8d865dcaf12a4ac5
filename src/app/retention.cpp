// SPDX-License-Identifier: Apache-2.0
#include "app/retention.hpp"

#include "store/deliveries.hpp"
#include "store/items.hpp"
#include "store/run_events.hpp"
#include "store/runs.hpp"

#include <algorithm>
#include <chrono>

namespace heddle::app {
namespace {

constexpr std::chrono::hours kRetiredRunsStay{24};
constexpr std::chrono::hours kRunEventsStay{24};  // after the run's end
constexpr std::chrono::hours kDeliveredWebhooksStay{24 * 7};
constexpr std::chrono::hours kFailedWebhooksStay{24 * 30};
constexpr std::int64_t kSweepEvents = 5'000;  // they are many and small

}  // namespace

Result<std::int64_t> sweepChunk(sql::Connection& db, Timestamp now) {
    // First, so that the runs that go next have no events left to take along.
    const auto events = store::expireRunEvents(db, now - kRunEventsStay, kSweepEvents);
    if (events >= kSweepEvents) return kSweepChunk;
    const auto runs = store::expireRetiredRuns(db, now - kRetiredRunsStay, kSweepChunk);
    const auto items = store::expireItems(db, now, kSweepChunk);
    const store::Retention retention{now - kDeliveredWebhooksStay, now - kFailedWebhooksStay};
    const auto deliveries = store::expireDeliveries(db, retention, kSweepChunk);
    return std::max({runs, items, deliveries});
}

}  // namespace heddle::app
