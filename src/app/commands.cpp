// SPDX-License-Identifier: Apache-2.0
#include "app/commands.hpp"

#include "app/server.hpp"
#include "base/memory.hpp"
#include "base/random.hpp"
#include "config/config.hpp"
#include "domain/webhook_secret.hpp"
#include "heddle_build.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <optional>
#include <utility>

namespace heddle::app {
namespace {

config::Loaded loadConfig(const Invocation& invocation) {
    config::Sources sources;
    sources.config_path = invocation.config_path;
    sources.flags = invocation.flags;
    sources.environment = invocation.environment;
    sources.working_dir = invocation.working_dir;
    return config::load(sources);
}

void printFindings(const config::Loaded& loaded) {
    using Severity = config::Finding::Severity;
    for (const auto& finding : loaded.findings) {
        const char* kind = finding.severity == Severity::kProblem   ? "problem"
                           : finding.severity == Severity::kWarning ? "warning"
                                                                    : "notice";
        fmt::print(stderr, "{}: {}: {}\n", kind, finding.key, finding.text);
    }
}

}  // namespace

std::string versionLine() {
    return fmt::format("heddle {}", build::kFullVersion);
}

int serve(const Invocation& invocation) {
    const config::Loaded loaded = loadConfig(invocation);
    printFindings(loaded);
    if (!loaded.usable()) {
        fmt::print(stderr, "heddle: the configuration has problems; nothing was started\n");
        return 1;
    }
    returnLargeBlocks();
    log::configure(loaded.config.log_format, loaded.config.log_level);
    Server server(loaded.config, [invocation]() -> std::optional<config::Config> {
        config::Loaded again = loadConfig(invocation);
        if (again.usable()) return std::move(again.config);
        printFindings(again);
        return std::nullopt;
    });
    return server.run();
}

int checkConfig(const Invocation& invocation) {
    const config::Loaded loaded = loadConfig(invocation);
    printFindings(loaded);
    if (!loaded.usable()) return 1;
    fmt::print("{}\n", config::describe(loaded.config));
    return 0;
}

int printSecret() {
    SystemRandom random;
    fmt::print("{}\n", newWebhookSecret(random));
    return 0;
}

}  // namespace heddle::app
