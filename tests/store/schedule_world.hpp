// SPDX-License-Identifier: Apache-2.0
// A service on a database that outlives it, and everything that may happen to both, in an order that a seed
// chooses. One thread, no sleeping.
#pragma once

#include "run/service.hpp"
#include "schedule_model.hpp"
#include "stepped_database.hpp"
#include "stepped_executor.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace heddle::test {

class StepClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override { return Timestamp::fromMicros(micros); }
    [[nodiscard]] microseconds steady() const override { return microseconds(micros); }
    std::int64_t micros = 1'700'000'000'000'000;
};

class SeededRandom final : public Random {
  public:
    explicit SeededRandom(unsigned seed) : numbers_(seed) {}
    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out) byte = static_cast<std::uint8_t>(numbers_());
    }

  private:
    std::mt19937 numbers_;
};

// Somebody who waits for a run, and perhaps reads its stream.
struct Client {
    RunId run;
    std::shared_ptr<run::LiveRun> live;
    std::uint64_t waiter = 0;
    int answers = 0;
    std::unique_ptr<run::Subscription> events;
    std::size_t from = 0;  // the first of the run's events that it must see
    std::string bytes;
    bool ended = false;  // the stream was complete
};

// One life of the server. Destroyed as kill -9 would: nothing is finished.
struct Process {
    Process(sql::SqliteConnection& connection, const Clock& clock, Random& random,
            const webhook::UrlPolicy& urls);

    boost::asio::io_context io{1};
    SteppedDatabase db;
    SteppedExecutor executor;
    std::set<DeliveryId> told;  // deliveries that were announced
    std::size_t ended = 0;      // ends that were
    std::set<std::string> deliveries_before;
    std::size_t ended_before = 0;
    std::unique_ptr<run::Service> service;
    std::vector<std::unique_ptr<Client>> clients;
};

class ScheduleWorld {
  public:
    ScheduleWorld(sql::SqliteConnection& connection, unsigned seed);

    // One random move.
    void step();
    // Lets everything end, and checks that it has.
    void finish();
    // Adds how its runs have ended.
    void count(std::map<std::string, std::size_t>& ends) const {
        for (const auto& [id, run] : model_.runs)
            ends[run.gone ? "gone" : std::string(toString(run.status))] += 1;
    }

  private:
    using Status = graph::RunEnd::Status;

    std::size_t pick(std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(moves_);
    }
    bool chance(std::size_t percent) { return pick(100) < percent; }
    ThreadId addThread();
    std::optional<RunId> someRun();

    void ask();
    void askCreate();
    void askCancel();
    void askRemoval();
    run::RunRequest request(std::int64_t n, AskedRun& asked);
    void moveAttempt();
    void emit(const SteppedAttempt& attempt);
    void putCheckpoint(SteppedAttempt& attempt);
    void noteEnd(const SteppedAttempt& attempt, Status status);
    void endAttempt(SteppedAttempt& attempt, Status status);
    void abandon(SteppedAttempt& attempt);
    void moveClient();
    void join();
    void read(Client& client);
    void watch(Client& client);
    void time(std::int64_t seconds);
    void commit(std::size_t most);
    void turn(std::size_t handlers);
    void live();  // a process starts
    void kill();
    void drain();
    bool settleOnce();
    void checkClient(Client& client);
    void checkLeft();

    static boost::asio::awaitable<void> create(ScheduleWorld* world, run::RunRequest request, std::int64_t n,
                                               run::Service::Reader reader, std::optional<std::size_t> ask);
    static boost::asio::awaitable<void> cancel(ScheduleWorld* world, run::CancelTarget target,
                                               CancelAction action, std::size_t ask);
    static boost::asio::awaitable<void> removeRun(ScheduleWorld* world, ThreadId thread, RunId id,
                                                  std::size_t ask);
    static boost::asio::awaitable<void> removeThread(ScheduleWorld* world, ThreadId thread, std::size_t ask);
    static boost::asio::awaitable<void> update(ScheduleWorld* world, ThreadId thread);
    static boost::asio::awaitable<void> put(ScheduleWorld* world, RunId run, std::int64_t attempt,
                                            CheckpointPut put);
    static boost::asio::awaitable<void> recover(ScheduleWorld* world, bool* done);
    static boost::asio::awaitable<void> drainNow(ScheduleWorld* world, bool* done);

    sql::SqliteConnection& connection_;
    std::mt19937 moves_;
    SeededRandom random_;
    StepClock clock_;
    webhook::UrlPolicy urls_{WebhookSettings{}};
    ScheduleModel model_{connection_};
    std::vector<ThreadId> threads_;
    std::int64_t emitted_ = 0;
    std::int64_t checkpoints_ = 0;
    std::unique_ptr<Process> process_;
};

}  // namespace heddle::test
