// SPDX-License-Identifier: Apache-2.0
// One SQLite connection with its statement cache. Only sqlite*.cpp include this; everybody else sees
// sql::Connection.
#pragma once

#include "sql/connection.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;

namespace heddle::sql {

class SqliteStatement;

class SqliteConnection final : public Connection {
  public:
    enum class Role {
        kWriter,
        kReader,
        kOutsider,  // reads along with a server, or a file at rest; changes nothing. The path may be a URI
        kCopy,      // fills an empty file that nobody trusts before it is complete: no journal
    };

    // Opens (the writer also creates) the file, or a private database in memory for ":memory:". A new file
    // gets incremental auto-vacuum and WAL. Throws Error.
    SqliteConnection(const std::string& path, Role role);
    ~SqliteConnection() override;
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;

    Statement prepare(std::string_view sql) override;
    void execute(std::string_view sql) override;
    [[nodiscard]] std::int64_t changes() const override;
    [[nodiscard]] Dialect dialect() const override { return Dialect::kSqlite; }

    // False also when SQLite itself has rolled the transaction back (full disk, I/O error).
    [[nodiscard]] bool inTransaction() const;
    // Rows changed since the connection was opened.
    [[nodiscard]] std::int64_t totalChanges() const;

    // While it is on, a statement outside a transaction throws: a job that goes on after SQLite has rolled
    // its transaction back must not commit statement by statement.
    enum class Guard { kOff, kOn };
    void setGuard(Guard guard) { guard_ = guard; }
    void checkGuard() const;

    [[nodiscard]] sqlite3* handle() const { return handle_; }

    // The error of the last failed call.
    [[nodiscard]] Error error(int code, std::string_view sql) const;

  private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    void configure(Role role);
    void dropIdleStatements();

    sqlite3* handle_ = nullptr;
    Guard guard_ = Guard::kOff;
    std::unordered_map<std::string, std::unique_ptr<SqliteStatement>, TextHash, std::equal_to<>> statements_;
};

}  // namespace heddle::sql
