// SPDX-License-Identifier: Apache-2.0
// Writes an object of the API field by field. Internal to api.
#pragma once

#include "api/objects.hpp"
#include "base/json.hpp"
#include "base/time.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::api {

// Writes the fields of one object, leaving out what was not selected.
class ObjectFields {
  public:
    ObjectFields(JsonWriter& writer, const Select& select) : writer_(writer), select_(select) {
        writer_.beginObject();
    }
    ~ObjectFields() { writer_.endObject(); }
    ObjectFields(const ObjectFields&) = delete;
    ObjectFields& operator=(const ObjectFields&) = delete;

    [[nodiscard]] bool wanted(std::string_view name) const {
        return select_.empty() || std::ranges::find(select_, name) != select_.end();
    }
    void raw(std::string_view name, const RawJson& value) {
        if (wanted(name)) writer_.key(name).raw(value);
    }
    void string(std::string_view name, std::string_view value) {
        if (wanted(name)) writer_.key(name).string(value);
    }
    void time(std::string_view name, Timestamp value) { string(name, value.iso()); }
    void null(std::string_view name) {
        if (wanted(name)) writer_.key(name).null();
    }
    void optionalString(std::string_view name, const std::optional<std::string>& value) {
        if (value) {
            string(name, *value);
        } else {
            null(name);
        }
    }
    void optionalTime(std::string_view name, const std::optional<Timestamp>& value) {
        if (value) {
            time(name, *value);
        } else {
            null(name);
        }
    }
    void boolean(std::string_view name, bool value) {
        if (wanted(name)) writer_.key(name).boolean(value);
    }
    void integer(std::string_view name, std::int64_t value) {
        if (wanted(name)) writer_.key(name).integer(value);
    }

  private:
    JsonWriter& writer_;
    const Select& select_;
};

}  // namespace heddle::api
