// SPDX-License-Identifier: Apache-2.0
// One attempt of the dispatcher: commit its start, send, commit its end.
#include "base/log.hpp"
#include "webhook/dispatcher_impl.hpp"

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <utility>

namespace heddle::webhook {
namespace {

namespace asio = boost::asio;
using Millis = std::chrono::milliseconds;

// Longer than any attempt with the commit of its end: another instance takes the delivery up after it.
constexpr microseconds kLease = limits::kWebhookAttempt + std::chrono::seconds(60);

store::AttemptOutcome outcomeOf(const Sent& sent, const NextStep& next) {
    store::AttemptOutcome outcome;
    switch (next.kind) {
        case NextStep::Kind::kDelivered:
            outcome.status = DeliveryStatus::kDelivered;
            break;
        case NextStep::Kind::kFailed:
            outcome.status = DeliveryStatus::kFailed;
            break;
        case NextStep::Kind::kRetryAt:
            outcome.due_at = next.due;
            break;
    }
    if (sent.result.status) outcome.status_code = static_cast<int>(*sent.result.status);
    outcome.error = next.error;
    return outcome;
}

}  // namespace

asio::awaitable<void> Dispatcher::Impl::attempt(store::DueDelivery head) {
    const auto self = shared_from_this();
    const auto id = head.id;
    auto answer = Lanes::Answer::kUnknown;
    bool failed = false;
    try {
        answer = co_await perform(std::move(head));
    } catch (const std::exception& error) {
        if (!abandoned_) log::error("webhook.attempt", {{"delivery_id", id}, {"error", error.what()}});
        failed = true;
    }
    if (failed) {
        // The row is still due or leased; a second's rest keeps a broken disk from becoming a loop.
        co_await pauseForStorage();
        stale_ = true;
    }
    lanes_.ended(id, answer);
    if (stopping_) {
        idle_.cancel();
    } else {
        nudge();
    }
}

asio::awaitable<Lanes::Answer> Dispatcher::Impl::perform(store::DueDelivery head) {
    auto delivery = co_await begin(head);
    if (!delivery || abandoned_) co_return Lanes::Answer::kUnknown;
    const auto started = clock_.steady();
    Sent sent;
    try {
        sent = co_await sender_.send(*delivery);
    } catch (const std::exception& error) {
        // A damaged row: a failed attempt, so that it ends like any other delivery that cannot be sent.
        log::error("webhook.attempt", {{"delivery_id", delivery->id}, {"error", error.what()}});
        sent.result.error = "cannot be sent (see the log)";
    }
    // Closed at shutdown: the lease stays, and the next process sends again.
    if (abandoned_ || (sent.closed && stopping_)) co_return sent.answer;
    const auto took = clock_.steady() - started;
    const auto next = plan_.step(sent.result, delivery->attempts, clock_.now(), random_);
    report(*delivery, sent, next, took);
    const auto outcome = outcomeOf(sent, next);
    co_await record(std::move(*delivery), outcome);
    if (next.kind == NextStep::Kind::kRetryAt) dueAt(next.due);
    co_return sent.answer;
}

// Commits attempts + 1 and the time of the first one before anything is dialled: every attempt, also of a
// later process, sends the same bytes.
asio::awaitable<std::optional<Delivery>> Dispatcher::Impl::begin(store::DueDelivery head) {
    const auto id = head.id;
    const auto now = clock_.now();
    auto job = [id, now](sql::Connection& db) -> Result<std::optional<Delivery>> {
        return store::beginAttempt(db, id, now, now + kLease);
    };
    auto begun = co_await db_.write(std::move(job));
    if (abandoned_) co_return std::nullopt;
    if (!begun) {  // the writer's queue is full
        co_await pauseForStorage();
        stale_ = true;
        co_return std::nullopt;
    }
    if (!*begun) dueAt(head.due_at);  // taken by somebody else, or the clock went back
    co_return std::move(*begun);
}

// The end of an attempt must not get lost, or the receiver is called again: tries until it is committed.
asio::awaitable<void> Dispatcher::Impl::record(Delivery delivery, store::AttemptOutcome outcome) {
    const auto id = delivery.id;
    bool recorded = false;
    while (!recorded && !abandoned_) {
        try {
            auto job = [id, outcome](sql::Connection& db) -> Result<bool> {
                store::recordOutcome(db, id, outcome);
                return true;
            };
            const auto result = co_await db_.write(std::move(job));
            recorded = result.has_value();
        } catch (const std::exception& error) {
            log::error("webhook.storage", {{"step", "record"}, {"delivery_id", id}, {"error", error.what()}});
        }
        if (recorded) co_return;
        if (stopping_) co_return;
        co_await pauseForStorage();
    }
}

void Dispatcher::Impl::count(const Delivery& delivery, const NextStep& next) const {
    if (metrics_ == nullptr) return;
    const bool delivered = next.kind == NextStep::Kind::kDelivered;
    metrics_->webhookAttempted(delivered                               ? "delivered"
                               : next.kind == NextStep::Kind::kRetryAt ? "retry"
                                                                       : "failed");
    if (delivered) metrics_->webhookDelivered(clock_.now() - delivery.created_at);
}

void Dispatcher::Impl::report(const Delivery& delivery, const Sent& sent, const NextStep& next,
                              microseconds took) const {
    const auto status = sent.result.status.value_or(0);
    const auto took_ms = std::chrono::duration_cast<Millis>(took).count();
    count(delivery, next);
    switch (next.kind) {
        case NextStep::Kind::kDelivered:
            log::info("webhook.delivered", {{"delivery_id", delivery.id},
                                            {"run_id", delivery.run_id},
                                            {"origin", delivery.lane},
                                            {"status", status},
                                            {"attempt", delivery.attempts},
                                            {"took_ms", took_ms}});
            return;
        case NextStep::Kind::kRetryAt:
            log::warning("webhook.retry", {{"delivery_id", delivery.id},
                                           {"run_id", delivery.run_id},
                                           {"origin", delivery.lane},
                                           {"status", status},
                                           {"attempt", delivery.attempts},
                                           {"took_ms", took_ms},
                                           {"error", next.error},
                                           {"due_at", next.due.iso()}});
            return;
        case NextStep::Kind::kFailed:
            log::error("webhook.failed", {{"delivery_id", delivery.id},
                                          {"run_id", delivery.run_id},
                                          {"origin", delivery.lane},
                                          {"status", status},
                                          {"attempt", delivery.attempts},
                                          {"took_ms", took_ms},
                                          {"error", next.error}});
            return;
    }
}

}  // namespace heddle::webhook
