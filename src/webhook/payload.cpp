// SPDX-License-Identifier: Apache-2.0
#include "webhook/payload.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

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

std::string kwargsJson(const RunKwargs& kwargs) {
    const RawJson json = kwargs.json();
    JsonWriter out;
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
    return out.take();
}

// The parts that may be large, as JSON; borrowed.
struct Parts {
    std::string_view metadata;
    std::string_view kwargs;
    std::optional<std::string_view> values;
    std::string_view error;
};

// Writes the fields that may go out.
class Fields {
  public:
    explicit Fields(const std::vector<std::string>& allowed) : allowed_(allowed) { out_.beginObject(); }

    [[nodiscard]] bool allows(std::string_view name) const {
        return allowed_.empty() || std::find(allowed_.begin(), allowed_.end(), name) != allowed_.end();
    }
    void text(std::string_view name, std::string_view value) {
        if (allows(name)) out_.key(name).string(value);
    }
    void time(std::string_view name, const std::optional<Timestamp>& value) {
        if (value && allows(name)) out_.key(name).string(value->iso());
    }
    void json(std::string_view name, std::string_view value) {
        if (allows(name)) out_.key(name).raw(value);
    }
    void sentAt() {
        constexpr std::string_view kName = "webhook_sent_at";
        if (!allows(kName)) return;
        out_.key(kName).string(kTimePlaceholder);
        sent_at_ = static_cast<std::int64_t>(out_.text().size() - 1 - kTimePlaceholder.size());
    }
    Payload take() {
        out_.endObject();
        return {out_.take(), sent_at_};
    }

  private:
    const std::vector<std::string>& allowed_;
    JsonWriter out_;
    std::int64_t sent_at_ = -1;
};

Payload compose(const Run& run, const Parts& parts, const WebhookFields& rules) {
    Fields out(rules.allowed);
    out.text("run_id", run.id.str());
    out.text("thread_id", run.thread_id.str());
    out.text("assistant_id", run.assistant_id.str());
    out.json("metadata", parts.metadata);
    out.text("status", toString(run.status));
    out.json("kwargs", parts.kwargs);
    out.text("multitask_strategy", toString(run.multitask_strategy));
    out.time("created_at", run.created_at);
    out.time("updated_at", run.updated_at);
    out.time("run_started_at", run.started_at);
    out.time("run_ended_at", run.ended_at);
    out.sentAt();
    if (parts.values) out.json("values", *parts.values);
    out.json("error", parts.error);
    return out.take();
}

std::string reference(const std::string& path) {
    JsonWriter out;
    out.beginObject().key("$truncated").boolean(true).key("url").string(path).endObject();
    return out.take();
}

std::string runPath(const Run& run) {
    if (run.kwargs.temporary) return "/runs/" + run.id.str();
    return "/threads/" + run.thread_id.str() + "/runs/" + run.id.str();
}

std::string valuesPath(const Run& run) {
    if (run.kwargs.temporary) return runPath(run) + "/join";
    return "/threads/" + run.thread_id.str() + "/state";
}

// As much of the front of `text` as takes at most `bytes_max` in a JSON string; whole characters.
std::string fittingFront(std::string_view text, std::size_t bytes_max) {
    std::size_t end = 0, used = 0;
    while (end < text.size()) {
        const std::size_t width = std::max<std::size_t>(1, utf8::sequence(text, end));
        used += jsonString(text.substr(end, width)).size() - 2;  // its quotes
        if (used > bytes_max) break;
        end += width;
    }
    return std::string(text.substr(0, end));
}

std::string cutError(const RunError& error, std::size_t bytes_max) {
    constexpr std::size_t kTypeMost = 64;
    RunError cut{fittingFront(error.type, kTypeMost), ""};
    const std::size_t used = cut.json().text().size();
    cut.message = fittingFront(error.message, bytes_max - std::min(bytes_max, used));
    return cut.json().text();
}

// Makes the parts fit; `kept` owns what takes their place. Sizes are added up rather than tried: bodies may
// be large.
void fit(Parts& parts, const Run& run, const WebhookFields& rules, std::deque<std::string>& kept) {
    const Fields fields(rules.allowed);
    Parts none;
    if (parts.values) none.values.emplace();
    std::size_t size = compose(run, none, rules).body.size();
    const auto count = [&](std::string_view name, std::string_view part) {
        if (fields.allows(name)) size += part.size();
    };
    count("metadata", parts.metadata);
    count("kwargs", parts.kwargs);
    if (parts.values) count("values", *parts.values);
    count("error", parts.error);

    const auto giveWay = [&](std::string_view name, std::string_view& part, const std::string& path) {
        if (size <= rules.body_bytes_max || !fields.allows(name)) return;
        std::string instead = reference(rules.reference_prefix + path);
        if (instead.size() >= part.size()) return;
        size -= part.size() - instead.size();
        part = kept.emplace_back(std::move(instead));
    };
    if (parts.values) giveWay("values", *parts.values, valuesPath(run));
    giveWay("kwargs", parts.kwargs, runPath(run));
    giveWay("metadata", parts.metadata, runPath(run));
    if (size > rules.body_bytes_max && run.error && fields.allows("error")) {
        const std::size_t rest = size - parts.error.size();
        parts.error = kept.emplace_back(
            cutError(*run.error, rules.body_bytes_max - std::min(rules.body_bytes_max, rest)));
    }
}

}  // namespace

Payload buildPayload(const Run& run, const std::optional<RawJson>& values, const WebhookFields& fields) {
    const std::string kwargs = kwargsJson(run.kwargs);
    const std::string error = run.error ? run.error->json().text() : "null";
    Parts parts{run.metadata.text(), kwargs, std::nullopt, error};
    if (values) parts.values = values->text();
    std::deque<std::string> kept;
    fit(parts, run, fields, kept);
    return compose(run, parts, fields);
}

std::string stamped(const Delivery& delivery, Timestamp sent_at) {
    std::string body = delivery.body;
    if (delivery.sent_at_offset < 0) return body;
    const std::string time = sent_at.iso();
    const auto offset = static_cast<std::size_t>(delivery.sent_at_offset);
    if (body.size() < time.size() || body.size() - time.size() < offset) {
        throw std::runtime_error("delivery " + delivery.id.str() +
                                 ": damaged row: no place for webhook_sent_at");
    }
    body.replace(offset, time.size(), time);
    return body;
}

}  // namespace heddle::webhook
