// SPDX-License-Identifier: Apache-2.0
#include "domain/item.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

namespace heddle {
namespace {

constexpr std::string_view kReservedRoot = "langgraph";

void writeScore(JsonWriter& out, std::optional<float> score) {
    constexpr std::size_t kDigitsMost = 32;
    if (!score) {
        out.null();
        return;
    }
    std::array<char, kDigitsMost> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *score).ptr;
    out.raw(std::string_view(digits.data(), end));
}

}  // namespace

Result<Namespace> readNamespace(JsonView list, std::string_view field) {
    const auto wrong = [field](std::string_view why) {
        return Problem::invalid(std::string(field) + ": " + std::string(why));
    };
    if (list.type() != JsonType::kArray) return wrong("must be a list");
    Namespace ns;
    for (const JsonView label : list.elements()) {
        auto text = label.string();
        if (!text) return wrong("labels must be strings");
        if (text->empty()) return wrong("labels cannot be empty strings");
        if (text->find('.') != std::string::npos) return wrong("labels cannot contain periods");
        ns.push_back(std::move(*text));
    }
    return ns;
}

Result<void> checkWritable(const Namespace& ns) {
    if (ns.empty()) return Problem::invalid("namespace: cannot be empty");
    if (ns.front() == kReservedRoot)
        return Problem::invalid("namespace: the first label cannot be 'langgraph'");
    return {};
}

void writeNamespace(JsonWriter& out, const Namespace& ns) {
    out.beginArray();
    for (const auto& label : ns) out.string(label);
    out.endArray();
}

void writeItem(JsonWriter& out, const Item& item, Score score) {
    out.beginObject();
    writeNamespace(out.key("namespace"), item.ns);
    out.key("key").string(item.key);
    out.key("value").raw(item.value);
    out.key("created_at").string(item.created_at.iso());
    out.key("updated_at").string(item.updated_at.iso());
    if (score == Score::kShown) writeScore(out.key("score"), item.score);
    out.endObject();
}

bool fades(const Item& item, Timestamp now) {
    constexpr int kPart = 100;
    return item.ttl && item.expires_at && *item.expires_at < now + *item.ttl - *item.ttl / kPart;
}

}  // namespace heddle
