// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <stdexcept>

namespace heddle {

void throw_exception_from_error(const Problem& problem, const boost::source_location& where) {
    throw std::logic_error("unchecked refusal at " + where.to_string() + ": " + problem.detail);
}

}  // namespace heddle
