// SPDX-License-Identifier: Apache-2.0
#include "store/item_refresh.hpp"

#include "store/items.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <utility>

namespace heddle::store {

void refreshLater(const boost::asio::any_io_executor& loop, sql::Database& db, std::vector<ItemPlace> places,
                  Timestamp now) {
    if (places.empty()) return;
    auto job = [places = std::move(places), now](sql::Connection& connection) -> Result<bool> {
        refreshItems(connection, places, now);
        return true;
    };
    boost::asio::co_spawn(loop, db.write(std::move(job)), boost::asio::detached);
}

}  // namespace heddle::store
