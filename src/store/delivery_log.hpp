// SPDX-License-Identifier: Apache-2.0
// Webhook deliveries as people look at them and mend them: lists, attempts, sending again, cancelling.
// Functions run inside a job, on a storage thread. None of them reads more rows than it shows or changes, as
// long as no more than one of thread and {host, status} is asked for at once.
#pragma once

#include "base/result.hpp"
#include "domain/delivery.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::store {

// A place in the order (created_at, row), which never changes.
struct DeliveryCursor {
    Timestamp created_at;
    std::int64_t row = 0;

    // For clients: opaque, and nothing but what text() made is read back.
    [[nodiscard]] std::string text() const;
    static std::optional<DeliveryCursor> parse(std::string_view text);
    friend auto operator<=>(const DeliveryCursor&, const DeliveryCursor&) = default;
};

struct DeliveryQuery {
    std::optional<RunId> run_id;
    std::optional<ThreadId> thread_id;
    std::optional<DeliveryStatus> status;
    std::optional<std::string> host;
    std::optional<Timestamp> since;       // created_at, inclusive
    std::optional<Timestamp> until;       // exclusive
    std::optional<DeliveryCursor> after;  // DeliveryPage::next of the page before
    std::int64_t limit = 100;
};

// Whether attempts come with what the receiver answered.
enum class Responses { kLeftOut, kIncluded };

struct LoggedDelivery {
    Delivery delivery;  // without the body
    DeliveryCursor place;
    bool under_way = false;                 // an attempt is; it is counted, but not among `attempts` yet
    std::vector<DeliveryAttempt> attempts;  // that have ended, by number: the last ones, if there are many
};
struct DeliveryPage {
    std::vector<LoggedDelivery> deliveries;
    std::optional<DeliveryCursor> next;  // nothing: this is the end
};

// The newest first. At most the last limits::kDeliveryAttemptsListed attempts of each, without responses.
DeliveryPage listDeliveries(sql::Connection& db, const DeliveryQuery& query);
// With its last limits::kDeliveryAttemptsShown attempts.
std::optional<LoggedDelivery> findLoggedDelivery(sql::Connection& db, const DeliveryId& id,
                                                 Responses responses);

struct ChangedDelivery {
    LoggedDelivery delivery;  // as it is now
    DeliveryStatus before = DeliveryStatus::kPending;
};
// Makes it due now, before all others of its lane, with a new round of the schedule; its bytes stay. The
// lane's hold on disk is released. kNotFound; kConflict while an attempt is under way.
Result<ChangedDelivery> resendDelivery(sql::Connection& db, const DeliveryId& id, Timestamp now);
// Ends a pending one; an attempt under way may still arrive, and is logged. kNotFound; kConflict when it is
// not pending.
Result<ChangedDelivery> cancelDelivery(sql::Connection& db, const DeliveryId& id, Timestamp now);

struct RecoverQuery {
    DeliveryStatus status = DeliveryStatus::kExhausted;  // not kPending
    Timestamp since;                                     // created_at, inclusive
    std::optional<Timestamp> until;                      // exclusive
    std::optional<DeliveryCursor> after;                 // RecoveredChunk::next of the chunk before
    std::int64_t limit = 500;
};
struct RecoveredChunk {
    std::int64_t recovered = 0;
    std::optional<DeliveryCursor> next;  // nothing: all done
};
// Makes the oldest `limit` that match pending again, due now, each with a new round of the schedule; lanes
// keep their holds. It goes on from `after` and never back, so what fails again meanwhile is not taken twice.
RecoveredChunk recoverDeliveries(sql::Connection& db, const RecoverQuery& query, Timestamp now);

}  // namespace heddle::store
