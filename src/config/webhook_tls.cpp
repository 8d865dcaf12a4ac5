// SPDX-License-Identifier: Apache-2.0
// `webhooks.tls`: the files are looked at, so that a mistake shows at start and not at the first delivery.
#include "config/webhook_blocks.hpp"

#include <array>
#include <string_view>

namespace heddle::config {
namespace {

enum class Pem { kCertificate, kKey };

void readPem(const Field& field, Hooks& hooks, Pem kind, std::string& to) {
    const auto name = field.text();
    if (!name) return;
    to = hooks.path(*name);
    const auto text = readFile(to);
    const auto holds = [&](std::string_view mark) { return text->find(mark) != std::string::npos; };
    if (!text) {
        field.problem("the file cannot be read: " + to);
    } else if (kind == Pem::kCertificate && !holds("-----BEGIN CERTIFICATE-----") &&
               !holds("-----BEGIN TRUSTED CERTIFICATE-----")) {
        field.problem("holds no PEM certificate: " + to);
    } else if (kind == Pem::kKey &&
               (holds("-----BEGIN ENCRYPTED PRIVATE") || holds("Proc-Type: 4,ENCRYPTED"))) {
        field.problem("the key must not be encrypted: " + to);
    } else if (kind == Pem::kKey && !holds("PRIVATE KEY-----")) {
        field.problem("holds no PEM private key: " + to);
    }
}

constexpr std::array<Key<Hooks>, 3> kKeys{{
    {"ca_file",
     [](const Field& field, Hooks& hooks) {
         readPem(field, hooks, Pem::kCertificate, hooks.loading.config.webhooks.tls.ca_file);
     },
     "path, the system's", "PEM certificates that receivers are checked against"},
    {"cert_file",
     [](const Field& field, Hooks& hooks) {
         readPem(field, hooks, Pem::kCertificate, hooks.loading.config.webhooks.tls.cert_file);
     },
     "path", "PEM certificate (and chain) that Heddle shows to receivers; together with `key_file`"},
    {"key_file",
     [](const Field& field, Hooks& hooks) {
         readPem(field, hooks, Pem::kKey, hooks.loading.config.webhooks.tls.key_file);
     },
     "path", "its PEM private key, not encrypted"},
}};

}  // namespace

void readWebhookTls(const Field& field, Hooks& hooks) {
    readBlock<Hooks>(field, kKeys, {}, hooks);
    const auto given = [&](std::string_view name) {
        const auto value = field.value.get(name);
        return value && !value->isNull();
    };
    if (given("cert_file") && !given("key_file")) field.problem("cert_file needs key_file");
    if (given("key_file") && !given("cert_file")) field.problem("key_file needs cert_file");
}

void webhookTlsTexts(const std::string& key, KeyTexts& texts) {
    addTexts<Hooks>(key, kKeys, texts);
}

}  // namespace heddle::config
