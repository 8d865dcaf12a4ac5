// SPDX-License-Identifier: Apache-2.0
// What the head of a file says about whether this process can load it. The dynamic loader calls a library of
// another machine "no such file".
#pragma once

#include <optional>
#include <string>

namespace heddle::graph {

// What keeps the file at `path` from being a shared library for this machine, as the end of a sentence that
// begins with the file; nothing: it is one.
[[nodiscard]] std::optional<std::string> sharedObjectFault(const std::string& path);

}  // namespace heddle::graph
