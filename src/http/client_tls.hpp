// SPDX-License-Identifier: Apache-2.0
// The TLS settings that outgoing connections share. Loop thread only.
#pragma once

#include "base/result.hpp"
#include "http/client.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace heddle::http {

class ClientTlsContext {
  public:
    explicit ClientTlsContext(ClientTls files) : files_(std::move(files)) {}

    // TLS 1.2 or newer, certificates verified. Made by the first call and kept; a refusal (a file cannot be
    // used) is not kept, so that a file may come back. Reads files.
    Result<boost::asio::ssl::context*> get();

  private:
    ClientTls files_;
    std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace heddle::http
