// SPDX-License-Identifier: Apache-2.0
// Webhook header values with `${{ env.NAME }}` templates.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::config {

using Variables = std::function<std::optional<std::string>(std::string_view name)>;

struct HeaderValue {
    std::string value;                  // a secret
    std::vector<std::string> problems;  // name variables, never values
};

// Replaces every template; only variables whose name starts with `prefix` may be named, and each must be set
// and not empty. The result must be a header value: no control characters.
HeaderValue resolveHeader(std::string_view text, std::string_view prefix, const Variables& variables);

// What is wrong with `name` as the name of a configured header, if anything.
std::optional<std::string> headerNameProblem(std::string_view name);

}  // namespace heddle::config
