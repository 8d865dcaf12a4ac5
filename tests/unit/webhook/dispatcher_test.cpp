// SPDX-License-Identifier: Apache-2.0
// The dispatcher with a real database in memory, the real client and real receivers on loopback. Time for
// retries is a clock that the test moves; nothing sleeps, every wait is for an event.
#include "webhook/dispatcher.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"
#include "http/server.hpp"
#include "sql/sqlite.hpp"
#include "sql/sqlite_connection.hpp"
#include "store/deliveries.hpp"
#include "store/schema.hpp"
#include "unit/webhook/support.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace heddle::webhook {
namespace {

namespace asio = boost::asio;

// Records what arrives; answers as told.
class Receiver {
  public:
    using Answer = std::function<http::Response(const http::Request&)>;

    explicit Receiver(asio::io_context& io)
        : io_(io),
          server_(
              io.get_executor(), [this](http::Request& request) { return handle(request); },
              [](const auto&) {}) {
        server_.listen(http::ServerOptions{});
        server_.start();
    }
    [[nodiscard]] std::string url(const std::string& target = "/hook") const { return base() + target; }
    [[nodiscard]] std::string base() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
    [[nodiscard]] std::uint16_t port() const { return server_.port(); }
    void close() { server_.stopAccepting(); }

    std::vector<http::Request> requests;
    Answer answer = [](const auto&) { return http::Response::noContent(); };
    bool hangs = false;

  private:
    asio::awaitable<http::Response> handle(http::Request& request) {
        requests.push_back(request);
        if (hangs) {
            asio::steady_timer forever(io_, std::chrono::hours(1));
            co_await forever.async_wait(asio::use_awaitable);
        }
        co_return answer(request);
    }

    asio::io_context& io_;
    http::Server server_;
};

http::Response answerOf(unsigned status, std::vector<http::Header> headers = {}) {
    http::Response response;
    response.status = status;
    response.headers.fields = std::move(headers);
    return response;
}

sql::SqliteOptions databaseOptions() {
    sql::SqliteOptions options;
    options.migrations = store::schema(sql::Dialect::kSqlite);
    options.readers = 1;
    return options;
}

class DispatcherTest : public testing::Test {
  protected:
    DispatcherTest() {
        log::configure(log::Format::kText, log::Level::kError);
        options_.user_agent = "heddle/test";
    }
    ~DispatcherTest() override {
        dispatcher_.reset();
        client_.close();
        io_.restart();
        io_.poll();
    }

    // Runs the loop until `done`; fails after ten seconds.
    void runUntil(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        io_.restart();
        while (!done()) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it never happened";
            io_.run_one_for(std::chrono::milliseconds(100));
        }
    }

    template <class T>
    T await(asio::awaitable<T> operation) {
        std::optional<T> result;
        asio::co_spawn(io_, std::move(operation), [&result](const std::exception_ptr& error, T value) {
            if (error) std::rethrow_exception(error);
            result = std::move(value);
        });
        runUntil([&result] { return result.has_value(); });
        return std::move(result).value();
    }

    Delivery make(const std::string& url) {
        Delivery delivery;
        delivery.id = DeliveryId(Uuid::v4(random_));
        delivery.run_id = RunId(Uuid::v4(random_));
        delivery.thread_id = ThreadId(Uuid::v4(random_));
        delivery.url = url;
        delivery.lane = laneOf(url);
        delivery.body = R"({"webhook_sent_at":"0000-00-00T00:00:00.000000+00:00","values":{"a":1}})";
        delivery.sent_at_offset = 20;
        delivery.due_at = delivery.created_at = delivery.queued_at = clock_.now();
        return delivery;
    }
    DeliveryId add(const std::string& url) {
        const Delivery delivery = make(url);
        auto job = [delivery](sql::Connection& db) -> Result<bool> {
            return store::insertDelivery(db, delivery);
        };
        EXPECT_TRUE(*await(db_.write(std::move(job))));
        return delivery.id;
    }
    Delivery find(const DeliveryId& id) {
        auto job = [id](sql::Connection& db) -> Result<std::optional<Delivery>> {
            return store::findDelivery(db, id);
        };
        return await(db_.read(std::move(job)))->value();
    }
    Delivery waitForStatus(const DeliveryId& id, DeliveryStatus status) {
        Delivery row = find(id);
        for (int i = 0; i < 10'000 && row.status != status; ++i) row = find(id);
        EXPECT_EQ(row.status, status) << row.last_error;
        return row;
    }
    // Until attempt `number` has ended and the row waits for the next one.
    Delivery waitForRetry(const DeliveryId& id, std::int64_t number) {
        Delivery row = find(id);
        const auto lease = clock_.now() + std::chrono::seconds(options_.settings.timeout_s + 60);
        const auto waits = [number, lease](const Delivery& d) {
            return d.attempts == number && !d.last_error.empty() && d.due_at != lease;
        };
        for (int i = 0; i < 10'000 && !waits(row); ++i) row = find(id);
        EXPECT_TRUE(waits(row)) << row.attempts << row.last_error;
        EXPECT_EQ(row.status, DeliveryStatus::kPending);
        return row;
    }

    void start() {
        policy_ = std::make_unique<UrlPolicy>(options_.settings);
        dispatcher_ = std::make_unique<Dispatcher>(io_.get_executor(), db_, clock_, random_, client_,
                                                   resolver_, *policy_, options_);
        dispatcher_->start();
    }
    void pass(microseconds time) {
        clock_.advance(time);
        dispatcher_->wake();
    }

    asio::io_context io_;
    sql::SqliteDatabase db_{io_.get_executor(), ":memory:", databaseOptions()};
    FakeClock clock_;
    SeededRandom random_{7};
    http::Client client_{io_.get_executor()};
    http::Resolver resolver_{io_.get_executor()};
    DispatcherOptions options_;
    std::unique_ptr<UrlPolicy> policy_;
    std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(DispatcherTest, DeliversWhatIsCommitted) {
    Receiver receiver(io_);
    options_.credentials.headers = {{"X-Custom", Secret("mine")}};
    start();
    const auto id = add(receiver.url("/hook?token=S%2Fcret=="));
    dispatcher_->wake();
    const auto row = waitForStatus(id, DeliveryStatus::kSucceeded);

    ASSERT_EQ(receiver.requests.size(), 1U);
    const auto& request = receiver.requests[0];
    EXPECT_EQ(request.method, http::Method::kPost);
    EXPECT_EQ(request.target, "/hook?token=S%2Fcret==");
    EXPECT_EQ(request.headers.get("x-custom"), "mine");
    EXPECT_EQ(request.headers.get("content-type"), "application/json");
    EXPECT_EQ(request.headers.get("user-agent"), "heddle/test");
    EXPECT_EQ(request.body, R"({"webhook_sent_at":")" + clock_.now().iso() + R"(","values":{"a":1}})");
    EXPECT_EQ(row.attempts, 1);
    EXPECT_EQ(row.last_status_code, 204);
    EXPECT_EQ(row.last_error, "");
    EXPECT_EQ(row.first_sent_at, clock_.now());
}

TEST_F(DispatcherTest, TakesUpWhatWasThereBefore) {
    Receiver receiver(io_);
    const auto id = add(receiver.url());
    start();
    waitForStatus(id, DeliveryStatus::kSucceeded);
    EXPECT_EQ(receiver.requests.size(), 1U);
}

// The receiver is down for two attempts; the third brings the same bytes.
TEST_F(DispatcherTest, RetriesWithTheSameBytes) {
    Receiver receiver(io_);
    receiver.answer = [&](const auto&) { return answerOf(receiver.requests.size() < 3 ? 500 : 200); };
    start();
    const auto id = add(receiver.url());
    dispatcher_->wake();
    auto row = waitForRetry(id, 1);
    EXPECT_EQ(row.last_error, "HTTP 500");
    EXPECT_EQ(row.last_status_code, 500);
    EXPECT_GE(row.due_at, clock_.now() + std::chrono::seconds(4));
    EXPECT_LE(row.due_at, clock_.now() + std::chrono::seconds(6));

    pass(std::chrono::seconds(1));  // not due yet
    EXPECT_EQ(find(id).attempts, 1);
    pass(std::chrono::seconds(6));
    waitForRetry(id, 2);
    pass(std::chrono::seconds(400));
    row = waitForStatus(id, DeliveryStatus::kSucceeded);
    EXPECT_EQ(row.attempts, 3);
    ASSERT_EQ(receiver.requests.size(), 3U);
    EXPECT_EQ(receiver.requests[0].body, receiver.requests[1].body);
    EXPECT_EQ(receiver.requests[0].body, receiver.requests[2].body);
}

TEST_F(DispatcherTest, RetriesByItsOwnTimer) {
    Receiver receiver(io_);
    receiver.answer = [&](const auto&) { return answerOf(receiver.requests.size() < 3 ? 500 : 200); };
    options_.settings.retry_schedule_s = {0, 0};
    start();
    const auto id = add(receiver.url());
    dispatcher_->wake();
    EXPECT_EQ(waitForStatus(id, DeliveryStatus::kSucceeded).attempts, 3);
}

TEST_F(DispatcherTest, GivesUpAtTheEndOfTheSchedule) {
    Receiver receiver(io_);
    receiver.answer = [](const auto&) { return answerOf(500); };
    options_.settings.retry_schedule_s = {0};
    start();
    const auto id = add(receiver.url());
    dispatcher_->wake();
    const auto row = waitForStatus(id, DeliveryStatus::kExhausted);
    EXPECT_EQ(row.attempts, 2);
    EXPECT_EQ(row.last_error, "HTTP 500");
    EXPECT_EQ(receiver.requests.size(), 2U);
}

TEST_F(DispatcherTest, EndsWhenTheReceiverIsGone) {
    Receiver receiver(io_);
    receiver.answer = [](const auto&) { return answerOf(410); };
    start();
    const auto id = add(receiver.url());
    dispatcher_->wake();
    EXPECT_EQ(waitForStatus(id, DeliveryStatus::kGone).last_error, "gone (HTTP 410)");
    EXPECT_EQ(receiver.requests.size(), 1U);
}

TEST_F(DispatcherTest, EndsADeliveryThatCannotBeSent) {
    log::configure(log::Format::kText, static_cast<log::Level>(99));
    Receiver receiver(io_);
    options_.settings.retry_schedule_s = {0};
    Delivery damaged = make(receiver.url());
    damaged.sent_at_offset = 1'000'000;
    auto job = [damaged](sql::Connection& db) -> Result<bool> { return store::insertDelivery(db, damaged); };
    EXPECT_TRUE(*await(db_.write(std::move(job))));
    start();
    const auto row = waitForStatus(damaged.id, DeliveryStatus::kExhausted);
    EXPECT_EQ(row.attempts, 2);
    EXPECT_EQ(row.last_error, "cannot be sent (see the log)");
    EXPECT_TRUE(receiver.requests.empty());
}

TEST_F(DispatcherTest, FollowsNoRedirect) {
    Receiver receiver(io_);
    receiver.answer = [&](const auto&) { return answerOf(307, {{"Location", receiver.url("/other")}}); };
    start();
    const auto id = add(receiver.url());
    dispatcher_->wake();
    EXPECT_EQ(waitForRetry(id, 1).last_error, "HTTP 307 (redirects are not followed)");
    EXPECT_EQ(receiver.requests.size(), 1U);
}

TEST_F(DispatcherTest, WaitsAsLongAsRetryAfterSays) {
    Receiver receiver(io_);
    receiver.answer = [](const auto&) { return answerOf(429, {{"Retry-After", "100"}}); };
    start();
    const auto id = add(receiver.url());
    dispatcher_->wake();
    EXPECT_GE(waitForRetry(id, 1).due_at, clock_.now() + std::chrono::seconds(100));
}

TEST_F(DispatcherTest, RetriesARefusedConnection) {
    std::string url;
    {
        Receiver gone(io_);
        url = gone.url();
        gone.close();
        io_.restart();
        io_.poll();
    }
    start();
    const auto id = add(url);
    dispatcher_->wake();
    const auto row = waitForRetry(id, 1);
    EXPECT_EQ(row.last_status_code, std::nullopt);
    EXPECT_FALSE(row.last_error.empty());
}

// The name passes at creation; the address it has does not.
TEST_F(DispatcherTest, JudgesTheAddressBeforeItDials) {
    Receiver receiver(io_);
    options_.settings.loopback_only = false;
    options_.settings.allowed_networks = {"127.99.0.0/16"};
    start();
    const auto id = add("http://localhost:" + std::to_string(receiver.port()) + "/?token=s3cret");
    dispatcher_->wake();
    const auto row = waitForRetry(id, 1);
    EXPECT_EQ(
        row.last_error,
        "Webhook host blocked: loopback address (only webhooks.url.allowed_networks or --dev allows it)");
    EXPECT_TRUE(receiver.requests.empty());
}

TEST_F(DispatcherTest, JudgesTheUrlAgain) {
    options_.settings.require_https = true;
    start();
    const auto id = add("http://127.0.0.1:1/?token=s3cret");
    dispatcher_->wake();
    EXPECT_EQ(waitForRetry(id, 1).last_error, "Webhook must use https (webhooks.url.require_https)");
}

TEST_F(DispatcherTest, SendsRelativeUrlsToItself) {
    Receiver self(io_);
    options_.self = [&] { return std::pair<std::string, std::uint16_t>("0.0.0.0", self.port()); };
    start();
    const auto id = add("/internal/hook?token=x");
    dispatcher_->wake();
    waitForStatus(id, DeliveryStatus::kSucceeded);
    ASSERT_EQ(self.requests.size(), 1U);
    EXPECT_EQ(self.requests[0].target, "/internal/hook?token=x");
    EXPECT_EQ(self.requests[0].headers.get("host"), "127.0.0.1:" + std::to_string(self.port()));
}

// kill -9 after the start of the attempt was committed: the next process sends the bytes of the first
// attempt.
TEST_F(DispatcherTest, SendsTheSameBytesAfterACrash) {
    Receiver receiver(io_);
    const auto id = add(receiver.url());
    const auto crashed_at = clock_.now();
    auto job = [id, crashed_at](sql::Connection& db) -> Result<bool> {
        return store::beginAttempt(db, id, crashed_at, crashed_at + std::chrono::hours(1)).has_value();
    };
    ASSERT_TRUE(*await(db_.write(std::move(job))));
    clock_.advance(std::chrono::seconds(3));
    start();
    const auto row = waitForStatus(id, DeliveryStatus::kSucceeded);
    EXPECT_EQ(row.attempts, 2);
    EXPECT_NE(receiver.requests.at(0).body.find(crashed_at.iso()), std::string::npos);
}

TEST_F(DispatcherTest, HoldsEverythingWhenDisabled) {
    Receiver receiver(io_);
    options_.held = true;
    start();
    const auto id = add(receiver.url());
    dispatcher_->wake();
    for (int i = 0; i < 20; ++i) find(id);
    EXPECT_EQ(find(id).attempts, 0);
    EXPECT_TRUE(receiver.requests.empty());
    const bool stopped = await([](Dispatcher& dispatcher) -> asio::awaitable<bool> {
        co_await dispatcher.stop(std::chrono::milliseconds(0));
        co_return true;
    }(*dispatcher_));
    EXPECT_TRUE(stopped);
}

// 300 wait for a receiver that takes connections and says nothing; another one gets its own at once.
TEST_F(DispatcherTest, AHangingReceiverDelaysNoOther) {
    Receiver hanging(io_);
    hanging.hangs = true;
    Receiver healthy(io_);
    for (int i = 0; i < 300; ++i) add(hanging.url());
    start();
    runUntil([&] { return hanging.requests.size() == 2; });
    for (int i = 0; i < 50; ++i) {
        const auto id = add(healthy.url());
        dispatcher_->wake();
        waitForStatus(id, DeliveryStatus::kSucceeded);
    }
    EXPECT_EQ(healthy.requests.size(), 50U);
    EXPECT_EQ(hanging.requests.size(), 2U);
}

TEST_F(DispatcherTest, WorksABacklogOff) {
    Receiver receiver(io_);
    std::vector<DeliveryId> ids;
    for (int i = 0; i < 300; ++i) ids.push_back(add(receiver.url()));
    start();
    for (const auto& id : ids) waitForStatus(id, DeliveryStatus::kSucceeded);
    EXPECT_EQ(receiver.requests.size(), 300U);
}

TEST_F(DispatcherTest, StopWaitsForTheAttemptUnderWay) {
    Receiver receiver(io_);
    start();
    const auto id = add(receiver.url());
    dispatcher_->wake();
    runUntil([&] { return !receiver.requests.empty(); });
    const auto stop = [](Dispatcher& dispatcher) -> asio::awaitable<bool> {
        co_await dispatcher.stop(std::chrono::seconds(10));
        co_return true;
    };
    EXPECT_TRUE(await(stop(*dispatcher_)));
    EXPECT_EQ(find(id).status, DeliveryStatus::kSucceeded);
    // What comes later stays in the outbox.
    const auto later = add(receiver.url());
    dispatcher_->wake();
    for (int i = 0; i < 20; ++i) find(later);
    EXPECT_EQ(find(later).attempts, 0);
}

TEST_F(DispatcherTest, StopDoesNotWaitForeverAndTheNextProcessSendsAgain) {
    Receiver receiver(io_);
    receiver.hangs = true;
    start();
    const auto id = add(receiver.url());
    dispatcher_->wake();
    runUntil([&] { return !receiver.requests.empty(); });
    const auto stop = [](Dispatcher& dispatcher, http::Client& client) -> asio::awaitable<bool> {
        co_await dispatcher.stop(std::chrono::milliseconds(1));
        client.close();
        co_return true;
    };
    EXPECT_TRUE(await(stop(*dispatcher_, client_)));
    for (int i = 0; i < 20; ++i) find(id);
    dispatcher_.reset();
    EXPECT_EQ(find(id).status, DeliveryStatus::kPending);
    EXPECT_EQ(find(id).last_error, "");

    receiver.hangs = false;
    http::Client client(io_.get_executor());
    Dispatcher next(io_.get_executor(), db_, clock_, random_, client, resolver_, *policy_, options_);
    next.start();
    waitForStatus(id, DeliveryStatus::kSucceeded);
    ASSERT_EQ(receiver.requests.size(), 2U);
    EXPECT_EQ(receiver.requests[0].body, receiver.requests[1].body);
    client.close();
}

// The wall clock goes back an hour: nothing is sent twice, what comes next is sent.
TEST_F(DispatcherTest, SurvivesAClockThatGoesBack) {
    Receiver receiver(io_);
    start();
    const auto before = add(receiver.url());
    dispatcher_->wake();
    waitForStatus(before, DeliveryStatus::kSucceeded);
    clock_.jump(-std::chrono::hours(1));
    const auto after = add(receiver.url());
    dispatcher_->wake();
    waitForStatus(after, DeliveryStatus::kSucceeded);
    EXPECT_EQ(receiver.requests.size(), 2U);
}

// Storage on the loop thread, half of whose jobs fail or are refused.
class FlakyDatabase final : public sql::Database {
  public:
    enum class Way { kThrows, kRefuses };

    explicit FlakyDatabase(Way way) : way_(way) {
        sql::migrate(connection, store::schema(sql::Dialect::kSqlite), Timestamp());
    }
    asio::awaitable<void> flush() override { co_return; }
    asio::awaitable<void> trim() override { co_return; }

    sql::SqliteConnection connection{":memory:", sql::SqliteConnection::Role::kWriter};
    int jobs = 0;

  protected:
    asio::awaitable<void> submitRead(std::shared_ptr<sql::Job> job) override {
        run(*job, fails());
        co_return;
    }
    asio::awaitable<bool> submitWrite(std::shared_ptr<sql::Job> job) override {
        const bool failed = fails();
        if (failed && way_ == Way::kRefuses) co_return false;
        run(*job, failed);
        co_return true;
    }

  private:
    bool fails() {
        ++jobs;
        return random_.unit() < 0.5;
    }
    void run(sql::Job& job, bool failed) {
        if (failed) {
            job.fail(std::make_exception_ptr(sql::Error(sql::Error::Code::kIo, "disk I/O error")));
        } else {
            job.run(connection);
        }
    }
    Way way_;
    SeededRandom random_{11};
};

// Any step may fail; it is tried again, and every delivery arrives exactly once.
TEST_F(DispatcherTest, OutlivesAFailingDisk) {
    log::configure(log::Format::kText, static_cast<log::Level>(99));
    options_.storage_pause = std::chrono::milliseconds(1);
    for (const auto way : {FlakyDatabase::Way::kThrows, FlakyDatabase::Way::kRefuses}) {
        FlakyDatabase flaky(way);
        Receiver receiver(io_);
        for (int i = 0; i < 5; ++i) store::insertDelivery(flaky.connection, make(receiver.url()));
        const UrlPolicy policy(options_.settings);
        Dispatcher dispatcher(io_.get_executor(), flaky, clock_, random_, client_, resolver_, policy,
                              options_);
        dispatcher.start();
        runUntil([&] { return store::countPending(flaky.connection) == 0; });
        EXPECT_EQ(receiver.requests.size(), 5U);
        EXPECT_GT(flaky.jobs, 15);
    }
}

}  // namespace
}  // namespace heddle::webhook
