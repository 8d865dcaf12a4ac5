// SPDX-License-Identifier: Apache-2.0
#include "run/request.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace heddle::run {
namespace {

constexpr double kAfterMax_s = 10.0 * 365 * 24 * 3600;

RawJson rawOr(JsonView body, std::string_view key, std::string_view fallback) {
    const auto value = body.get(key);
    return value ? RawJson::copy(*value) : RawJson::trusted(std::string(fallback));
}

bool flag(JsonView body, std::string_view key) {
    const auto value = body.get(key);
    return value && value->boolean().value_or(false);
}

std::vector<std::string> streamModes(JsonView body) {
    const auto value = body.get("stream_mode");
    std::vector<std::string> modes;
    if (value && value->isString()) {
        modes.push_back(*value->string());
    } else if (value) {
        for (const auto& element : value->elements()) {
            auto mode = element.string();
            if (mode && std::ranges::find(modes, *mode) == modes.end()) modes.push_back(std::move(*mode));
        }
    }
    if (modes.empty()) modes.emplace_back("values");
    return modes;
}

bool isEmptyObject(JsonView view) {
    return !view.isObject() || view.fields().empty();
}

// The request's checkpoint: `checkpoint` (object) or `checkpoint_id`.
RawJson checkpointOf(JsonView body) {
    RawJson checkpoint = rawOr(body, "checkpoint", "{}");
    if (const auto id = body.get("checkpoint_id"); id && id->isString()) {
        JsonWriter writer;
        writer.beginObject().key("checkpoint_id").raw(*id).endObject();
        checkpoint = mergeObjects(checkpoint.view(), JsonView::trusted(writer.text()));
    }
    return checkpoint;
}

std::string idsJson(const Run& run, const Thread& thread, bool with_graph) {
    JsonWriter writer;
    writer.beginObject();
    if (with_graph) {
        writer.key("run_id").string(run.id.str()).key("thread_id").string(thread.id.str());
        writer.key("graph_id").string(run.graph_id);
    } else if (!thread.temporary) {
        writer.key("graph_id").string(run.graph_id);
    }
    writer.key("assistant_id").string(run.assistant_id.str());
    writer.endObject();
    return writer.take();
}

// What of the request's checkpoint goes into configurable: never another thread's id.
RawJson checkpointKeys(JsonView checkpoint) {
    JsonWriter writer;
    writer.beginObject();
    for (const auto& field : checkpoint.fields()) {
        const bool known =
            field.key == "checkpoint_id" || field.key == "checkpoint_ns" || field.key == "checkpoint_map";
        if (known && !field.value.isNull()) writer.key(field.key).raw(field.value);
    }
    writer.endObject();
    return RawJson::trusted(writer.take());
}

RawJson withoutServersOwn(RawJson configurable) {
    const auto fields = configurable.view().fields();
    if (std::ranges::none_of(fields, [](const JsonField& field) { return isServersOwn(field.key); })) {
        return configurable;
    }
    JsonWriter writer;
    writer.beginObject();
    for (const auto& field : fields) {
        if (!isServersOwn(field.key)) writer.key(field.key).raw(field.value);
    }
    writer.endObject();
    return RawJson::trusted(writer.take());
}

// {"configurable", other keys of assistant ← request, "metadata"}.
RawJson mergedConfig(JsonView assistant, JsonView request, const RawJson& configurable,
                     const RawJson* metadata) {
    const RawJson merged = mergeObjects(assistant, request);
    JsonWriter writer;
    writer.beginObject().key("configurable").raw(configurable);
    for (const auto& field : merged.view().fields()) {
        if (field.key == "configurable" || field.key == "metadata" || field.value.isNull()) continue;
        writer.key(field.key).raw(field.value);
    }
    if (metadata != nullptr) writer.key("metadata").raw(*metadata);
    writer.endObject();
    return RawJson::trusted(writer.take());
}

// One step of `goto`: a node's name, or {node, input}.
Result<void> checkStep(JsonView step, const std::string& where) {
    if (step.isString()) {
        if (step.string()->empty()) return Problem::invalid(where + ": must name a node");
        return {};
    }
    if (!step.isObject()) {
        return Problem::invalid(where + ": must be a node's name or an object {\"node\", \"input\"}");
    }
    const auto node = step.get("node");
    if (!node || !node->isString() || node->string()->empty()) {
        return Problem::invalid(where + ".node: must be a node's name");
    }
    return {};
}

Result<void> checkGoto(JsonView go_to) {
    if (go_to.isNull()) return {};
    if (go_to.type() != JsonType::kArray) return checkStep(go_to, "command.goto");
    std::size_t at = 0;
    for (const JsonView step : go_to.elements()) {
        const auto checked = checkStep(step, "command.goto[" + std::to_string(at++) + "]");
        if (!checked) return checked.error();
    }
    return {};
}

// An object, or pairs of a key and a value.
Result<void> checkUpdate(JsonView update) {
    const Problem wrong =
        Problem::invalid("command.update: must be an object, or a list of [key, value] pairs");
    if (update.isNull() || update.isObject()) return {};
    if (update.type() != JsonType::kArray) return wrong;
    for (const JsonView pair : update.elements()) {
        const auto parts = pair.elements();
        if (parts.size() != 2 || !parts.front().isString()) return wrong;
    }
    return {};
}

}  // namespace

// It must say something that LangGraph knows; an empty one says nothing and is let pass.
Result<void> checkCommand(JsonView command) {
    if (command.isNull()) return {};
    if (!command.isObject()) return Problem::invalid("command: must be an object");
    const auto fields = command.fields();
    if (fields.empty()) return {};
    bool known = false;
    for (const auto& field : fields) {
        Result<void> checked;
        if (field.key == "goto") checked = checkGoto(field.value);
        if (field.key == "update") checked = checkUpdate(field.value);
        if (!checked) return checked.error();
        known = known || field.key == "resume" || field.key == "update" || field.key == "goto";
    }
    if (known) return {};
    return Problem::invalid("command: needs at least one of \"resume\", \"update\" or \"goto\"");
}

Result<RunRequest> parseRunRequest(JsonView body, std::optional<ThreadId> thread) {
    RunRequest request;
    request.thread = thread;
    request.assistant = body.stringAt("assistant_id").value_or("");
    request.input = rawOr(body, "input", "null");
    request.command = rawOr(body, "command", "null");
    if (const auto checked = checkCommand(request.command.view()); !checked) return checked.error();
    request.metadata = rawOr(body, "metadata", "{}");
    request.config = rawOr(body, "config", "{}");
    request.context = rawOr(body, "context", "{}");
    request.checkpoint = checkpointOf(body);
    request.webhook = body.stringAt("webhook");
    request.interrupt_before = rawOr(body, "interrupt_before", "null");
    request.interrupt_after = rawOr(body, "interrupt_after", "null");
    request.stream_mode = streamModes(body);
    request.feedback_keys = rawOr(body, "feedback_keys", "null");
    request.subgraphs = flag(body, "stream_subgraphs");
    request.resumable = flag(body, "stream_resumable");
    if (const auto text = body.stringAt("multitask_strategy")) {
        request.multitask_strategy = parseMultitaskStrategy(*text).value_or(MultitaskStrategy::kEnqueue);
    }
    if (body.stringAt("if_not_exists") == "create") request.if_not_exists = IfNotExists::kCreate;
    if (body.stringAt("on_completion") == "keep") request.on_completion = OnCompletion::kKeep;
    if (body.stringAt("on_disconnect") == "cancel") request.on_disconnect = OnDisconnect::kCancel;
    if (const auto after = body.given("after_seconds")) {
        request.after_s = after->number();
        if (!request.after_s || std::abs(*request.after_s) > kAfterMax_s) {
            return Problem::invalid("after_seconds: must be a number of at most ten years");
        }
    }
    request.durability = body.stringAt("durability").value_or("async");
    if (const auto during = body.get("checkpoint_during"); during && during->boolean() == false) {
        request.checkpoint_during = false;
        if (!body.get("durability")) request.durability = "exit";
    }
    return request;
}

Result<Run> composeRun(const RunRequest& request, const Assistant& assistant, const Thread& thread,
                       const RunId& id, Timestamp now) {
    const JsonView asked = request.config.view().objectAt("configurable");
    if (!isEmptyObject(request.context.view()) && !isEmptyObject(asked)) {
        return bothConfigurableAndContext();
    }
    Run run;
    run.id = id;
    run.thread_id = thread.id;
    run.assistant_id = assistant.id;
    run.graph_id = assistant.graph_id;
    run.multitask_strategy = request.multitask_strategy;
    run.traceparent = request.traceparent;
    run.created_at = run.updated_at = now;
    if (request.after_s && *request.after_s > 0) {
        run.not_before = now + microseconds(static_cast<std::int64_t>(*request.after_s * 1e6));
        run.created_at = *run.not_before;
    }
    // assistant ← thread ← ids ← config.metadata ← metadata
    RawJson metadata = mergeObjects(assistant.metadata.view(), thread.metadata.view());
    metadata = mergeObjects(metadata.view(), JsonView::trusted(idsJson(run, thread, false)));
    metadata = mergeObjects(metadata.view(), request.config.view().objectAt("metadata"));
    run.metadata = mergeObjects(metadata.view(), request.metadata.view());

    const JsonView over = isEmptyObject(request.context.view()) ? asked : request.context.view();
    RawJson configurable =
        withoutServersOwn(mergeObjects(assistant.config.view().objectAt("configurable"), over));
    configurable = mergeObjects(configurable.view(), request.headers.view());
    configurable = mergeObjects(configurable.view(), checkpointKeys(request.checkpoint.view()).view());
    configurable = mergeObjects(configurable.view(), JsonView::trusted(idsJson(run, thread, true)));

    RunKwargs& kwargs = run.kwargs;
    kwargs.input = request.input;
    kwargs.command = request.command;
    kwargs.config = mergedConfig(assistant.config.view(), request.config.view(), configurable, &run.metadata);
    const JsonView base_context = isEmptyObject(assistant.context.view())
                                      ? assistant.config.view().objectAt("configurable")
                                      : assistant.context.view();
    kwargs.context = mergeObjects(base_context, over);
    kwargs.stream_mode = request.stream_mode;
    kwargs.interrupt_before = request.interrupt_before;
    kwargs.interrupt_after = request.interrupt_after;
    kwargs.webhook = request.webhook;
    kwargs.feedback_keys = request.feedback_keys;
    kwargs.temporary = thread.temporary;
    kwargs.subgraphs = request.subgraphs;
    kwargs.resumable = request.resumable;
    kwargs.checkpoint_during = request.checkpoint_during;
    kwargs.durability = request.durability;
    return run;
}

void adopt(Thread& thread, const RunRequest& request, const Assistant& assistant) {
    JsonWriter ids;
    ids.beginObject().key("graph_id").string(assistant.graph_id);
    // The thread keeps the assistant of its first run.
    if (!thread.metadata.view().get("assistant_id")) ids.key("assistant_id").string(assistant.id.str());
    ids.endObject();
    thread.metadata = mergeObjects(thread.metadata.view(), JsonView::trusted(ids.text()));
    const RawJson configurable = RawJson::copy(assistant.config.view().objectAt("configurable"));
    thread.config = mergedConfig(assistant.config.view(), request.config.view(), configurable, nullptr);
    thread.graph_id = assistant.graph_id;
}

}  // namespace heddle::run
