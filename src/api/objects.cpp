// SPDX-License-Identifier: Apache-2.0
#include "api/objects.hpp"

#include "api/object_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace heddle::api {
namespace {

// The value one step further: a key, or "[n]".
std::optional<JsonView> step(JsonView value, std::string_view segment) {
    if (!segment.starts_with('[')) return value.get(segment);
    std::int64_t index = 0;
    const auto [end, error] = std::from_chars(segment.data() + 1, segment.data() + segment.size(), index);
    if (error != std::errc() || *end != ']') return std::nullopt;
    const auto elements = value.elements();
    if (index < 0) index += static_cast<std::int64_t>(elements.size());
    if (index < 0 || index >= static_cast<std::int64_t>(elements.size())) return std::nullopt;
    return elements[static_cast<std::size_t>(index)];
}

// "a.b[0].c" → a, b, [0], c
std::vector<std::string_view> segments(std::string_view path) {
    std::vector<std::string_view> out;
    while (!path.empty()) {
        const auto end = path.find_first_of(".[", path.front() == '[' ? 1 : 0);
        out.push_back(path.substr(0, end));
        if (end == std::string_view::npos) break;
        path.remove_prefix(path[end] == '.' ? end + 1 : end);
    }
    return out;
}

}  // namespace

namespace {

// The shortest text that reads as this number: 30, 0.5.
std::string numberJson(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    return {text.data(), end.ptr};
}

std::string ttlJson(const ThreadTtl& ttl, Timestamp expires_at) {
    const auto minutes = static_cast<double>(ttl.lives.count()) / 60e6;
    JsonWriter writer;
    writer.beginObject().key("strategy").string(toString(ttl.strategy));
    writer.key("ttl_minutes").raw(numberJson(minutes));
    writer.key("expires_at").string(expires_at.iso()).endObject();
    return writer.take();
}

}  // namespace

void writeThread(JsonWriter& writer, const Thread& thread, const Select& select, ThreadExtras extras) {
    ObjectFields fields(writer, select);
    fields.string("thread_id", thread.id.str());
    fields.time("created_at", thread.created_at);
    fields.time("updated_at", thread.updated_at);
    fields.time("state_updated_at", thread.state_updated_at);
    fields.raw("metadata", thread.metadata);
    fields.string("status", toString(thread.status));
    fields.raw("config", thread.config);
    fields.raw("values", thread.values);
    // A thread that never ran has neither.
    if (thread.error) {
        fields.raw("error", *thread.error);
        fields.raw("interrupts", thread.interrupts);
    } else if (!select.empty()) {
        fields.raw("interrupts", thread.interrupts);
    }
    const bool with_ttl = extras == ThreadExtras::kTtl || (!select.empty() && fields.wanted("ttl"));
    if (with_ttl) {
        const bool expires = thread.ttl && thread.expires_at;
        writer.key("ttl").raw(expires ? ttlJson(*thread.ttl, *thread.expires_at) : "null");
    }
}

void writeRun(JsonWriter& writer, const Run& run, const Select& select) {
    ObjectFields fields(writer, select);
    fields.string("run_id", run.id.str());
    fields.string("thread_id", run.thread_id.str());
    fields.string("assistant_id", run.assistant_id.str());
    fields.raw("metadata", run.metadata);
    fields.string("status", toString(run.status));
    if (fields.wanted("kwargs")) fields.raw("kwargs", run.kwargs.json());
    fields.string("multitask_strategy", toString(run.multitask_strategy));
    fields.time("created_at", run.created_at);
    fields.time("updated_at", run.updated_at);
    fields.null("langsmith_session_name");
}

void writeAssistant(JsonWriter& writer, const Assistant& assistant, const Select& select) {
    ObjectFields fields(writer, select);
    fields.string("assistant_id", assistant.id.str());
    fields.string("graph_id", assistant.graph_id);
    fields.raw("config", assistant.config);
    fields.raw("context", assistant.context);
    fields.raw("metadata", assistant.metadata);
    fields.string("name", assistant.name);
    fields.time("created_at", assistant.created_at);
    fields.time("updated_at", assistant.updated_at);
    fields.integer("version", assistant.version);
    fields.optionalString("description", assistant.description);
}

void writeAssistantVersion(JsonWriter& writer, const Assistant& version) {
    const Select all;
    ObjectFields fields(writer, all);
    fields.string("assistant_id", version.id.str());
    fields.integer("version", version.version);
    fields.string("graph_id", version.graph_id);
    fields.raw("config", version.config);
    fields.raw("context", version.context);
    fields.raw("metadata", version.metadata);
    fields.time("created_at", version.updated_at);
    fields.string("name", version.name);
    fields.optionalString("description", version.description);
}

std::string threadJson(const Thread& thread, ThreadExtras extras) {
    JsonWriter writer;
    writeThread(writer, thread, {}, extras);
    return writer.take();
}

std::string runJson(const Run& run) {
    JsonWriter writer;
    writeRun(writer, run);
    return writer.take();
}

Select selectOf(JsonView body) {
    Select select;
    const auto names = body.get("select");
    if (!names) return select;
    for (const auto& name : names->elements()) select.push_back(name.string().value_or(""));
    return select;
}

std::optional<RawJson> extractPath(const Thread& thread, std::string_view path) {
    const std::string whole = threadJson(thread);
    std::optional<JsonView> at = JsonView::trusted(whole);
    for (const auto segment : segments(path)) {
        at = step(*at, segment);
        if (!at) return std::nullopt;
    }
    return RawJson::copy(*at);
}

}  // namespace heddle::api
