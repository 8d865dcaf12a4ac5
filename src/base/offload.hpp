// SPDX-License-Identifier: Apache-2.0
// Runs a function on the offload thread, so that a big body never blocks the loop.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace heddle {

// `work` touches nothing that the loop touches meanwhile, and does not throw. Resumes on the loop.
inline boost::asio::awaitable<void> offload(boost::asio::any_io_executor loop, boost::asio::thread_pool& pool,
                                            std::function<void()> work) {
    auto shared = std::make_shared<std::function<void()>>(std::move(work));
    auto initiate = [loop, &pool, shared](auto handler) {
        auto resume = std::make_shared<boost::asio::any_completion_handler<void()>>(std::move(handler));
        boost::asio::post(pool, [loop, shared, resume] {
            (*shared)();
            boost::asio::post(loop, [resume] { std::move (*resume)(); });
        });
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
        std::move(initiate), boost::asio::use_awaitable);
}

}  // namespace heddle
