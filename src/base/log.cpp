// SPDX-License-Identifier: Apache-2.0
// The one user of spdlog (compile wall): its sink writes whole lines, the lines are made here.
#include "base/log.hpp"

#include "base/json.hpp"
#include "base/time.hpp"
#include "base/utf8.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <atomic>
#include <memory>

namespace heddle::log {
namespace {

// Both are written once, by configure(), before other threads run.
std::atomic<Level> lowest_level{Level::kInfo};
std::atomic<Format> line_format{Format::kText};

spdlog::logger& logger() {
    static const std::shared_ptr<spdlog::logger> instance = [] {
        auto made =
            std::make_shared<spdlog::logger>("heddle", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->set_level(spdlog::level::trace);
        return made;
    }();
    return *instance;
}

std::string_view toString(Level level) {
    switch (level) {
        case Level::kDebug:
            return "debug";
        case Level::kInfo:
            return "info";
        case Level::kWarning:
            return "warning";
        case Level::kError:
            return "error";
    }
    return "error";
}

// A JSON string in which nothing can move a terminal's cursor or end the line: DEL, C1 controls and the line
// and paragraph separators are escaped too.
std::string quoted(std::string_view text) {
    const auto literal = jsonString(text);
    std::string out;
    for (std::size_t i = 0; i < literal.size();) {
        const auto width = std::max<std::size_t>(utf8::sequence(literal, i), 1);
        const auto piece = std::string_view(literal).substr(i, width);
        i += width;
        if (piece == "\x7F") {
            out += "\\u007f";
        } else if (width == 2 && piece[0] == '\xC2' && static_cast<unsigned char>(piece[1]) < 0xA0) {
            constexpr std::string_view kHex = "0123456789abcdef";
            const auto low = static_cast<unsigned char>(piece[1]);
            out.append("\\u00") += kHex[low >> 4];
            out += kHex[low & 0xF];
        } else if (piece == "\xE2\x80\xA8" || piece == "\xE2\x80\xA9") {
            out += piece[2] == '\xA8' ? "\\u2028" : "\\u2029";
        } else {
            out += piece;
        }
    }
    return out;
}

bool isBare(std::string_view text) {
    constexpr std::string_view kMarks = "_./:@+-";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

std::string bareOrQuoted(std::string_view text) {
    return isBare(text) ? std::string(text) : quoted(text);
}

// inf and nan are no JSON numbers.
bool isLiteral(const Field& field) {
    return !field.quoted && field.value.find_first_of("in") == std::string::npos;
}

}  // namespace

std::string line(Format format, Timestamp now, Level level, std::string_view event,
                 std::span<const Field> fields) {
    std::string out;
    if (format == Format::kText) {
        out.append(now.iso()).append(" ").append(toString(level)).append(" ").append(bareOrQuoted(event));
        for (const auto& field : fields) {
            out.append(" ").append(field.name).append("=").append(bareOrQuoted(field.value));
        }
        return out;
    }
    out.append("{\"time\":").append(quoted(now.iso())).append(",\"level\":").append(quoted(toString(level)));
    out.append(",\"event\":").append(quoted(event));
    for (const auto& field : fields) {
        out.append(",").append(quoted(field.name)).append(":");
        out.append(isLiteral(field) ? field.value : quoted(field.value));
    }
    return out + "}";
}

void configure(Format format, Level lowest) {
    line_format = format;
    lowest_level = lowest;
}

bool enabled(Level level) {
    return level >= lowest_level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    write(level, event, std::span<const Field>(fields.begin(), fields.size()));
}

void write(Level level, std::string_view event, std::span<const Field> fields) {
    if (!enabled(level)) return;
    const auto text =
        line(line_format.load(std::memory_order_relaxed), SystemClock().now(), level, event, fields);
    logger().log(spdlog::level::info, spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace heddle::log
