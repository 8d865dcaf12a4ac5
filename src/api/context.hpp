// SPDX-License-Identifier: Apache-2.0
// What the resources need; made by app. References outlive the Api. Loop thread only.
#pragma once

#include "api/readiness.hpp"
#include "api/schema.hpp"
#include "api/served_document.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
#include "cron/ticker.hpp"
#include "cron/zone.hpp"
#include "metrics/metrics.hpp"
#include "run/service.hpp"
#include "sql/database.hpp"
#include "webhook/dispatcher.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <string_view>

namespace heddle::api {

struct Context {
    boost::asio::any_io_executor loop;
    boost::asio::thread_pool& offload;  // one thread for big bodies
    const config::Config& config;
    sql::Database& db;
    const Clock& clock;
    Random& random;
    run::Service& runs;
    cron::Ticker& crons;
    cron::Zones& zones;
    webhook::Dispatcher& webhooks;
    metrics::Metrics& metrics;
    Readiness& readiness;
    const SchemaSet& schemas;
    const ServedDocument& document;
    std::string_view docs;  // the page that shows it
    std::string_view version;
};

}  // namespace heddle::api
