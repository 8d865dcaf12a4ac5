// SPDX-License-Identifier: Apache-2.0
// Typed UUIDs (RFC 9562): a ThreadId is not a RunId.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace heddle {

class Uuid {
  public:
    using Bytes = std::array<std::uint8_t, 16>;

    constexpr Uuid() = default;
    constexpr explicit Uuid(const Bytes& bytes) : bytes_(bytes) {}

    // 8-4-4-4-12 hexadecimal digits in either case; nothing for any other text.
    static std::optional<Uuid> parse(std::string_view text);
    // Version 7: 48 bits of `now` in ms, 12 bits of its µs fraction, the rest random. Sorts by time.
    static Uuid v7(Timestamp now, Random& random);
    // Version 4: random.
    static Uuid v4(Random& random);
    // Version 5: SHA-1 of namespace and name.
    static Uuid v5(const Uuid& space, std::string_view name);

    [[nodiscard]] std::string str() const;
    [[nodiscard]] const Bytes& bytes() const { return bytes_; }

    friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;

  private:
    Bytes bytes_{};
};

template <class Tag>
class Id {
  public:
    constexpr Id() = default;
    constexpr explicit Id(const Uuid& uuid) : uuid_(uuid) {}

    static std::optional<Id> parse(std::string_view text) {
        const auto uuid = Uuid::parse(text);
        return uuid ? std::optional<Id>(Id(*uuid)) : std::nullopt;
    }
    static Id v7(const Clock& clock, Random& random) { return Id(Uuid::v7(clock.now(), random)); }

    [[nodiscard]] std::string str() const { return uuid_.str(); }
    [[nodiscard]] const Uuid& uuid() const { return uuid_; }

    friend constexpr auto operator<=>(const Id&, const Id&) = default;

  private:
    Uuid uuid_;
};

using ThreadId = Id<struct ThreadTag>;
using RunId = Id<struct RunTag>;
using AssistantId = Id<struct AssistantTag>;
using DeliveryId = Id<struct DeliveryTag>;
using CronId = Id<struct CronTag>;

}  // namespace heddle

template <>
struct std::hash<heddle::Uuid> {
    std::size_t operator()(const heddle::Uuid& id) const noexcept {
        std::uint64_t h = 1469598103934665603ULL;
        for (const auto byte : id.bytes()) h = (h ^ byte) * 1099511628211ULL;
        return h;
    }
};

template <class Tag>
struct std::hash<heddle::Id<Tag>> {
    std::size_t operator()(const heddle::Id<Tag>& id) const noexcept {
        return std::hash<heddle::Uuid>{}(id.uuid());
    }
};
