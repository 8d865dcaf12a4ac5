// SPDX-License-Identifier: Apache-2.0
// The graphs inside the server, for tests, benchmarks and first steps.
#pragma once

#include "graph/native/context.hpp"

#include <optional>
#include <string_view>

namespace heddle::graph {

// echo:  {"out": state.text}
// sleep: waits state.seconds (1 without one), then {"slept": seconds}
// fail:  raises ValueError with state.message ("kaput" without one)
// burst: sends state.events custom events {"n": 0}, {"n": 1}…, then {"sent": events}
// Nothing for any other name.
[[nodiscard]] std::optional<Coroutine> builtinGraph(std::string_view name);

}  // namespace heddle::graph
