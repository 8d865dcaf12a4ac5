// SPDX-License-Identifier: Apache-2.0
// Reads what an EventReader wants from the database. Inside a job, on a storage thread.
#pragma once

#include "run/event_reader.hpp"
#include "sql/connection.hpp"

namespace heddle::run {

// Empty and last when the run is gone.
[[nodiscard]] EventPage readEventPage(sql::Connection& db, const PageWanted& wanted);

}  // namespace heddle::run
