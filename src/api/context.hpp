// SPDX-License-Identifier: Apache-2.0
// What the resources need; made by app. References outlive the Api. Loop thread only.
#pragma once

#include "api/schema.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
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
    webhook::Dispatcher& webhooks;
    metrics::Metrics& metrics;
    const SchemaSet& schemas;
    std::string_view openapi;  // the document, as served
    std::string_view docs;     // the page that shows it
    std::string_view version;
};

}  // namespace heddle::api
