// SPDX-License-Identifier: Apache-2.0
// Database files between being written and being trusted: what backup and restore share.
#pragma once

#include "store/totals.hpp"

#include <string>

namespace heddle::app {

// Makes SIGINT and SIGTERM wait until checkSignals() asks for them, so that nothing half-done is left behind,
// and a file that grows beyond the process's limit an error instead of the process's end.
void holdSignals();
// Throws std::runtime_error when one came.
void checkSignals();

struct DatabaseFacts {
    int schema_version = 0;
    store::Totals totals;
};

// Reads all of a file that nobody else uses. Throws std::runtime_error when it is no whole database of
// Heddle.
DatabaseFacts inspectDatabase(const std::string& path);

// "12 threads, 40 runs, 1.5 MiB, schema version 6"
[[nodiscard]] std::string describe(const DatabaseFacts& facts, const std::string& path);

// Removes what SQLite may have left beside a file that is gone: it would be taken for the next one's.
void removeSideFiles(const std::string& path);

}  // namespace heddle::app
