// SPDX-License-Identifier: Apache-2.0
#include "run/finish.hpp"

#include "run/thread_state.hpp"
#include "store/checkpoints.hpp"
#include "store/deliveries.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"
#include "webhook/payload.hpp"
#include "webhook/url.hpp"

#include <utility>

namespace heddle::run {
namespace {

// Of a thread on which nothing is open, from the error and the state that its last run left.
ThreadStatus standing(const Thread& thread) {
    const auto type = thread.error ? thread.error->view().get("error") : std::nullopt;
    if (type) {
        const bool cancelled = type->string() == kUserInterrupt || type->string() == kRunDeleted;
        return cancelled ? ThreadStatus::kInterrupted : ThreadStatus::kError;
    }
    return restingStatus(thread.state.view());
}

// A run that never started, or that was rolled back, leaves its thread as it found it.
bool leavesNoTrace(const Run& run, RunStatus ended) {
    return ended == RunStatus::kRolledBack || (ended == RunStatus::kInterrupted && run.attempt == 0);
}

void applyEnding(Thread& thread, const Ending& ending, Timestamp now) {
    if (!ending.state.isNull()) takeState(thread, ending.state, ending.checkpoint_id, now);
    thread.error = ending.error ? ending.error->json() : RawJson();
}

std::optional<store::DueDelivery> writeDelivery(sql::Connection& db, const Run& run,
                                                const std::optional<RawJson>& values,
                                                const FinishRules& rules) {
    if (!rules.deliver || !run.kwargs.webhook) return std::nullopt;
    webhook::Payload payload = webhook::buildPayload(run, values, rules.webhook_fields);
    Delivery delivery;
    delivery.id = deliveryId(run.id);
    delivery.run_id = run.id;
    delivery.thread_id = run.thread_id;
    delivery.url = *run.kwargs.webhook;
    delivery.lane = webhook::laneOf(delivery.url);
    delivery.host = webhook::hostOf(delivery.url);
    delivery.traceparent = run.traceparent;
    delivery.body = std::move(payload.body);
    delivery.sent_at_offset = payload.sent_at_offset;
    delivery.due_at = delivery.created_at = rules.now;
    delivery.queued_at = delivery.updated_at = rules.now;
    if (!store::insertDelivery(db, delivery)) return std::nullopt;
    return store::DueDelivery{delivery.id, delivery.lane, delivery.due_at};
}

}  // namespace

namespace {

// One interrupt as wait bodies show it: value, id, response_schema (transcript 09).
void writeInterrupt(JsonWriter& writer, JsonView interrupt) {
    writer.beginObject();
    for (const char* key : {"value", "id", "response_schema"}) {
        const auto value = interrupt.get(key);
        writer.key(key).raw(value ? *value : JsonView());
    }
    writer.endObject();
}

}  // namespace

DeliveryId deliveryId(const RunId& run) {
    return DeliveryId(Uuid::v5(run.uuid(), "webhook"));
}

RawJson outputOf(JsonView state) {
    const auto values = state.get("values");
    if (!values) return RawJson();
    if (!values->isObject() || isEmptyArray(state, "interrupts")) return RawJson::copy(*values);
    JsonWriter writer;
    writer.beginObject();
    for (const auto& field : values->fields()) writer.key(field.key).raw(field.value);
    writer.key("__interrupt__").beginArray();
    const auto interrupts = state.get("interrupts");
    for (const auto& interrupt : interrupts->elements()) writeInterrupt(writer, interrupt);
    writer.endArray().endObject();
    return RawJson::trusted(writer.take());
}

Result<Finished> finishRun(sql::Connection& db, const Ending& ending, const FinishRules& rules) {
    if (!store::finishRun(db, ending.run, ending.attempt, ending.status, ending.error, rules.now)) {
        return Problem::notFound("Run not found");
    }
    auto run = store::findRun(db, ending.run);
    if (!run) return Problem::notFound("Run not found");
    Finished finished;
    finished.outcome.status = ending.status;
    finished.outcome.error = ending.error;

    auto thread = store::findThread(db, run->thread_id);
    const bool rolled_back = ending.status == RunStatus::kRolledBack;
    if (rolled_back) store::deleteCheckpointsOfRuns(db, {run->id.str()});
    if (thread) {
        if (!leavesNoTrace(*run, ending.status)) applyEnding(*thread, ending, rules.now);
        thread->updated_at = rules.now;
        finished.outcome.output = thread->state.isNull() ? thread->values : outputOf(thread->state.view());
        thread->status = store::hasOpenRuns(db, thread->id) ? ThreadStatus::kBusy : standing(*thread);
    }
    const bool with_values = !run->kwargs.temporary || rules.stateless_values;
    std::optional<RawJson> values;
    if (with_values) values = rolled_back ? RawJson() : finished.outcome.output;
    finished.delivery = writeDelivery(db, *run, values, rules);
    if (rolled_back) store::removeRun(db, run->id);
    if (thread && thread->temporary && rolled_back) {
        store::removeThread(db, thread->id);
    } else if (thread && thread->temporary) {
        store::saveRunOutput(db, run->id, finished.outcome.output);
        store::retireThread(db, thread->id);
    } else if (thread) {
        store::saveThread(db, *thread);
    }
    return finished;
}

Result<Outcome> storedOutcome(sql::Connection& db, const Run& run) {
    Outcome outcome;
    outcome.status = run.status;
    outcome.error = run.error;
    if (run.output) {
        outcome.output = *run.output;
    } else if (const auto thread = store::findThread(db, run.thread_id)) {
        outcome.output = thread->state.isNull() ? thread->values : outputOf(thread->state.view());
    }
    return outcome;
}

}  // namespace heddle::run
