// SPDX-License-Identifier: Apache-2.0
// What the readers of the `webhooks` block share. Internal to config.
#pragma once

#include "config/loading.hpp"

#include <optional>
#include <string>

namespace heddle::config {

struct Hooks {
    Loading& loading;
    std::string env_prefix = "LG_WEBHOOK_";  // templates must respect it; read before everything else

    // A field's text with its templates filled in: a secret. Nothing after a problem, which is reported.
    [[nodiscard]] std::optional<std::string> resolved(const Field& field) const;
    [[nodiscard]] std::string path(const std::string& given) const;  // from the config's folder
};

void readWebhookSecrets(const Field& field, Hooks& hooks);  // webhook_secrets.cpp
void readWebhookTls(const Field& field, Hooks& hooks);      // webhook_tls.cpp
void readWebhookProxy(const Field& field, Hooks& hooks);    // webhook_proxy.cpp
void webhookTlsTexts(const std::string& key, KeyTexts& texts);
void webhookProxyTexts(const std::string& key, KeyTexts& texts);

}  // namespace heddle::config
