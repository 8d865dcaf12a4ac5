// SPDX-License-Identifier: Apache-2.0
// What a thread's row keeps of a ThreadState.
#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "domain/thread.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace heddle::run {

// Values, interrupts, the state itself and when it came. Status and error are the caller's to decide.
void takeState(Thread& thread, JsonView state, std::optional<std::string> checkpoint_id, Timestamp now);

// No such field, or no element in it.
[[nodiscard]] bool isEmptyArray(JsonView object, std::string_view key);

// Of a thread on which nothing is open and nothing failed: interrupted while its ThreadState has something
// left to do (nodes to run or open interrupts).
[[nodiscard]] ThreadStatus restingStatus(JsonView state);

// A ThreadState as a copy of its thread has it: the thread's id replaced wherever we put it.
[[nodiscard]] RawJson renamedState(JsonView state, const std::string& from, const std::string& to);

}  // namespace heddle::run
