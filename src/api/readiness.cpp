// SPDX-License-Identifier: Apache-2.0
#include "api/readiness.hpp"

#include "base/log.hpp"
#include "store/schema.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kPatience{500};  // probes give up after a second by default

std::string describe(const sql::Error& error) {
    return error.code() == sql::Error::Code::kFull ? "the disk is full" : error.what();
}

}  // namespace

asio::awaitable<void> Readiness::tryWrite() {
    std::optional<std::string> fault;
    try {
        auto job = [](sql::Connection& db) -> Result<void> {
            store::rewriteVersion(db);
            return {};
        };
        const auto written = co_await db_.write(std::move(job));
        if (!written) fault = written.error().detail;
    } catch (const sql::Error& error) {
        fault = describe(error);
    } catch (const std::exception& error) {
        fault = error.what();
    }
    if (fault) log::error("ready.write_failed", {{"error", *fault}});
    probe_.ended(clock_.steady(), std::move(fault));
    for (auto* timer : waiting_) timer->cancel();
}

asio::awaitable<void> Readiness::awaitWrite() {
    asio::steady_timer timer(loop_, kPatience);
    const auto place = waiting_.insert(waiting_.end(), &timer);
    (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    waiting_.erase(place);
}

asio::awaitable<std::vector<Readiness::Check>> Readiness::check() {
    const auto now = clock_.steady();
    if (probe_.wanted(now)) {
        probe_.began(now);
        asio::co_spawn(loop_, tryWrite(), asio::detached);
    }
    if (probe_.underWay()) co_await awaitWrite();
    probe_.sawFailures(db_.stats().storage_errors, clock_.steady());
    std::vector<Check> checks;
    checks.push_back({"database", probe_.fault(clock_.steady())});
    checks.push_back({"workers", runs_.unready()});
    checks.push_back({"server", std::nullopt});
    if (draining_) checks.back().missing = "shutting down";
    co_return checks;
}

}  // namespace heddle::api
