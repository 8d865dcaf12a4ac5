// SPDX-License-Identifier: Apache-2.0
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/database_file.hpp"
#include "base/partial_file.hpp"
#include "base/time.hpp"
#include "sql/sqlite_copy.hpp"

#include <fmt/core.h>
#include <sys/resource.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace heddle::app {
namespace {

namespace fs = std::filesystem;

constexpr int kNice = 10;
constexpr int kSyncEvery = 16;  // MiB

void refuseTarget(const std::string& database, const std::string& file, ExistingFile existing) {
    const auto folder = fs::path(file).parent_path();
    if (!fs::is_directory(folder)) throw std::runtime_error("there is no folder " + folder.string());
    if (!fs::exists(file)) return;
    if (fs::equivalent(file, database)) throw std::runtime_error(file + " is the database itself");
    if (!fs::is_regular_file(file)) throw std::runtime_error(file + " is not a regular file");
    if (existing == ExistingFile::kRefuse) throw std::runtime_error(file + " exists; --force replaces it");
}

void copyTo(const std::string& database, const std::string& file, ExistingFile existing) {
    const SystemClock clock;
    const auto began = clock.steady();
    if (!fs::exists(database)) throw std::runtime_error("there is no database " + database);
    refuseTarget(database, file, existing);
    PartialFile partial(file);
    const auto& path = partial.partialPath();
    removeSideFiles(path);
    // A server that is running on the same machine goes first.
    setpriority(PRIO_PROCESS, 0, kNice);
    int pieces = 0;
    const auto between = [&] {
        checkSignals();
        // In small portions: one of gigabytes would hold up the server's own writing.
        if (++pieces % kSyncEvery == 0) partial.sync();
    };
    sql::copyDatabase(database, sql::CopySource::kServed, path, between);
    const auto facts = inspectDatabase(path);
    checkSignals();
    partial.publish(existing == ExistingFile::kReplace ? PartialFile::Existing::kReplace
                                                       : PartialFile::Existing::kKeep);
    const auto took = static_cast<double>((clock.steady() - began).count()) / 1e6;
    fmt::print("backed up {} to {} in {:.1f} s\n", describe(facts, file), file, took);
}

}  // namespace

int backup(const Invocation& invocation, const std::string& file, ExistingFile existing) {
    const auto database = databaseFile(invocation);
    if (database.empty()) return 1;
    holdSignals();
    try {
        copyTo(database, (fs::path(invocation.working_dir) / file).lexically_normal().string(), existing);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "heddle: no backup was made: {}\n", error.what());
        return 1;
    }
}

}  // namespace heddle::app
