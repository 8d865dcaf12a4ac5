// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include <array>
#include <cctype>

namespace heddle {
namespace {

void putDigits(char* at, unsigned value, int width) {
    for (int i = width - 1; i >= 0; --i) {
        at[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

// Reads exactly `width` digits at `pos`; nothing if there is another character.
std::optional<int> digits(std::string_view text, std::size_t pos, std::size_t width) {
    if (pos + width > text.size()) return std::nullopt;
    int value = 0;
    for (std::size_t i = pos; i < pos + width; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

struct TimeOfDay {
    std::int64_t micros;
    std::size_t end;
};

// `hh:mm:ss[.fraction]` from `pos`.
std::optional<TimeOfDay> timeOfDay(std::string_view text, std::size_t pos) {
    const auto hour = digits(text, pos, 2), minute = digits(text, pos + 3, 2),
               second = digits(text, pos + 6, 2);
    if (!hour || !minute || !second || text[pos + 2] != ':' || text[pos + 5] != ':') return std::nullopt;
    if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    std::int64_t micros = ((*hour * 60LL + *minute) * 60 + *second) * 1'000'000;
    pos += 8;
    if (pos < text.size() && text[pos] == '.') {
        std::int64_t unit = 100'000;
        std::size_t count = 0;
        for (++pos; pos < text.size() && std::isdigit(static_cast<unsigned char>(text[pos])) != 0; ++pos) {
            if (++count > 9) return std::nullopt;
            micros += (text[pos] - '0') * unit;
            unit /= 10;
        }
        if (count == 0) return std::nullopt;
    }
    return TimeOfDay{micros, pos};
}

// The zone at `pos` up to the end of the text, as µs east of UTC.
std::optional<std::int64_t> zoneOffset(std::string_view text, std::size_t pos) {
    const auto rest = text.substr(pos);
    if (rest == "Z" || rest == "z") return 0;
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
    const auto hour = digits(rest, 1, 2), minute = digits(rest, 4, 2);
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    const std::int64_t micros = (*hour * 60LL + *minute) * 60 * 1'000'000;
    return rest[0] == '-' ? -micros : micros;
}

}  // namespace

std::string Timestamp::iso() const {
    using namespace std::chrono;
    const sys_time<microseconds> point{microseconds(micros_)};
    const auto day = floor<days>(point);
    const year_month_day date{day};
    const auto inDay = static_cast<std::uint64_t>((point - day).count());
    std::string out = "0000-00-00T00:00:00.000000+00:00";
    putDigits(&out[0], static_cast<unsigned>(static_cast<int>(date.year())) % 10000, 4);
    putDigits(&out[5], static_cast<unsigned>(date.month()), 2);
    putDigits(&out[8], static_cast<unsigned>(date.day()), 2);
    putDigits(&out[11], static_cast<unsigned>(inDay / 3'600'000'000), 2);
    putDigits(&out[14], static_cast<unsigned>(inDay / 60'000'000 % 60), 2);
    putDigits(&out[17], static_cast<unsigned>(inDay / 1'000'000 % 60), 2);
    putDigits(&out[20], static_cast<unsigned>(inDay % 1'000'000), 6);
    return out;
}

std::optional<Timestamp> Timestamp::parse(std::string_view text) {
    using namespace std::chrono;
    const auto y = digits(text, 0, 4), m = digits(text, 5, 2), d = digits(text, 8, 2);
    if (!y || !m || !d || text.size() < 20 || text[4] != '-' || text[7] != '-') return std::nullopt;
    if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
    const year_month_day date{year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d))};
    if (!date.ok()) return std::nullopt;
    const auto inDay = timeOfDay(text, 11);
    if (!inDay) return std::nullopt;
    const auto offset = zoneOffset(text, inDay->end);
    if (!offset) return std::nullopt;
    const auto midnight = duration_cast<microseconds>(sys_days(date).time_since_epoch()).count();
    // A zone may shift it out of the years that iso() can write.
    constexpr std::int64_t kFirst = -62'167'219'200'000'000, kLast = 253'402'300'799'999'999;
    const auto micros = midnight + inDay->micros - *offset;
    if (micros < kFirst || micros > kLast) return std::nullopt;
    return fromMicros(micros);
}

Timestamp SystemClock::now() const {
    using namespace std::chrono;
    return Timestamp::fromMicros(duration_cast<microseconds>(system_clock::now().time_since_epoch()).count());
}

microseconds SystemClock::steady() const {
    using namespace std::chrono;
    return duration_cast<microseconds>(steady_clock::now().time_since_epoch());
}

}  // namespace heddle
