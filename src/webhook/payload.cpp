// SPDX-License-Identifier: Apache-2.0
#include "webhook/payload.hpp"

#include <stdexcept>
#include <string_view>

namespace heddle::webhook {
namespace {

constexpr std::string_view kTimePlaceholder = "0000-00-00T00:00:00.000000+00:00";

// Who ran it and our own bookkeeping are not the receiver's business.
bool isInternal(std::string_view key) {
    return key.starts_with("langgraph_auth_") || key.starts_with("__");
}

bool hasInternal(const std::vector<JsonField>& fields) {
    for (const auto& field : fields) {
        if (isInternal(field.key)) return true;
    }
    return false;
}

// The object without internal keys; byte for byte when it has none.
void writeWithoutInternal(JsonWriter& out, JsonView object) {
    const auto fields = object.fields();
    if (!hasInternal(fields)) {
        out.raw(object);
        return;
    }
    out.beginObject();
    for (const auto& field : fields) {
        if (!isInternal(field.key)) out.key(field.key).raw(field.value);
    }
    out.endObject();
}

void writeConfig(JsonWriter& out, JsonView config) {
    if (!config.isObject()) {
        out.raw(config);
        return;
    }
    out.beginObject();
    for (const auto& field : config.fields()) {
        if (isInternal(field.key)) continue;
        out.key(field.key);
        const bool inside = field.key == "configurable" || field.key == "metadata";
        if (inside) {
            writeWithoutInternal(out, field.value);
        } else {
            out.raw(field.value);
        }
    }
    out.endObject();
}

void writeKwargs(JsonWriter& out, const RunKwargs& kwargs) {
    const RawJson json = kwargs.json();
    out.beginObject();
    for (const auto& field : json.view().fields()) {
        out.key(field.key);
        if (field.key == "config") {
            writeConfig(out, field.value);
        } else {
            out.raw(field.value);
        }
    }
    out.endObject();
}

}  // namespace

Payload buildPayload(const Run& run, const std::optional<RawJson>& values) {
    JsonWriter out;
    out.beginObject();
    out.key("run_id").string(run.id.str());
    out.key("thread_id").string(run.thread_id.str());
    out.key("assistant_id").string(run.assistant_id.str());
    out.key("metadata").raw(run.metadata);
    out.key("status").string(toString(run.status));
    out.key("kwargs");
    writeKwargs(out, run.kwargs);
    out.key("multitask_strategy").string(toString(run.multitask_strategy));
    out.key("created_at").string(run.created_at.iso());
    out.key("updated_at").string(run.updated_at.iso());
    if (run.started_at) out.key("run_started_at").string(run.started_at->iso());
    if (run.ended_at) out.key("run_ended_at").string(run.ended_at->iso());
    out.key("webhook_sent_at").string(kTimePlaceholder);
    const auto sent_at = out.text().size() - 1 - kTimePlaceholder.size();
    if (values) out.key("values").raw(*values);
    out.key("error");
    if (run.error) {
        out.raw(run.error->json());
    } else {
        out.null();
    }
    out.endObject();
    return {out.take(), static_cast<std::int64_t>(sent_at)};
}

std::string stamped(const Delivery& delivery, Timestamp sent_at) {
    const std::string time = sent_at.iso();
    const auto offset = static_cast<std::size_t>(delivery.sent_at_offset);
    if (delivery.sent_at_offset < 0 || delivery.body.size() < offset + time.size()) {
        throw std::runtime_error("delivery " + delivery.id.str() +
                                 ": damaged row: no place for webhook_sent_at");
    }
    std::string body = delivery.body;
    body.replace(offset, time.size(), time);
    return body;
}

}  // namespace heddle::webhook
