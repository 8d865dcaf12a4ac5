// SPDX-License-Identifier: Apache-2.0
// The tables of docs/configuration.md, made of those that the configuration is read by.
#pragma once

#include <string>

namespace heddle::config {

// Both tables in Markdown, each between the comments that mark its place in the document.
[[nodiscard]] std::string reference();

}  // namespace heddle::config
