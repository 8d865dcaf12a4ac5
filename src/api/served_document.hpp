// SPDX-License-Identifier: Apache-2.0
// The API document as this configuration serves it: without the operations that `http.disable_*` takes away
// and without the schemas that only they used; `servers` names the mount prefix. Immutable.
#pragma once

#include "config/http_settings.hpp"

#include <set>
#include <string>
#include <string_view>

namespace heddle::api {

class ServedDocument {
  public:
    // Throws std::runtime_error for a document that is not JSON.
    ServedDocument(std::string_view openapi_json, const config::HttpSettings& settings);

    [[nodiscard]] const std::string& text() const { return text_; }
    // `path` as the document writes it. True for operations that the document never had.
    [[nodiscard]] bool serves(std::string_view method, std::string_view path) const;

  private:
    std::string text_;
    std::set<std::string, std::less<>> removed_;  // "get /info"
};

}  // namespace heddle::api
