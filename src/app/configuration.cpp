// SPDX-License-Identifier: Apache-2.0
#include "app/configuration.hpp"

#include <fmt/core.h>

#include <cstdio>

namespace heddle::app {

config::Sources sourcesOf(const Invocation& invocation) {
    config::Sources sources;
    sources.config_path = invocation.config_path;
    sources.flags = invocation.flags;
    sources.environment = invocation.environment;
    sources.working_dir = invocation.working_dir;
    return sources;
}

void printFindings(const std::vector<config::Finding>& findings) {
    using Severity = config::Finding::Severity;
    for (const auto& finding : findings) {
        const char* kind = finding.severity == Severity::kProblem   ? "problem"
                           : finding.severity == Severity::kWarning ? "warning"
                                                                    : "notice";
        fmt::print(stderr, "{}: {}: {}\n", kind, finding.key, finding.text);
    }
}

std::string databaseFile(const Invocation& invocation) {
    const auto loaded = config::locateData(sourcesOf(invocation));
    printFindings(loaded.findings);
    return loaded.usable() ? loaded.config.database_path : std::string();
}

}  // namespace heddle::app
