// SPDX-License-Identifier: Apache-2.0
#include "run/event_reader.hpp"

#include <algorithm>
#include <charconv>

namespace heddle::run {
namespace {

std::optional<std::int64_t> digits(std::string_view text) {
    std::int64_t value = 0;
    const bool plain = !text.empty() && text.front() >= '0' && text.front() <= '9';
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (!plain || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

bool wantsEvent(const std::vector<std::string>& modes, std::string_view event) {
    if (modes.empty() || event == "error") return true;
    const auto end = event.find_first_of("/|");
    const std::string_view base = event.substr(0, end);
    const bool tuple = base == "messages" && (end == std::string_view::npos || event[end] == '|');
    const std::string_view mode = tuple ? std::string_view("messages-tuple") : base;
    return std::ranges::any_of(modes,
                               [&](const std::string& wanted) { return wanted == mode || wanted == base; });
}

void appendEvent(std::string& out, std::string_view event, std::string_view data, std::string_view id_prefix,
                 std::int64_t seq) {
    out.append("event: ").append(event).append("\r\ndata: ").append(data).append("\r\n");
    if (!id_prefix.empty()) out.append("id: ").append(id_prefix).append(std::to_string(seq)).append("\r\n");
    out.append("\r\n");
}

std::string idPrefix(std::int64_t number) {
    return std::to_string(number) + "-";
}

std::optional<EventPosition> parseEventId(std::string_view text) {
    if (text == "-1" || text == "0" || text == "-") return EventPosition{};
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto number = digits(text.substr(0, dash));
    const auto seq = digits(text.substr(dash + 1));
    // Room for what is computed from them: a seq more, and microseconds of milliseconds.
    constexpr std::int64_t kMost = INT64_MAX / 2000;
    if (!number || !seq || *number > kMost || *seq > kMost) return std::nullopt;
    return EventPosition{*number, *seq};
}

}  // namespace heddle::run
