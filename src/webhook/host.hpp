// SPDX-License-Identifier: Apache-2.0
// Host names in their one spelling: lower case, IDNA-mapped, numbers as the address that inet_aton makes of
// them.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace heddle::webhook {

// `text`: a URL's host without brackets, perhaps percent-encoded. A refusal is kInvalid and does not echo the
// text.
Result<std::string> canonicalHost(std::string_view text);

// `text`: what stood between brackets. No zone.
Result<std::string> canonicalIpv6(std::string_view text);

// Both in that spelling. "*.example.com" fits every host below example.com, but not example.com.
[[nodiscard]] bool fitsHost(std::string_view pattern, std::string_view host);

}  // namespace heddle::webhook
