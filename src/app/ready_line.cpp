// SPDX-License-Identifier: Apache-2.0
#include "app/ready_line.hpp"

#include "app/own_address.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace heddle::app {

void printReady(const config::Config& config, std::uint16_t port) {
    const auto url = fmt::format("http://{}:{}", bracketed(config.host), port);
    fmt::print("heddle ready {}\n", url);
    std::fflush(stdout);
    const bool person = ::isatty(STDERR_FILENO) == 1 && config.log_format == log::Format::kText;
    if (!person || config.http.disable_meta) return;
    // What listens on every address is opened by one of them.
    const bool any = config.host == "0.0.0.0" || config.host == "::";
    const auto reachable = any ? fmt::format("http://127.0.0.1:{}", port) : url;
    fmt::print(stderr, "API document: {}{}/docs   (Ctrl-C ends the server)\n", reachable,
               config.http.mount_prefix);
}

}  // namespace heddle::app
