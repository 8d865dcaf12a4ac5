// SPDX-License-Identifier: Apache-2.0
#include "app/database_file.hpp"

#include "sql/sqlite_copy.hpp"

#include <fmt/core.h>
#include <pthread.h>
#include <signal.h>

#include <array>
#include <filesystem>
#include <stdexcept>

namespace heddle::app {
namespace {

constexpr std::array<int, 2> kHeld = {SIGINT, SIGTERM};

}  // namespace

void holdSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : kHeld) sigaddset(&signals, number);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signal(SIGXFSZ, SIG_IGN);
}

void checkSignals() {
    sigset_t waiting;
    sigpending(&waiting);
    for (const int number : kHeld) {
        if (sigismember(&waiting, number) == 1) throw std::runtime_error("interrupted");
    }
}

DatabaseFacts inspectDatabase(const std::string& path) {
    try {
        const auto database = sql::openAtRest(path);
        if (!sql::hasSchema(*database)) throw std::runtime_error(path + " is not a database of Heddle");
        sql::checkPages(*database);
        return {sql::schemaVersion(*database), store::countTotals(*database)};
    } catch (const sql::Error& error) {
        throw std::runtime_error(path + " is not a whole database of Heddle: " + error.what());
    }
}

std::string describe(const DatabaseFacts& facts, const std::string& path) {
    const auto mebibytes = static_cast<double>(std::filesystem::file_size(path)) / (1 << 20);
    return fmt::format("{} threads, {} runs, {:.1f} MiB, schema version {}", facts.totals.threads,
                       facts.totals.runs, mebibytes, facts.schema_version);
}

void removeSideFiles(const std::string& path) {
    for (const char* side : {"-wal", "-shm", "-journal"}) std::filesystem::remove(path + side);
}

}  // namespace heddle::app
