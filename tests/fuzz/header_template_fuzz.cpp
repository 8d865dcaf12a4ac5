// SPDX-License-Identifier: Apache-2.0
// Header templates: whatever the text, a value without problems fits a header, and no problem repeats a
// value.
#include "config/header_template.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view kSecret = "s3cr3t";

std::optional<std::string> variable(std::string_view name) {
    if (name == "LG_WEBHOOK_A") return std::string(kSecret);
    if (name == "LG_WEBHOOK_BAD") return std::string(kSecret) + "\r\nX: 1";
    if (name == "LG_WEBHOOK_EMPTY") return std::string();
    if (!name.starts_with("LG_WEBHOOK_")) std::abort();  // beyond the prefix
    return std::nullopt;
}

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text(reinterpret_cast<const char*>(data), size);
    if (text.ends_with('\n')) text.pop_back();  // seeds are text files
    const auto resolved = heddle::config::resolveTemplates(text, "LG_WEBHOOK_", variable);
    if (resolved.problems.empty()) {
        require(std::all_of(resolved.value.begin(), resolved.value.end(),
                            [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7F); }));
        if (text.find("${{") == std::string::npos) require(resolved.value == text);
    }
    // A text without the secret never makes a problem with it.
    if (text.find(kSecret) == std::string::npos) {
        for (const auto& problem : resolved.problems) require(problem.find(kSecret) == std::string::npos);
    }
    (void)heddle::config::headerNameProblem(text);
    return 0;
}
