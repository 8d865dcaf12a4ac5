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

// `replaced`: its state will be another one and need not be read.
std::optional<Thread> threadToEnd(sql::Connection& db, const Run& run, bool replaced) {
    return replaced ? store::findThreadHead(db, run.thread_id) : store::findThread(db, run.thread_id);
}

// States may be large: what is not needed any more goes, and what stays is not copied.
RawJson takeOutput(Thread& thread) {
    const RawJson state = std::move(thread.state);
    RawJson values = std::move(thread.values);
    if (state.isNull() || isEmptyArray(state.view(), "interrupts")) return values;
    return outputOf(state.view());
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

    const bool rolled_back = ending.status == RunStatus::kRolledBack;
    if (rolled_back) store::deleteCheckpointsOfRuns(db, {run->id.str()});
    const bool traceless = leavesNoTrace(*run, ending.status);
    auto thread = threadToEnd(db, *run, !traceless && !ending.state.isNull());
    if (thread) {
        if (!traceless) applyEnding(*thread, ending, rules.now);
        thread->updated_at = rules.now;
        thread->status = store::hasOpenRuns(db, thread->id) ? ThreadStatus::kBusy : standing(*thread);
        if (!thread->temporary) store::saveThread(db, *thread);
        finished.outcome.output = takeOutput(*thread);
    }
    const bool with_values = !run->kwargs.temporary || rules.stateless_values;
    std::optional<RawJson> values;
    if (with_values) values = rolled_back ? RawJson() : std::move(finished.outcome.output);
    finished.delivery = writeDelivery(db, *run, values, rules);
    if (with_values && !rolled_back) finished.outcome.output = std::move(*values);
    if (rolled_back) store::removeRun(db, run->id);
    if (thread && thread->temporary && rolled_back) {
        store::removeThread(db, thread->id);
    } else if (thread && thread->temporary) {
        store::saveRunOutput(db, run->id, finished.outcome.output);
        store::retireThread(db, thread->id);
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
