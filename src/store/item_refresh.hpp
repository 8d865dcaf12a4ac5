// SPDX-License-Identifier: Apache-2.0
// The life of items that were read goes on, behind the answer.
#pragma once

#include "base/time.hpp"
#include "domain/item.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <vector>

namespace heddle::store {

// refreshItems() as a write job of its own. Nobody waits for it: what a crash or a full disk takes is a
// little of an item's life. On the loop.
void refreshLater(const boost::asio::any_io_executor& loop, sql::Database& db, std::vector<ItemPlace> places,
                  Timestamp now);

}  // namespace heddle::store
