// SPDX-License-Identifier: Apache-2.0
// SQLite databases as files: copies of them, and what must hold before such a file is trusted.
#pragma once

#include "base/time.hpp"
#include "sql/connection.hpp"
#include "sql/migrations.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace heddle::sql {

enum class CopySource {
    kServed,  // other processes may be reading and writing it
    kAtRest,  // nobody writes it. Nothing is created beside it, so that it may be on a read-only medium
};

// Copies what is committed in the database `from` at the moment of the call into the empty file `to`, page by
// page. Others go on writing meanwhile: their WAL grows by what they write until the copy ends. `from` is
// never written to. `between` is called after each MiB and may throw to give the copy up. The result is one
// file in rollback-journal mode; it is not synced. Blocks. Throws Error.
void copyDatabase(const std::string& from, CopySource source, const std::string& to,
                  const std::function<void()>& between);

// A file that nobody else uses, for reading only. Throws Error.
std::unique_ptr<Connection> openAtRest(const std::string& path);

// A file that a server may be using, for reading only. Throws Error.
std::unique_ptr<Connection> openServed(const std::string& path);

// Whether a database is one of ours.
[[nodiscard]] bool hasSchema(Connection& connection);

// Throws Error (kDamaged) when the file is not what SQLite wrote. Reads all of it.
void checkPages(Connection& connection);

// Migrates a file that nobody else uses and leaves it as one file in rollback-journal mode. Throws Error.
void migrateAtRest(const std::string& path, std::span<const Migration> migrations, Timestamp now);

// Brings the WAL of a database into its file, so that the file alone is the database. Throws Error: kBusy
// when another process has it open, kDamaged when it cannot be read.
void makeOneFile(const std::string& path);

}  // namespace heddle::sql
