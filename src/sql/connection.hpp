// SPDX-License-Identifier: Apache-2.0
// One database connection and its prepared statements. Used on one storage thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace heddle::sql {

enum class Dialect { kSqlite, kPostgres };

// A lost disk, a damaged file, a bug in our SQL. Constraint violations are isConstraint().
class Error : public std::runtime_error {
  public:
    enum class Code { kOther, kConstraint, kFull, kIo, kDamaged, kBusy };
    Error(Code code, const std::string& what) : std::runtime_error(what), code_(code) {}
    [[nodiscard]] Code code() const { return code_; }
    [[nodiscard]] bool isConstraint() const { return code_ == Code::kConstraint; }

  private:
    Code code_;
};

// A driver's prepared statement. Indexes: parameters from 1, columns from 0.
class StatementImpl {
  public:
    virtual ~StatementImpl() = default;
    // A hint: the views bound from now on outlive the use, so the driver need not copy them. Until reset().
    virtual void borrow() {}
    virtual void bindNull(int index) = 0;
    virtual void bindInteger(int index, std::int64_t value) = 0;
    virtual void bindReal(int index, double value) = 0;
    virtual void bindText(int index, std::string_view value) = 0;
    virtual void bindBlob(int index, std::string_view value) = 0;
    virtual bool step() = 0;
    virtual void reset() = 0;
    [[nodiscard]] virtual bool isNull(int column) const = 0;
    [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
    [[nodiscard]] virtual double real(int column) const = 0;
    [[nodiscard]] virtual std::string_view text(int column) const = 0;
    [[nodiscard]] virtual std::string_view blob(int column) const = 0;
};

struct Blob {
    std::string_view bytes;
};

// A use of a cached prepared statement; resets it when it goes. Bound texts and blobs are copied.
class Statement {
  public:
    explicit Statement(StatementImpl& impl) : impl_(&impl) {}
    Statement(Statement&& other) noexcept : impl_(std::exchange(other.impl_, nullptr)), next_(other.next_) {}
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& operator=(Statement&&) = delete;
    ~Statement() {
        if (impl_ != nullptr) impl_->reset();
    }

    // Promises that what is bound from now on outlives this use: large values are then not copied.
    Statement& borrow() { return impl_->borrow(), *this; }

    // Binds the next parameter ($1, $2, …).
    Statement& bind(std::int64_t value) { return impl_->bindInteger(next_++, value), *this; }
    Statement& bind(int value) { return bind(static_cast<std::int64_t>(value)); }
    Statement& bind(double value) { return impl_->bindReal(next_++, value), *this; }
    Statement& bind(std::string_view value) { return impl_->bindText(next_++, value), *this; }
    Statement& bind(const std::string& value) { return bind(std::string_view(value)); }
    Statement& bind(const char* value) { return bind(std::string_view(value)); }
    Statement& bind(Blob value) { return impl_->bindBlob(next_++, value.bytes), *this; }
    Statement& bind(std::nullptr_t) { return impl_->bindNull(next_++), *this; }
    Statement& bind(bool) = delete;
    template <class T>
    Statement& bind(const std::optional<T>& value) {
        return value ? bind(*value) : bind(nullptr);
    }

    // The next row; false at the end. Throws Error.
    bool step() { return impl_->step(); }
    // Steps to the end, for statements without rows.
    void run() {
        while (step()) {
        }
    }

    [[nodiscard]] bool isNull(int column) const { return impl_->isNull(column); }
    [[nodiscard]] std::int64_t integer(int column) const { return impl_->integer(column); }
    [[nodiscard]] double real(int column) const { return impl_->real(column); }
    // Views are valid until the next step().
    [[nodiscard]] std::string_view text(int column) const { return impl_->text(column); }
    [[nodiscard]] std::string_view blob(int column) const { return impl_->blob(column); }
    [[nodiscard]] std::string string(int column) const { return std::string(text(column)); }
    [[nodiscard]] std::optional<std::string> optionalString(int column) const {
        return isNull(column) ? std::nullopt : std::optional<std::string>(string(column));
    }
    [[nodiscard]] std::optional<std::int64_t> optionalInteger(int column) const {
        return isNull(column) ? std::nullopt : std::optional<std::int64_t>(integer(column));
    }

  private:
    StatementImpl* impl_;
    int next_ = 1;
};

class Connection {
  public:
    virtual ~Connection() = default;
    // `sql` uses $1, $2, … in order of first appearance. Prepared once per connection and text.
    // The same text must not be in use twice at once.
    virtual Statement prepare(std::string_view sql) = 0;
    // Several statements without parameters (DDL, transaction control).
    virtual void execute(std::string_view sql) = 0;
    // Rows changed by the last statement that ran to its end.
    [[nodiscard]] virtual std::int64_t changes() const = 0;
    [[nodiscard]] virtual Dialect dialect() const = 0;

    // prepare + bind all.
    template <class... Args>
    Statement query(std::string_view sql, const Args&... args) {
        Statement statement = prepare(sql);
        (statement.bind(args), ...);
        return statement;
    }
    // query + run to the end, without copying the arguments; the number of changed rows.
    template <class... Args>
    std::int64_t run(std::string_view sql, const Args&... args) {
        {
            Statement statement = prepare(sql);
            statement.borrow();
            (statement.bind(args), ...);
            statement.run();
        }
        return changes();
    }
};

}  // namespace heddle::sql
