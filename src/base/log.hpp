// SPDX-License-Identifier: Apache-2.0
// Logging: one event name and fields; text or JSON lines on stderr. Thread-safe.
// Never pass payloads, tokens or query strings.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace heddle::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kText, kJson };

// One `name=value` of a log line. Numbers and booleans stay what they are in JSON.
struct Field {
    std::string_view name;
    std::string value;
    bool quoted = true;

    Field(std::string_view n, std::string v) : name(n), value(std::move(v)) {}
    Field(std::string_view n, std::string_view v) : name(n), value(v) {}
    Field(std::string_view n, const char* v) : name(n), value(v) {}
    template <class T>
        requires std::is_arithmetic_v<T>
    Field(std::string_view n, T v) : name(n), value(textOf(v)), quoted(false) {}
    template <class Tag>
    Field(std::string_view n, const Id<Tag>& id) : name(n), value(id.str()) {}

  private:
    template <class T>
    static std::string textOf(T v) {
        if constexpr (std::is_same_v<T, bool>) {
            return v ? "true" : "false";
        } else {
            return std::to_string(v);
        }
    }
};

// Sets where and how everything is logged. Call once at start, before other threads run.
void configure(Format format, Level lowest);
[[nodiscard]] bool enabled(Level level);

// The line that write() writes, without its end: one line whatever the values hold, no control characters.
[[nodiscard]] std::string line(Format format, Timestamp now, Level level, std::string_view event,
                               std::span<const Field> fields);

void write(Level level, std::string_view event, std::initializer_list<Field> fields);

void write(Level level, std::string_view event, std::span<const Field> fields);

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
    if (enabled(Level::kDebug)) write(Level::kDebug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::kInfo, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::kWarning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::kError, event, fields);
}

}  // namespace heddle::log
