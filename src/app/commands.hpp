// SPDX-License-Identifier: Apache-2.0
// What the command line's verbs do.
#pragma once

#include <map>
#include <string>

namespace heddle::app {

// How the program was called.
struct Invocation {
    std::string config_path;
    std::map<std::string, std::string> flags;  // without dashes
    std::map<std::string, std::string> environment;
    std::string working_dir;
};

// "heddle 0.1.0 (abc1234)"
[[nodiscard]] std::string versionLine();

// Serves until SIGTERM or SIGINT. 0 after a drain; 1 when the configuration or the start failed (told on
// stderr).
int serve(const Invocation& invocation);

// Prints the effective configuration (secrets masked) on stdout, or every problem with its key on stderr (1).
int checkConfig(const Invocation& invocation);

// Prints a new secret for webhooks on stdout. 0.
int printSecret();

}  // namespace heddle::app
