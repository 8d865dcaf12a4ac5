// SPDX-License-Identifier: Apache-2.0
#include "app/commands.hpp"

#include "app/configuration.hpp"
#include "app/execution.hpp"
#include "app/server.hpp"
#include "app/start_problem.hpp"
#include "base/memory.hpp"
#include "base/random.hpp"
#include "config/config.hpp"
#include "config/reference.hpp"
#include "domain/webhook_secret.hpp"
#include "heddle_build.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

namespace heddle::app {
namespace {

// From graphs in C++, which are part of this process. The invocation has its own copy, for reloads. Before
// there is a thread.
void hideApiKeys() {
    unsetenv("HEDDLE_API_KEYS");
    unsetenv("HEDDLE_API_KEYS_FILE");
}

}  // namespace

std::string versionLine() {
    return fmt::format("heddle {}", build::kFullVersion);
}

int serve(const Invocation& invocation) {
    if (invocation.flags.contains("install") && install(invocation, false) != 0) return 1;
    const config::Loaded loaded = config::load(sourcesOf(invocation));
    printFindings(loaded.findings);
    if (!loaded.usable()) {
        fmt::print(stderr, "heddle: the configuration has problems; nothing was started\n");
        return 1;
    }
    returnLargeBlocks();
    log::configure(loaded.config.log_format, loaded.config.log_level);
    shareEnvironment(loaded.config);
    hideApiKeys();
    const auto reload = [invocation]() -> std::optional<config::Config> {
        config::Loaded again = config::load(sourcesOf(invocation));
        if (again.usable()) return std::move(again.config);
        printFindings(again.findings);
        return std::nullopt;
    };
    try {
        Server server(loaded.config, reload);
        return server.run();
    } catch (const std::exception& error) {
        fmt::print(stderr, "heddle: {}\n", startProblem(error, loaded.config));
        return 1;
    }
}

int checkConfig(const Invocation& invocation) {
    const config::Loaded loaded = config::load(sourcesOf(invocation));
    printFindings(loaded.findings);
    if (!loaded.usable()) return 1;
    shareEnvironment(loaded.config);
    const auto faults = libraryFaults(loaded.config);
    printFindings(faults);
    if (!faults.empty()) return 1;
    fmt::print("{}\n", config::describe(loaded.config));
    return 0;
}

int printReference() {
    fmt::print("{}", config::reference());
    return 0;
}

int printSecret() {
    SystemRandom random;
    fmt::print("{}\n", newWebhookSecret(random));
    return 0;
}

}  // namespace heddle::app
