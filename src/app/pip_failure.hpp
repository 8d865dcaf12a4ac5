// SPDX-License-Identifier: Apache-2.0
// What to do when pip or uv has failed, as far as its output tells. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace heddle::app {

// One line that says what went wrong and the remedy; empty when the output tells nothing we know.
[[nodiscard]] std::string pipRemedy(std::string_view output);

// The last lines of an output, at most `most`, without control characters and the empty line at its end.
[[nodiscard]] std::string lastLines(std::string_view output, std::size_t most);

}  // namespace heddle::app
