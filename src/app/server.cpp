// SPDX-License-Identifier: Apache-2.0
#include "app/server.hpp"

#include "api/api.hpp"
#include "app/execution.hpp"
#include "app/live_reload.hpp"
#include "app/own_address.hpp"
#include "app/ready_line.hpp"
#include "app/retention.hpp"
#include "app/server_options.hpp"
#include "app/upkeep.hpp"
#include "base/log.hpp"
#include "cron/ticker.hpp"
#include "embedded/docs_html.hpp"
#include "embedded/openapi_json.hpp"
#include "heddle_build.hpp"
#include "http/client.hpp"
#include "http/resolver.hpp"
#include "http/server.hpp"
#include "metrics/metrics.hpp"
#include "run/service.hpp"
#include "sql/sqlite.hpp"
#include "store/schema.hpp"
#include "webhook/dispatcher.hpp"
#include "webhook/listener_addresses.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <csignal>
#include <filesystem>

namespace heddle::app {
namespace asio = boost::asio;

namespace {

constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kRunsEnd{7'000};  // a container is given 10 s; drain() may take 2 s more
constexpr std::chrono::milliseconds kWebhooksEnd{1'000};
constexpr std::chrono::milliseconds kConnectionsEnd{500};
constexpr std::chrono::milliseconds kWorkersEnd{2'000};
constexpr std::chrono::milliseconds kStallCheck{250};
constexpr std::chrono::milliseconds kStall{5};
constexpr std::string_view kNoKeys = "there are no API keys any more; a server without them wants a restart";
constexpr std::size_t kLoggedHeader = 1'024;  // bytes of its value
constexpr std::chrono::minutes kSweepEvery{10};

sql::SqliteOptions databaseOptions(metrics::Metrics& metrics) {
    sql::SqliteOptions options;
    options.on_commit = [&metrics](std::size_t jobs, microseconds took) { metrics.sqlCommitted(jobs, took); };
    options.migrations = store::schema(sql::Dialect::kSqlite);
    return options;
}

std::string databasePath(const config::Config& config) {
    std::filesystem::create_directories(std::filesystem::path(config.database_path).parent_path());
    return config.database_path;
}

}  // namespace

class Server::Impl {
  public:
    Impl(const config::Config& config, Reload reload)
        : config_(config),
          reload_(std::move(reload)),
          metrics_(clock_, build::kVersion),
          db_(loop_.get_executor(), databasePath(config_), databaseOptions(metrics_)),
          schemas_(api::SchemaSet::compile(embedded::openapiJson())),
          url_policy_(config_.webhooks),
          execution_(loop_.get_executor(), config_, db_, clock_, random_, metrics_),
          runs_(loop_.get_executor(), db_, clock_, random_, execution_.executor(), url_policy_,
                serviceOptions(config_), serviceEvents()),
          crons_(loop_.get_executor(), db_, clock_, runs_, zones_, {seconds(config_.cron_catch_up_s)},
                 tickerEvents()),
          client_(loop_.get_executor(), clientTls()),
          resolver_(loop_.get_executor()),
          dispatcher_(loop_.get_executor(), db_, clock_, random_, client_, resolver_, url_policy_,
                      dispatcherOptions()),
          document_(embedded::openapiJson(), config_.http),
          readiness_(loop_.get_executor(), db_, clock_, runs_),
          context_{loop_.get_executor(),
                   offload_,
                   config_,
                   db_,
                   clock_,
                   random_,
                   runs_,
                   crons_,
                   zones_,
                   dispatcher_,
                   metrics_,
                   readiness_,
                   schemas_,
                   document_,
                   embedded::docsHtml(),
                   build::kVersion},
          api_(context_),
          http_(
              loop_.get_executor(), [this](http::Request& request) { return api_.handle(request); },
              [this](const http::Exchange& exchange) { logExchange(exchange); }),
          signals_(loop_, SIGTERM, SIGINT),
          hangups_(loop_, SIGHUP),
          upkeep_(loop_.get_executor(), db_, clock_, upkeepOptions()),
          stall_timer_(loop_),
          sweep_timer_(loop_) {
        std::signal(SIGPIPE, SIG_IGN);
        execution_.observe(runs_);
        http_.listen({config_.host, config_.port});
        url_policy_.setSelf(webhook::listenerAddresses(http_.address()), http_.port());
    }

    int run() {
        asio::co_spawn(loop_, startUp(), [this](const std::exception_ptr& error) { stopOnFailure(error); });
        asio::co_spawn(loop_, shutDownOnSignal(), asio::detached);
        asio::co_spawn(loop_, reloadOnHangup(), asio::detached);
        loop_.run();
        return status_;
    }

  private:
    run::ServiceEvents serviceEvents() {
        run::ServiceEvents events;
        events.delivery_written = [this](store::DueDelivery delivery) {
            metrics_.webhooksQueued(1);
            dispatcher_.offer(std::move(delivery));
        };
        events.started = [this](const Run& run) {
            metrics_.runStarted();
            metrics_.runWaited(clock_.now() - run.created_at);
        };
        events.ended = [this](RunStatus status) { metrics_.runEnded(toString(status)); };
        return events;
    }

    cron::TickerEvents tickerEvents() {
        cron::TickerEvents events;
        events.fired = [this](microseconds late) { metrics_.cronFired(late); };
        events.missed = [this](std::int64_t times) { metrics_.cronMissed(times); };
        events.failed = [this] { metrics_.cronFailed(); };
        return events;
    }

    webhook::DispatcherOptions dispatcherOptions() {
        webhook::DispatcherOptions options;
        options.settings = config_.webhooks;
        options.credentials = webhookCredentials(config_);
        options.offload = &offload_;
        options.user_agent = fmt::format("heddle/{}", build::kVersion);
        options.held = config_.http.disable_webhooks;
        options.metrics = &metrics_;
        options.self = [this] { return std::pair(ownHost(config_.host), http_.port()); };
        return options;
    }

    UpkeepOptions upkeepOptions() {
        UpkeepOptions options;
        options.every = std::chrono::milliseconds(
            static_cast<std::int64_t>(config_.thread_ttl.sweep_interval_min * 60e3));
        options.threads_max = config_.thread_ttl.sweep_limit;
        options.busy = [this] { return runs_.running() > 0; };
        options.held = [this] { return runs_.held(); };
        options.deleted = [this](const ThreadId& thread) { runs_.closeThread(thread); };
        return options;
    }

    [[nodiscard]] http::ClientTls clientTls() const {
        const auto& tls = config_.webhooks.tls;
        return {tls.ca_file, tls.cert_file, tls.key_file};
    }

    asio::awaitable<void> startUp() {
        co_await storeSystemAssistants(db_, config_, clock_.now());
        dispatcher_.start();  // before runs can end: it counts what is pending already
        co_await runs_.recover();
        if (config_.dev) watchFiles();
        execution_.start();
        if (!config_.http.disable_runs) crons_.start();
        http_.start();
        watchLoop();
        upkeep_.start();
        asio::co_spawn(loop_, sweep(), asio::detached);
        printReady(config_, http_.port());
    }

    void watchFiles() {
        LiveReload::Parts parts{loop_.get_executor(),
                                clock_,
                                db_,
                                config_,
                                execution_,
                                runs_,
                                [this](const config::Config& read) { takeCredentials(read); }};
        live_reload_ = std::make_unique<LiveReload>(std::move(parts), reload_);
    }

    void takeCredentials(const config::Config& config) {
        dispatcher_.setCredentials(webhookCredentials(config));
        if (!api_.setKeys(config.api_keys)) log::error("server.keys_kept", {{"error", kNoKeys}});
    }

    void stopOnFailure(const std::exception_ptr& error) {
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& failure) {
            log::error("server.start_failed", {{"error", failure.what()}});
        }
        status_ = 1;
        loop_.stop();
    }

    asio::awaitable<void> shutDownOnSignal() {
        (void)co_await signals_.async_wait(kWait);
        log::info("server.draining", {{"runs", runs_.running()}});
        // A second signal ends the process at once.
        std::signal(SIGTERM, SIG_DFL);
        std::signal(SIGINT, SIG_DFL);
        signals_.clear();
        hangups_.cancel();
        live_reload_.reset();
        stall_timer_.cancel();
        sweep_timer_.cancel();
        upkeep_.stop();
        crons_.stop();
        readiness_.drain();
        http_.stopAccepting();
        co_await runs_.drain(kRunsEnd);
        co_await dispatcher_.stop(kWebhooksEnd);
        co_await db_.flush();
        co_await http_.drain(kConnectionsEnd);
        co_await execution_.stop(kWorkersEnd);
        client_.close();
        log::info("server.stopped");
        loop_.stop();
    }

    // Deliveries go on meanwhile; the next attempt is made with what was read.
    asio::awaitable<void> reloadOnHangup() {
        for (;;) {
            const auto [error, signal] = co_await hangups_.async_wait(kWait);
            if (error) co_return;
            const auto config = reload_();
            if (!config) {
                log::error("server.not_reloaded");
                continue;
            }
            takeCredentials(*config);
            log::info("server.reloaded", {{"webhook_headers", config->webhook_headers.size()},
                                          {"webhook_secrets", config->webhook_secrets.size()},
                                          {"api_keys", config->api_keys.size()}});
        }
    }

    // Wakes a few times a second and sees how late it is.
    void watchLoop() {
        const auto due = clock_.steady() + kStallCheck;
        stall_timer_.expires_after(kStallCheck);
        stall_timer_.async_wait([this, due](const boost::system::error_code& error) {
            if (error) return;
            const auto late = clock_.steady() - due;
            if (late > kStall) {
                metrics_.loopStalled();
                log::debug("loop.stall", {{"late_us", late.count()}});
            }
            watchLoop();
        });
    }

    // Removes what has had its time, in small write jobs so that it delays nobody.
    asio::awaitable<void> sweep() {
        for (;;) {
            auto job = [now = clock_.now()](sql::Connection& db) { return sweepChunk(db, now); };
            bool more = false;
            try {
                const auto removed = co_await db_.write(std::move(job));
                more = removed && *removed >= kSweepChunk;
            } catch (const std::exception& error) {
                log::error("sweep.failed", {{"error", error.what()}});
            }
            if (more) continue;
            sweep_timer_.expires_after(kSweepEvery);
            const auto [error] = co_await sweep_timer_.async_wait(kWait);
            if (error) co_return;
        }
    }

    // Who names headers for the log wants to see its requests.
    void logExchange(const http::Exchange& exchange) {
        const bool wanted = !config_.http.logging_headers.includes.empty();
        const auto level = wanted ? log::Level::kInfo : log::Level::kDebug;
        if (!log::enabled(level)) return;
        std::vector<std::string> names;  // the fields point into it
        names.reserve(exchange.logged.size());
        std::vector<log::Field> fields{{"method", http::toString(exchange.method)},
                                       {"path", exchange.target_path},
                                       {"status", exchange.status},
                                       {"took_us", exchange.took.count()},
                                       {"request_id", exchange.request_id}};
        for (const auto& [name, value] : exchange.logged) {
            names.push_back("header." + name);
            fields.emplace_back(names.back(), std::string_view(value).substr(0, kLoggedHeader));
        }
        log::write(level, "http.request", fields);
    }

    config::Config config_;
    Reload reload_;
    asio::io_context loop_{1};
    asio::thread_pool offload_{1};
    SystemClock clock_;
    SystemRandom random_;
    metrics::Metrics metrics_;
    sql::SqliteDatabase db_;
    api::SchemaSet schemas_;
    webhook::UrlPolicy url_policy_;
    Execution execution_;
    run::Service runs_;
    cron::Zones zones_;
    cron::Ticker crons_;
    http::Client client_;
    http::Resolver resolver_;
    webhook::Dispatcher dispatcher_;
    api::ServedDocument document_;
    api::Readiness readiness_;
    api::Context context_;
    api::Api api_;
    http::Server http_;
    asio::signal_set signals_;
    asio::signal_set hangups_;
    Upkeep upkeep_;
    std::unique_ptr<LiveReload> live_reload_;  // none without --dev
    asio::steady_timer stall_timer_;
    asio::steady_timer sweep_timer_;
    int status_ = 0;
};

Server::Server(const config::Config& config, Reload reload)
    : impl_(std::make_unique<Impl>(config, std::move(reload))) {}
Server::~Server() = default;

int Server::run() {
    return impl_->run();
}

}  // namespace heddle::app
