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

// Writes a small project into a folder, which is made when it is missing. 1 with a line on stderr, and
// nothing written, when one of its files is there already.
int init(const std::string& folder);

// Puts langgraph and what langgraph.json wants into the project's environment, which is made when there is
// none. Progress on stderr. 1 with a line and the remedy when it failed.
int install(const Invocation& invocation, bool verbose);

// Looks at what a server needs and prints a line a check, or one JSON object. 1 when there is a problem.
int doctor(const Invocation& invocation, bool json);

// Copies the database, also of a server that is running, to a file that is complete or not there. Existing
// files are refused unless `replace`. Prints what the file holds. 1 with a line on stderr when it failed.
enum class ExistingFile { kRefuse, kReplace };
int backup(const Invocation& invocation, const std::string& file, ExistingFile existing);

// Puts a backup in the place of the database, which is kept beside it under a name that is printed. Refuses
// while a server is running. 1 with a line on stderr when it failed: the database is as it was then.
int restore(const Invocation& invocation, const std::string& file);

// Prints the tables of docs/configuration.md on stdout. 0.
int printReference();

// Prints a new secret for webhooks on stdout. 0.
int printSecret();

}  // namespace heddle::app
