// SPDX-License-Identifier: Apache-2.0
// Values with `${{ env.NAME }}` templates: webhook headers, secrets, the proxy's URL.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::config {

using Variables = std::function<std::optional<std::string>(std::string_view name)>;

struct Resolved {
    std::string value;                  // a secret
    std::vector<std::string> problems;  // name variables and places, never values
};

// Replaces every template; only variables whose name starts with `prefix` may be named, and each must be set
// and not empty. What variables hold is not looked at for templates again. The result must fit a header:
// ASCII without control characters but tabs. Places count characters (code points) of `text` from 1.
Resolved resolveTemplates(std::string_view text, std::string_view prefix, const Variables& variables);

// What is wrong with `name` as the name of a configured header, if anything.
std::optional<std::string> headerNameProblem(std::string_view name);

}  // namespace heddle::config
