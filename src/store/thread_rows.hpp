// SPDX-License-Identifier: Apache-2.0
// Reading thread rows, shared by threads.cpp and thread_search.cpp. Internal to store.
#pragma once

#include "domain/thread.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <string>

namespace heddle::store {

// SELECT … FROM threads t, with the state, up to where the condition goes.
[[nodiscard]] const std::string& selectThread();
// From a row of selectThread().
[[nodiscard]] Thread readThread(const sql::Statement& row);

}  // namespace heddle::store
