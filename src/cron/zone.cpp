// SPDX-License-Identifier: Apache-2.0
#include "cron/zone.hpp"

#include "base/file.hpp"
#include "base/limits.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace heddle::cron {
namespace {

using std::chrono::seconds;

// Big-endian numbers from the front. Reading past the end leaves it failed and gives zeros.
class Bytes {
  public:
    explicit Bytes(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] std::string_view rest() const { return rest_; }

    std::string_view take(std::size_t size) {
        if (size > rest_.size()) {
            failed_ = true;
            size = rest_.size();
        }
        const auto taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    std::uint64_t number(std::size_t size) {
        std::uint64_t value = 0;
        for (const char c : take(size)) value = value << 8 | static_cast<unsigned char>(c);
        return value;
    }
    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }

  private:
    std::string_view rest_;
    bool failed_ = false;
};

struct Header {
    bool valid = false;
    std::size_t ut_indicators = 0, standard_indicators = 0, leaps = 0, times = 0, types = 0, characters = 0;

    explicit Header(Bytes& bytes) {
        valid = bytes.take(4) == "TZif" && bytes.number(1) >= '2';
        bytes.take(15);
        for (auto* count : {&ut_indicators, &standard_indicators, &leaps, &times, &types, &characters}) {
            *count = bytes.u32();
            valid &= *count <= limits::kZoneFile;
        }
        valid &= !bytes.failed() && types > 0 && types <= 256;
    }

    // Of the block of data that follows, in bytes.
    [[nodiscard]] std::size_t dataSize(std::size_t time_size) const {
        return times * (time_size + 1) + types * 6 + characters + leaps * (time_size + 4) +
               standard_indicators + ut_indicators;
    }
};

// Names of the directory that are no zones of the database, or count leap seconds.
bool isZoneName(std::string_view name) {
    constexpr std::size_t kLongest = 64;
    constexpr std::array<std::string_view, 2> kForeign{"localtime", "posixrules"};
    constexpr std::string_view kOthers = "_+-/";
    if (name.empty() || name.size() > kLongest || name.front() == '/' || name.back() == '/') return false;
    if (name.find("//") != std::string_view::npos) return false;
    if (name.starts_with("right/") || name.starts_with("posix/")) return false;
    if (std::ranges::find(kForeign, name) != kForeign.end()) return false;
    return std::ranges::all_of(name, [&kOthers](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               kOthers.find(c) != std::string_view::npos;
    });
}

}  // namespace

std::optional<Zone> Zone::parse(std::string_view file) {
    if (file.size() > limits::kZoneFile) return std::nullopt;
    Bytes bytes(file);
    const Header old(bytes);
    if (!old.valid) return std::nullopt;
    bytes.take(old.dataSize(4));  // version 1, with 32 bits

    const Header header(bytes);
    if (!header.valid) return std::nullopt;
    Bytes data(bytes.take(header.dataSize(8)));
    if (bytes.failed()) return std::nullopt;
    Bytes times(data.take(header.times * 8));
    Bytes types(data.take(header.times));
    Bytes records(data.take(header.types * 6));

    std::array<seconds, 256> offsets{};
    for (std::size_t n = 0; n < header.types; ++n) {
        offsets[n] = seconds(static_cast<std::int32_t>(records.u32()));
        records.take(2);
        if (std::chrono::abs(offsets[n]) > std::chrono::hours(26)) return std::nullopt;
    }
    Zone zone;
    zone.first_offset_ = offsets[0];
    zone.changes_.reserve(header.times);
    for (std::size_t n = 0; n < header.times; ++n) {
        const sys_seconds at(seconds(static_cast<std::int64_t>(times.number(8))));
        const std::size_t type = types.number(1);
        if (type >= header.types) return std::nullopt;
        if (at <= ZonePeriod().begin || at >= kForever) return std::nullopt;
        if (!zone.changes_.empty() && at <= zone.changes_.back().at) return std::nullopt;
        zone.changes_.push_back({at, offsets.at(type)});
    }

    auto rule = bytes.rest();
    if (!rule.starts_with('\n') || !rule.ends_with('\n') || rule.size() < 2) return std::nullopt;
    rule = rule.substr(1, rule.size() - 2);
    if (!rule.empty()) {
        zone.rule_ = ZoneRule::parse(rule);
        if (!zone.rule_) return std::nullopt;
    }
    return zone;
}

ZonePeriod Zone::at(sys_seconds time) const {
    ZonePeriod period;
    period.offset = first_offset_;
    const auto next = std::ranges::upper_bound(changes_, time, {}, &Change::at);
    if (next != changes_.begin()) {
        period.begin = std::prev(next)->at;
        period.offset = std::prev(next)->offset;
    }
    if (next != changes_.end()) {
        period.end = next->at;
        return period;
    }
    if (!rule_) return period;
    if (!rule_->changes()) {
        period.offset = rule_->standardOffset();
        return period;
    }
    const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time)).year();
    // A change may lie some days (167 hours) before or after its year.
    for (int n = -2; n <= 2; ++n) {
        for (const auto& change : rule_->changesOf(year + std::chrono::years(n))) {
            if (change.at > time) {
                period.end = std::min(period.end, change.at);
            } else if (change.at >= period.begin) {
                period.begin = change.at;
                period.offset = change.offset;
            }
        }
    }
    return period;
}

Result<const Zone*> Zones::find(std::string_view name) {
    if (const auto known = known_.find(name); known != known_.end()) return &known->second;
    if (isZoneName(name)) {
        const auto file = readFile(fmt::format("{}/{}", directory_, name), limits::kZoneFile);
        if (auto zone = file ? Zone::parse(*file) : std::nullopt) {
            return &known_.emplace(std::string(name), *std::move(zone)).first->second;
        }
    }
    constexpr std::size_t kShown = 64;
    return Problem::invalid(
        fmt::format("Invalid timezone: '{}'. It is not the name of an IANA time zone, such as "
                    "'America/New_York'.",
                    name.substr(0, kShown)));
}

}  // namespace heddle::cron
