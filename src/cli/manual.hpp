// SPDX-License-Identifier: Apache-2.0
// The manual page heddle(1).
#pragma once

#include "cli/syntax.hpp"

#include <string>
#include <string_view>

namespace heddle::cli {

// In roff: src/cli/manual.1, with every verb and flag of `syntax` where it says so. `version` stands in the
// page's footer.
[[nodiscard]] std::string manualPage(const Syntax& syntax, std::string_view version);

}  // namespace heddle::cli
