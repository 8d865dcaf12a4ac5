// SPDX-License-Identifier: Apache-2.0
// The wire names of an enum's values, both ways.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace heddle {

template <class Enum, std::size_t N>
struct EnumNames {
    std::pair<Enum, std::string_view> names[N];

    // Throws std::logic_error for a value that is none of the enum's.
    [[nodiscard]] std::string_view name(Enum value) const {
        for (const auto& [known, text] : names) {
            if (known == value) return text;
        }
        throw std::logic_error("enum value without a name");
    }
    [[nodiscard]] std::optional<Enum> parse(std::string_view text) const {
        for (const auto& [value, known] : names) {
            if (known == text) return value;
        }
        return std::nullopt;
    }
};

}  // namespace heddle
