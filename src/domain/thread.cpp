// SPDX-License-Identifier: Apache-2.0
#include "domain/thread.hpp"

#include "domain/enum_names.hpp"

namespace heddle {
namespace {

constexpr EnumNames<ThreadStatus, 4> kStatuses{{
    {ThreadStatus::kIdle, "idle"},
    {ThreadStatus::kBusy, "busy"},
    {ThreadStatus::kInterrupted, "interrupted"},
    {ThreadStatus::kError, "error"},
}};

}  // namespace

std::string_view toString(ThreadStatus status) {
    return kStatuses.name(status);
}

std::optional<ThreadStatus> parseThreadStatus(std::string_view text) {
    return kStatuses.parse(text);
}

}  // namespace heddle
