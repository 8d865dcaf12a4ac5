// SPDX-License-Identifier: Apache-2.0
// Completion scripts for shells.
#pragma once

#include "cli/syntax.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace heddle::cli {

// The script for `shell` ("bash", "zsh", "fish"), to be sourced or put where the shell looks for completions.
// Nothing for another shell.
[[nodiscard]] std::optional<std::string> completionFor(std::string_view shell, const Syntax& syntax);

}  // namespace heddle::cli
