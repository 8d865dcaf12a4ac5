// SPDX-License-Identifier: Apache-2.0
#include "domain/run.hpp"

#include "domain/enum_names.hpp"

#include <stdexcept>

namespace heddle {
namespace {

constexpr EnumNames<RunStatus, 7> kRunStatuses{{
    {RunStatus::kPending, "pending"},
    {RunStatus::kRunning, "running"},
    {RunStatus::kError, "error"},
    {RunStatus::kSuccess, "success"},
    {RunStatus::kTimeout, "timeout"},
    {RunStatus::kInterrupted, "interrupted"},
    {RunStatus::kRolledBack, "rollback"},
}};

constexpr EnumNames<MultitaskStrategy, 4> kStrategies{{
    {MultitaskStrategy::kReject, "reject"},
    {MultitaskStrategy::kRollback, "rollback"},
    {MultitaskStrategy::kInterrupt, "interrupt"},
    {MultitaskStrategy::kEnqueue, "enqueue"},
}};

constexpr EnumNames<CancelAction, 2> kCancelActions{{
    {CancelAction::kInterrupt, "interrupt"},
    {CancelAction::kRollback, "rollback"},
}};

[[noreturn]] void damaged(std::string_view key) {
    throw std::runtime_error("damaged run kwargs: " + std::string(key));
}

// One stored field into its member; the overloads name what they take.
void read(const JsonField& field, RawJson& to) {
    to = RawJson::copy(field.value);
}

void read(const JsonField& field, bool& to) {
    const auto value = field.value.boolean();
    if (!value) damaged(field.key);
    to = *value;
}

void read(const JsonField& field, std::string& to) {
    auto value = field.value.string();
    if (!value) damaged(field.key);
    to = *std::move(value);
}

void read(const JsonField& field, std::optional<std::string>& to) {
    to = field.value.string();
    if (!to && !field.value.isNull()) damaged(field.key);
}

void read(const JsonField& field, std::vector<std::string>& to) {
    if (field.value.type() != JsonType::kArray) damaged(field.key);
    to.clear();
    for (const auto& element : field.value.elements()) {
        auto value = element.string();
        if (!value) damaged(field.key);
        to.push_back(*std::move(value));
    }
}

}  // namespace

std::string_view toString(RunStatus status) {
    return kRunStatuses.name(status);
}

std::optional<RunStatus> parseRunStatus(std::string_view text) {
    return kRunStatuses.parse(text);
}

bool isTerminal(RunStatus status) {
    return status != RunStatus::kPending && status != RunStatus::kRunning;
}

bool hasFailed(RunStatus status) {
    return status == RunStatus::kError || status == RunStatus::kTimeout;
}

std::string_view toString(MultitaskStrategy strategy) {
    return kStrategies.name(strategy);
}

std::optional<MultitaskStrategy> parseMultitaskStrategy(std::string_view text) {
    return kStrategies.parse(text);
}

std::string_view toString(CancelAction action) {
    return kCancelActions.name(action);
}

std::optional<CancelAction> parseCancelAction(std::string_view text) {
    return kCancelActions.parse(text);
}

RawJson RunError::json() const {
    JsonWriter out;
    out.beginObject().key("error").string(type).key("message").string(message).endObject();
    return RawJson::trusted(out.take());
}

RawJson RunKwargs::json() const {
    JsonWriter out;
    out.beginObject().key("input").raw(input).key("command").raw(command).key("config").raw(config);
    out.key("context").raw(context).key("stream_mode").beginArray();
    for (const auto& mode : stream_mode) out.string(mode);
    out.endArray().key("interrupt_before").raw(interrupt_before).key("interrupt_after").raw(interrupt_after);
    out.key("webhook");
    if (webhook) {
        out.string(*webhook);
    } else {
        out.null();
    }
    out.key("feedback_keys").raw(feedback_keys).key("temporary").boolean(temporary);
    out.key("subgraphs").boolean(subgraphs).key("resumable").boolean(resumable);
    out.key("checkpoint_during").boolean(checkpoint_during).key("durability").string(durability).endObject();
    return RawJson::trusted(out.take());
}

RunKwargs RunKwargs::parse(JsonView json) {
    if (!json.isObject()) damaged("not an object");
    RunKwargs kwargs;
    for (const auto& field : json.fields()) {
        if (field.key == "input") read(field, kwargs.input);
        if (field.key == "command") read(field, kwargs.command);
        if (field.key == "config") read(field, kwargs.config);
        if (field.key == "context") read(field, kwargs.context);
        if (field.key == "stream_mode") read(field, kwargs.stream_mode);
        if (field.key == "interrupt_before") read(field, kwargs.interrupt_before);
        if (field.key == "interrupt_after") read(field, kwargs.interrupt_after);
        if (field.key == "webhook") read(field, kwargs.webhook);
        if (field.key == "feedback_keys") read(field, kwargs.feedback_keys);
        if (field.key == "temporary") read(field, kwargs.temporary);
        if (field.key == "subgraphs") read(field, kwargs.subgraphs);
        if (field.key == "resumable") read(field, kwargs.resumable);
        if (field.key == "checkpoint_during") read(field, kwargs.checkpoint_during);
        if (field.key == "durability") read(field, kwargs.durability);
    }
    return kwargs;
}

bool isServersOwn(std::string_view configurable_key) {
    return configurable_key.starts_with("__") || configurable_key.starts_with("langgraph_auth");
}

}  // namespace heddle
