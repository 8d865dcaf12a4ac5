// SPDX-License-Identifier: Apache-2.0
#include "config/header_template.hpp"

#include "config/env_file.hpp"

#include <algorithm>
#include <array>

namespace heddle::config {
namespace {

constexpr std::string_view kOpen = "${{";
constexpr std::string_view kClose = "}}";

// The dispatcher sets these itself.
constexpr std::array<std::string_view, 7> kForbidden = {
    "host",       "content-length",    "transfer-encoding", "connection",
    "webhook-id", "webhook-timestamp", "webhook-signature",
};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool isTokenChar(char c) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    const char small = lower(c);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
}

// Appends the value that `inside` (the text between the braces) stands for, or a problem.
void resolveOne(std::string_view inside, std::string_view prefix, const Variables& variables,
                HeaderValue& out) {
    constexpr std::string_view kEnv = "env.";
    const auto expression = trimmed(inside);
    if (!expression.starts_with(kEnv) || !isVariableName(expression.substr(kEnv.size()))) {
        out.problems.emplace_back("a template must be ${{ env.NAME }}");
        return;
    }
    const std::string name(expression.substr(kEnv.size()));
    if (!name.starts_with(prefix)) {
        out.problems.push_back("may only name variables that start with " + std::string(prefix) +
                               " (webhooks.env_prefix), not " + name);
        return;
    }
    const auto value = variables(name);
    if (!value || value->empty()) {
        out.problems.push_back("the environment variable " + name + (value ? " is empty" : " is not set"));
        return;
    }
    out.value += *value;
}

}  // namespace

HeaderValue resolveHeader(std::string_view text, std::string_view prefix, const Variables& variables) {
    HeaderValue out;
    while (!text.empty()) {
        const auto open = std::min(text.find(kOpen), text.size());
        out.value += text.substr(0, open);
        text.remove_prefix(open);
        if (text.empty()) break;
        const auto close = text.find(kClose);
        if (close == std::string_view::npos) {
            out.problems.emplace_back("a template is never closed with }}");
            break;
        }
        resolveOne(text.substr(kOpen.size(), close - kOpen.size()), prefix, variables, out);
        text.remove_prefix(close + kClose.size());
    }
    const bool control = std::any_of(out.value.begin(), out.value.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7F';
    });
    if (control) out.problems.emplace_back("the value has a line break or another control character");
    return out;
}

std::optional<std::string> headerNameProblem(std::string_view name) {
    if (name.empty() || !std::all_of(name.begin(), name.end(), isTokenChar)) return "not a header name";
    std::string small(name);
    std::transform(small.begin(), small.end(), small.begin(), lower);
    if (std::find(kForbidden.begin(), kForbidden.end(), small) != kForbidden.end()) {
        return "this header is set by the server";
    }
    return std::nullopt;
}

}  // namespace heddle::config
