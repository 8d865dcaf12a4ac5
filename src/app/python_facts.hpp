// SPDX-License-Identifier: Apache-2.0
// What an interpreter has of what a project needs: asked of the interpreter itself (heddle_worker.check).
#pragma once

#include "base/json.hpp"
#include "config/config.hpp"

#include <string>
#include <utility>
#include <vector>

namespace heddle::app {

enum class Question {
    kPackages,  // imports nothing of the project
    kGraphs,    // also loads every graph, as a worker does
};

struct PythonFacts {
    std::string version;     // "3.11.7"
    std::string executable;  // absolute
    bool old = false;        // too old for workers: nothing below was asked
    bool own_environment = false;
    bool pip = false;
    std::vector<std::pair<std::string, std::string>> versions;  // "langgraph" → "1.2.22"
    std::vector<std::string> missing;                           // a line each, with the remedy
    std::vector<std::string> unknown;        // requirements that only an installation can judge
    std::vector<std::string> installable;    // folders that pip can install
    std::vector<std::string> not_installed;  // those of them that are not, in editable form
    std::vector<std::string> problems;       // files that cannot be read
    RawJson loaded;                          // of kGraphs, the reply to `load`; null without langgraph

    [[nodiscard]] std::string versionOf(std::string_view package) const;  // empty: it is not there
    // Whether an installation would change nothing.
    [[nodiscard]] bool complete() const;
};

// A Problem says why it cannot be told, with the remedy where there is one. Throws Interrupted. Blocks.
[[nodiscard]] Result<PythonFacts> askPython(const config::Config& config, const std::string& python,
                                            Question question);

// "3.12" wanted and 3.11.7 there: the line to say; empty when it fits or any will do.
[[nodiscard]] std::string versionMismatch(const config::Config& config, const PythonFacts& facts);

}  // namespace heddle::app
