// SPDX-License-Identifier: Apache-2.0
#include "config/env_file.hpp"

#include <algorithm>
#include <optional>

namespace heddle::config {
namespace {

constexpr std::string_view kBlank = " \t\r";

bool isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

class Parser {
  public:
    explicit Parser(std::string_view text) : rest_(text) {
        if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    }

    EnvFile parse() {
        while (!rest_.empty()) {
            const auto start = line_;
            if (const auto wrong = entry())
                file_.problems.push_back("line " + std::to_string(start) + ": " + *wrong);
        }
        return std::move(file_);
    }

  private:
    // Takes up to the end of the line, which it skips.
    std::string_view takeLine() {
        const auto end = std::min(rest_.find('\n'), rest_.size());
        const auto taken = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        ++line_;
        return taken;
    }

    void skipBlanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlank), rest_.size())); }

    // One variable, comment or empty line; says what is wrong with it.
    std::optional<std::string> entry() {
        skipBlanks();
        const auto line = rest_.substr(0, rest_.find('\n'));
        if (trimmed(line).empty() || line.starts_with('#')) {
            takeLine();
            return std::nullopt;
        }
        const auto equals = line.find('=');
        auto name = trimmed(line.substr(0, equals));
        if (name.starts_with("export ") || name.starts_with("export\t")) name = trimmed(name.substr(7));
        if (equals == std::string_view::npos || !isVariableName(name)) {
            takeLine();
            return "expected NAME=value";
        }
        rest_.remove_prefix(equals + 1);
        skipBlanks();
        const char quote = rest_.empty() ? '\0' : rest_.front();
        if (quote == '"' || quote == '\'') return quotedValue(std::string(name), quote);
        store(std::string(name), unquoted(takeLine()));
        return std::nullopt;
    }

    // Up to a '#' after white space.
    static std::string unquoted(std::string_view text) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            const bool comment =
                text[i] == '#' && (i == 0 || kBlank.find(text[i - 1]) != std::string_view::npos);
            if (comment) return std::string(trimmed(text.substr(0, i)));
        }
        return std::string(trimmed(text));
    }

    // May span lines. Backslash escapes count in double quotes only.
    std::optional<std::string> quotedValue(std::string name, char quote) {
        std::string value;
        std::size_t i = 1;
        for (; i < rest_.size() && rest_[i] != quote; ++i) {
            if (rest_[i] == '\\' && i + 1 < rest_.size() && (quote == '"' || rest_[i + 1] == quote)) {
                value += unescaped(rest_[++i]);
            } else {
                value += rest_[i];
            }
        }
        if (i >= rest_.size()) {
            takeLine();
            return "the quote is never closed";
        }
        line_ += static_cast<std::size_t>(
            std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(i), '\n'));
        rest_.remove_prefix(i + 1);
        const auto after = trimmed(takeLine());
        if (!after.empty() && !after.starts_with('#')) return "text after the closing quote";
        store(std::move(name), std::move(value));
        return std::nullopt;
    }

    static char unescaped(char c) {
        switch (c) {
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            default:
                return c;
        }
    }

    void store(std::string name, std::string value) {
        for (auto& [known, old] : file_.variables) {
            if (known == name) {
                old = std::move(value);
                return;
            }
        }
        file_.variables.emplace_back(std::move(name), std::move(value));
    }

    std::string_view rest_;
    std::size_t line_ = 1;
    EnvFile file_;
};

}  // namespace

EnvFile parseEnvFile(std::string_view text) {
    return Parser(text).parse();
}

bool isVariableName(std::string_view name) {
    return !name.empty() && isLetter(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) { return isLetter(c) || isDigit(c); });
}

}  // namespace heddle::config
