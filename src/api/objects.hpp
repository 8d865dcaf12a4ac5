// SPDX-License-Identifier: Apache-2.0
// Domain values as the API shows them: field order as LangGraph's servers emit it.
#pragma once

#include "base/json.hpp"
#include "domain/assistant.hpp"
#include "domain/run.hpp"
#include "domain/thread.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::api {

// Which fields to show; empty shows all.
using Select = std::vector<std::string>;

// What is shown of a thread only when it is asked for.
enum class ThreadExtras { kNone, kTtl };

void writeThread(JsonWriter& writer, const Thread& thread, const Select& select = {},
                 ThreadExtras extras = ThreadExtras::kNone);
void writeRun(JsonWriter& writer, const Run& run, const Select& select = {});
// A version: without created_at of the assistant itself.
void writeAssistantVersion(JsonWriter& writer, const Assistant& version);
void writeAssistant(JsonWriter& writer, const Assistant& assistant, const Select& select = {});

[[nodiscard]] std::string threadJson(const Thread& thread, ThreadExtras extras = ThreadExtras::kNone);
[[nodiscard]] std::string runJson(const Run& run);

// `select` of a search body (validated: an array of names).
[[nodiscard]] Select selectOf(JsonView body);

// A path such as "values.messages[0].content" into a thread; nothing where it leads nowhere.
[[nodiscard]] std::optional<RawJson> extractPath(const Thread& thread, std::string_view path);

}  // namespace heddle::api
