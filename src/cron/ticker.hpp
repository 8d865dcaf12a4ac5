// SPDX-License-Identifier: Apache-2.0
// Creates the runs of crons when they are due. A timer is set to the next time: nothing polls. Loop thread
// only.
#pragma once

#include "base/time.hpp"
#include "cron/zone.hpp"
#include "domain/cron.hpp"
#include "run/service.hpp"
#include "sql/database.hpp"
#include "store/crons.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace heddle::cron {

struct TickerOptions {
    microseconds catch_up = std::chrono::minutes(5);  // a time that was missed still fires within it
};

// What happens, for metrics. Called on the loop.
struct TickerEvents {
    std::function<void(microseconds late)> fired = [](microseconds) {};
    std::function<void(std::int64_t times)> missed = [](std::int64_t) {};
    std::function<void()> failed = [] {};  // no run could be created
};

class Ticker {
  public:
    Ticker(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock, run::Service& runs,
           Zones& zones, TickerOptions options, TickerEvents events);

    void start();
    // Fires no more. What is being fired ends; outlives it only after the loop's next turns.
    void stop();
    // After the commit of a cron that was made or changed.
    void wake();

  private:
    enum class Settled { kYes, kLater };

    boost::asio::awaitable<void> rounds();
    // Of all crons whose next time lies later than it should. After the wall clock was set back, and at
    // start.
    boost::asio::awaitable<void> correctDates();
    [[nodiscard]] bool clockWasSetBack();
    boost::asio::awaitable<void> round();
    boost::asio::awaitable<bool> fireAll(std::vector<CronId> due);
    boost::asio::awaitable<void> fireSome(const std::vector<CronId>& due, std::size_t& next, bool& all);
    boost::asio::awaitable<Settled> fire(CronId id);
    boost::asio::awaitable<Settled> createRun(const Cron& cron, store::CronSlot slot);
    boost::asio::awaitable<Settled> pass(store::CronSlot slot);
    boost::asio::awaitable<Settled> keepFailure(store::CronSlot slot, std::string error);
    boost::asio::awaitable<Settled> disable(const Cron& cron, std::string reason);
    boost::asio::awaitable<void> sleepUntil(Timestamp time);

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    const Clock& clock_;
    run::Service& runs_;
    Zones& zones_;
    TickerOptions options_;
    TickerEvents events_;
    boost::asio::steady_timer timer_;
    std::optional<microseconds> wall_ahead_;  // of the steady clock, when it was last looked at
    bool woken_ = false;
    bool stopped_ = false;
};

}  // namespace heddle::cron
