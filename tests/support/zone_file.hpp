// SPDX-License-Identifier: Apache-2.0
// A compiled time zone without changes of its own, as `zic -b slim` makes it: the rule says all.
#pragma once

#include <string>
#include <string_view>

namespace heddle::cron {

// `rule`: a POSIX TZ string. The file's one offset is that of `first_offset`, 4 bytes.
inline std::string zoneFile(std::string_view rule, std::string_view first_offset = {"\0\0\0\0", 4}) {
    std::string block = "TZif2" + std::string(15, '\0');
    for (const char count : {'\0', '\0', '\0', '\0', '\1', '\4'}) block += std::string(3, '\0') + count;
    block += std::string(first_offset) + std::string(2, '\0') + std::string("UTC\0", 4);
    return block + block + '\n' + std::string(rule) + '\n';
}

}  // namespace heddle::cron
