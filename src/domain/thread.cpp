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

constexpr EnumNames<TtlStrategy, 2> kStrategies{{
    {TtlStrategy::kDelete, "delete"},
    {TtlStrategy::kKeepLatest, "keep_latest"},
}};

}  // namespace

std::string_view toString(TtlStrategy strategy) {
    return kStrategies.name(strategy);
}

std::optional<TtlStrategy> parseTtlStrategy(std::string_view text) {
    return kStrategies.parse(text);
}

Problem noThread(const ThreadId& id) {
    return Problem::notFound("Thread with ID " + id.str() + " not found");
}

std::string_view toString(ThreadStatus status) {
    return kStatuses.name(status);
}

std::optional<ThreadStatus> parseThreadStatus(std::string_view text) {
    return kStatuses.parse(text);
}

}  // namespace heddle
