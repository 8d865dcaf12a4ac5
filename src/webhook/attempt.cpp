// SPDX-License-Identifier: Apache-2.0
// One attempt of the dispatcher: commit its start, send, commit its end.
#include "base/log.hpp"
#include "webhook/dispatcher_impl.hpp"
#include "webhook/payload.hpp"

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <utility>

namespace heddle::webhook {
namespace {

namespace asio = boost::asio;
using Millis = std::chrono::milliseconds;

store::AttemptEnd endOf(const Sent& sent, const NextStep& next) {
    store::AttemptEnd end;
    switch (next.kind) {
        case NextStep::Kind::kDelivered:
            end.status = DeliveryStatus::kSucceeded;
            break;
        case NextStep::Kind::kExhausted:
            end.status = DeliveryStatus::kExhausted;
            break;
        case NextStep::Kind::kGone:
            end.status = DeliveryStatus::kGone;
            break;
        case NextStep::Kind::kRetryAt:
            end.due_at = next.due;
            break;
    }
    end.attempt = sent.attempt;
    if (next.free) end.budget = store::AttemptEnd::Budget::kKept;
    return end;
}

}  // namespace

asio::awaitable<void> Dispatcher::Impl::attempt(store::DueDelivery head) {
    const auto self = shared_from_this();
    const auto id = head.id;
    bool failed = false;
    try {
        co_await perform(std::move(head));
    } catch (const std::exception& error) {
        if (!abandoned_) log::error("webhook.attempt", {{"delivery_id", id}, {"error", error.what()}});
        failed = true;
    }
    if (failed) {
        // The row is still due or leased; a second's rest keeps a broken disk from becoming a loop.
        co_await pauseForStorage();
        stale_ = true;
    }
    lanes_.ended(id);
    if (stopping_) {
        idle_.cancel();
    } else {
        nudge();
    }
}

asio::awaitable<void> Dispatcher::Impl::perform(store::DueDelivery head) {
    const auto id = head.id;
    const auto started = clock_.now();
    auto delivery = co_await begin(std::move(head), started);
    if (abandoned_) co_return;
    if (!delivery) {
        (void)lanes_.noteAnswer(id, Lanes::Answer::kUnknown, clock_.steady(), random_);
        co_return;
    }
    Sent sent;
    try {
        sent = co_await sender_.send(*delivery, credentials_);
    } catch (const std::exception& error) {
        // A damaged row: a failed attempt, so that it ends like any other delivery that cannot be sent.
        log::error("webhook.attempt", {{"delivery_id", delivery->id}, {"error", error.what()}});
        sent.attempt.error = "cannot be sent (see the log)";
    }
    // Closed at shutdown: the lease stays, and the next process sends again.
    if (abandoned_ || (sent.closed && stopping_)) co_return;
    sent.attempt.number = delivery->attempts;
    sent.attempt.started_at = started;
    const Progress progress{delivery->attempts - delivery->spent, delivery->queued_at};
    const auto now = clock_.now();
    const auto next = plan_.step(sent.attempt, sent.retry_after, progress, now, random_);
    const auto hold = lanes_.noteAnswer(id, sent.answer, clock_.steady(), random_);
    report(*delivery, sent, next);
    auto end = endOf(sent, next);
    if (hold) {
        end.hold_lane_until = now + *hold;
        dueAt(*end.hold_lane_until);
        log::warning("webhook.circuit_open",
                     {{"origin", delivery->lane}, {"until", end.hold_lane_until->iso()}});
    }
    co_await record(std::move(*delivery), std::move(end));
    if (next.kind == NextStep::Kind::kRetryAt) dueAt(next.due);
}

// Commits attempts + 1 and the time of the first one before anything is dialled: every attempt, also of a
// later process, sends the same bytes.
asio::awaitable<std::optional<Delivery>> Dispatcher::Impl::begin(store::DueDelivery head, Timestamp now) {
    const auto id = head.id;
    auto job = [id, now, until = now + lease_](sql::Connection& db) -> Result<std::optional<Delivery>> {
        return store::beginAttempt(db, id, now, until);
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
asio::awaitable<void> Dispatcher::Impl::record(Delivery delivery, store::AttemptEnd end) {
    const auto id = delivery.id;
    const auto status = end.status;
    auto shared = std::make_shared<const store::AttemptEnd>(std::move(end));
    bool recorded = false;
    while (!recorded && !abandoned_) {
        try {
            auto job = [id, shared, now = clock_.now()](sql::Connection& db) -> Result<bool> {
                return store::endAttempt(db, id, *shared, now);
            };
            const auto ended = co_await db_.write(std::move(job));
            recorded = ended.has_value();
            const bool counts = recorded && *ended && status != DeliveryStatus::kPending;
            if (counts && metrics_ != nullptr) metrics_->webhooksEnded(toString(status), 1);
        } catch (const std::exception& error) {
            log::error("webhook.storage", {{"step", "record"}, {"delivery_id", id}, {"error", error.what()}});
        }
        if (recorded) co_return;
        if (stopping_) co_return;
        co_await pauseForStorage();
    }
}

void Dispatcher::Impl::count(const Delivery& delivery, const DeliveryAttempt& attempt) const {
    if (metrics_ == nullptr) return;
    metrics_->webhookAttempted(toString(attempt.outcome));
    if (attempt.number == 1) metrics_->webhookFirstAttempt(attempt.started_at - delivery.queued_at);
    if (attempt.outcome == AttemptOutcome::kSuccess)
        metrics_->webhookDelivered(clock_.now() - delivery.queued_at);
}

void Dispatcher::Impl::report(const Delivery& delivery, const Sent& sent, const NextStep& next) const {
    const auto& attempt = sent.attempt;
    const auto took_ms =
        std::chrono::duration_cast<Millis>(attempt.duration.value_or(microseconds(0))).count();
    count(delivery, attempt);
    switch (next.kind) {
        case NextStep::Kind::kDelivered:
            log::info("webhook.delivered", {{"delivery_id", delivery.id},
                                            {"run_id", delivery.run_id},
                                            {"origin", delivery.lane},
                                            {"status", attempt.status_code.value_or(0)},
                                            {"attempt", attempt.number},
                                            {"took_ms", took_ms}});
            return;
        case NextStep::Kind::kRetryAt:
            log::warning("webhook.retry", {{"delivery_id", delivery.id},
                                           {"run_id", delivery.run_id},
                                           {"origin", delivery.lane},
                                           {"outcome", toString(attempt.outcome)},
                                           {"attempt", attempt.number},
                                           {"took_ms", took_ms},
                                           {"error", attempt.error},
                                           {"due_at", next.due.iso()}});
            return;
        case NextStep::Kind::kExhausted:
        case NextStep::Kind::kGone:
            log::error("webhook.failed", {{"delivery_id", delivery.id},
                                          {"run_id", delivery.run_id},
                                          {"origin", delivery.lane},
                                          {"outcome", toString(attempt.outcome)},
                                          {"attempt", attempt.number},
                                          {"took_ms", took_ms},
                                          {"error", attempt.error}});
            return;
    }
}

namespace {

// What POST /webhooks/test sends: shaped like the real thing, and marked.
Delivery sampleDelivery(std::string url, const WebhookFields& fields, Timestamp now, Random& random) {
    Run run;
    run.id = RunId(Uuid::v4(random));
    run.thread_id = ThreadId(Uuid::v4(random));
    run.assistant_id = AssistantId(Uuid::v4(random));
    run.graph_id = "test";
    run.metadata = RawJson::trusted(R"({"heddle_test":true})");
    run.status = RunStatus::kSuccess;
    run.created_at = run.updated_at = now;
    run.started_at = run.ended_at = now;
    const RawJson values = RawJson::trusted(R"({"message":"This is a test from Heddle"})");
    Payload payload = buildPayload(run, values, fields);
    Delivery delivery;
    delivery.id = DeliveryId(Uuid::v4(random));
    delivery.run_id = run.id;
    delivery.thread_id = run.thread_id;
    delivery.lane = laneOf(url);
    delivery.url = std::move(url);
    delivery.body = std::move(payload.body);
    delivery.sent_at_offset = payload.sent_at_offset;
    delivery.first_sent_at = delivery.created_at = delivery.queued_at = now;
    return delivery;
}

}  // namespace

asio::awaitable<Result<DeliveryAttempt>> Dispatcher::Impl::test(std::string url) {
    const auto self = shared_from_this();
    if (const auto allowed = policy_.checkText(url); !allowed) co_return allowed.error();
    if (stopping_ || held_) co_return Problem::unavailable("Webhooks are switched off");
    if (tests_ >= limits::kWebhookTests) co_return Problem::unavailable("Too many tests are under way");
    ++tests_;
    const Delivery delivery = sampleDelivery(std::move(url), fields_, clock_.now(), random_);
    Sent sent;
    std::exception_ptr broken;
    try {
        sent = co_await sender_.send(delivery, credentials_);
    } catch (...) {
        broken = std::current_exception();
    }
    --tests_;
    if (broken) std::rethrow_exception(broken);
    sent.attempt.number = 1;
    co_return std::move(sent.attempt);
}

}  // namespace heddle::webhook
