// SPDX-License-Identifier: Apache-2.0
// `webhooks`: headers, destinations, retries, limits. Secrets, TLS and the proxy have files of their own.
#include "base/limits.hpp"
#include "base/text.hpp"
#include "config/env_file.hpp"
#include "config/header_template.hpp"
#include "config/host_rules.hpp"
#include "config/webhook_blocks.hpp"
#include "domain/webhook_fields.hpp"

#include <algorithm>
#include <array>

namespace heddle::config {
namespace {

constexpr std::int64_t kLongestPause = 7 * 24 * 3600;
constexpr std::size_t kMostRetries = 50;
constexpr std::int64_t kLongestTimeout = 300;
constexpr double kFastestRate = 10'000;

void readDomains(const Field& field, WebhookSettings& settings) {
    for (const auto& element : field.elements()) {
        const auto text = element.text();
        if (!text) continue;
        if (*text == "*") {
            element.problem("leave allowed_domains out to allow every host");
            continue;
        }
        auto host = hostPattern(*text);
        if (host) {
            settings.allowed_domains.push_back(*std::move(host));
        } else {
            element.problem("expected a host: " + host.error().detail);
        }
    }
}

void readPorts(const Field& field, WebhookSettings& settings) {
    for (const auto& element : field.elements()) {
        if (const auto port = element.integer(1, 65'535)) {
            settings.allowed_ports.push_back(static_cast<std::uint16_t>(*port));
        }
    }
}

void readNetworks(const Field& field, WebhookSettings& settings) {
    for (const auto& element : field.elements()) {
        auto text = element.text();
        if (!text) continue;
        if (const auto wrong = networkProblem(*text)) element.problem(*wrong);
        settings.allowed_networks.push_back(*std::move(text));
    }
}

void readLength(const Field& field, WebhookSettings& settings) {
    const auto length = field.integer(1, static_cast<std::int64_t>(limits::kWebhookUrlChars));
    if (length) settings.max_url_length = static_cast<std::size_t>(*length);
}

constexpr std::array<Key<WebhookSettings>, 6> kUrlKeys{{
    {"allowed_domains", readDomains, "list, any",
     "hosts that may be called; `*.mycompany.com` matches its subdomains, not itself"},
    {"allowed_ports", readPorts, "list of 1–65535, any",
     "a URL without a port counts as 443 (https) or 80 (http)"},
    {"allowed_networks", readNetworks, "list of CIDRs, `[]`",
     "private or loopback networks that may be called, as in `10.0.0.0/8`"},
    {"max_url_length", readLength, "1–65536, `65536`", "longest URL, in characters"},
    {"require_https",
     [](const Field& field, WebhookSettings& settings) { field.into(settings.require_https); },
     "boolean, `false`", "refuse `http://`"},
    {"disable_loopback",
     [](const Field& field, WebhookSettings& settings) { field.into(settings.disable_loopback); },
     "boolean, `false`", "refuse relative URLs and loopback addresses"},
}};

void urlTexts(const std::string& key, KeyTexts& texts) {
    addTexts<WebhookSettings>(key, kUrlKeys, texts);
}

void readSchedule(const Field& field, WebhookSettings& settings) {
    settings.retry_schedule_s.clear();
    for (const auto& element : field.elements()) {
        if (const auto pause = element.integer(0, kLongestPause)) settings.retry_schedule_s.push_back(*pause);
    }
    if (settings.retry_schedule_s.size() > kMostRetries) {
        field.problem("at most " + std::to_string(kMostRetries) + " retries");
    }
}

constexpr std::array<Key<WebhookSettings>, 1> kRetryKeys{
    {{"schedule", readSchedule, "list of seconds, 9 pauses over about 3 days",
      "pauses before the second and later attempts; `[]` means one attempt. At most 50, each at most 7 "
      "days"}}};

void retryTexts(const std::string& key, KeyTexts& texts) {
    addTexts<WebhookSettings>(key, kRetryKeys, texts);
}

void readPrefix(const Field& field, Hooks& hooks) {
    const auto prefix = field.text();
    if (!prefix) return;
    if (!isVariableName(*prefix)) field.problem("must be the start of a variable's name");
    hooks.env_prefix = *prefix;
}

void readHeader(const Field& field, const std::string& name, Hooks& hooks) {
    if (const auto wrong = headerNameProblem(name)) field.problem(*wrong);
    auto& headers = hooks.loading.config.webhook_headers;
    for (const auto& [known, value] : headers) {
        if (isSameName(known, name)) field.problem("given twice: header names do not differ by case");
    }
    headers.emplace_back(name, Secret(hooks.resolved(field).value_or("")));
}

void readHeaders(const Field& field, Hooks& hooks) {
    const auto fields = field.value.fields();
    const auto members = field.members();
    for (std::size_t i = 0; i < members.size(); ++i) readHeader(members[i], fields[i].key, hooks);
}

WebhookSettings& settingsOf(Hooks& hooks) {
    return hooks.loading.config.webhooks;
}

void readFields(const Field& field, Hooks& hooks) {
    const std::vector<std::string_view> known(kWebhookFieldNames.begin(), kWebhookFieldNames.end());
    auto& allowed = settingsOf(hooks).fields.allowed;
    const auto elements = field.elements();
    for (const auto& element : elements) {
        auto name = element.text();
        if (!name) continue;
        if (std::find(known.begin(), known.end(), *name) == known.end()) {
            std::string text = "no such field of a webhook; there are ";
            for (const auto& each : known) text.append(&each == known.data() ? "" : ", ").append(each);
            element.problem(std::move(text));
        } else if (std::find(allowed.begin(), allowed.end(), *name) == allowed.end()) {
            allowed.push_back(*std::move(name));
        }
    }
    if (field.value.type() == JsonType::kArray && elements.empty()) {
        field.problem("is empty: name at least one field, or leave it out to send all");
    }
}

void readBodyBytes(const Field& field, Hooks& hooks) {
    const auto bytes = field.integer(static_cast<std::int64_t>(limits::kWebhookBodyLeast),
                                     static_cast<std::int64_t>(limits::kWebhookBodyMost));
    if (bytes) settingsOf(hooks).fields.body_bytes_max = static_cast<std::size_t>(*bytes);
}

constexpr std::array<Key<Hooks>, 13> kKeys{{
    {"env_prefix", [](const Field&, Hooks&) {}, "string, `LG_WEBHOOK_`",
     "start of the names of the variables that templates may name"},  // read before the others
    {"headers", readHeaders, "object, `{}`",
     "headers of every webhook request, see [Webhook headers](#webhook-headers)"},
    {"secrets", readWebhookSecrets, "list, `[]`",
     "secrets that sign webhooks, at most 10, see [Webhook secrets](#webhook-secrets)"},
    {"url",
     [](const Field& field, Hooks& hooks) {
         readBlock<WebhookSettings>(field, kUrlKeys, {}, settingsOf(hooks));
     },
     {},
     {},
     urlTexts},
    {"stateless_values",
     [](const Field& field, Hooks& hooks) { field.into(settingsOf(hooks).stateless_values); },
     "boolean, `false`", "send `values` for stateless runs too"},
    {"allowed_fields", readFields, "list, all",
     "the fields a webhook carries: names of the top of its [body](webhooks.md#what-is-sent)"},
    {"max_payload_bytes", readBodyBytes, "1024–67108864, `8388608`",
     "a larger body carries [references](webhooks.md#how-large-a-webhook-gets) instead of `values` and "
     "`kwargs`"},
    {"retry",
     [](const Field& field, Hooks& hooks) {
         readBlock<WebhookSettings>(field, kRetryKeys, {}, settingsOf(hooks));
     },
     {},
     {},
     retryTexts},
    {"timeout_seconds", [](const Field&, Hooks&) {}, "1–300, `30`",
     "time for one attempt, from name lookup to the answer's last byte"},  // readTimes
    {"connect_timeout_seconds", [](const Field&, Hooks&) {}, "1–`timeout_seconds`, `10`",
     "of it: connection, proxy and TLS"},
    {"rate_per_second",
     [](const Field& field, Hooks& hooks) { settingsOf(hooks).rate_per_s = field.positive(kFastestRate); },
     "number above 0 up to 10000, none", "most attempts a second to one destination"},
    {"tls", readWebhookTls, {}, {}, webhookTlsTexts},
    {"proxy", readWebhookProxy, "URL or object",
     "HTTP proxy that webhooks go through, see [Webhook proxy](#webhook-proxy)", webhookProxyTexts},
}};

// One must fit into the other, wherever they stand.
void readTimes(const Field& block, Hooks& hooks) {
    auto& settings = settingsOf(hooks);
    const auto read = [&](std::string_view name, std::int64_t most) -> std::optional<std::int64_t> {
        const auto value = block.value.get(name);
        if (!value || value->isNull()) return std::nullopt;
        return Field{block.key + "." + std::string(name), *value, block.findings}.integer(1, most);
    };
    settings.timeout_s = read("timeout_seconds", kLongestTimeout).value_or(settings.timeout_s);
    const auto least = std::min(settings.connect_timeout_s, settings.timeout_s);
    settings.connect_timeout_s = read("connect_timeout_seconds", settings.timeout_s).value_or(least);
}

}  // namespace

std::optional<std::string> Hooks::resolved(const Field& field) const {
    const auto text = field.value.string();
    if (!text) {
        field.wrongType("a string");
        return std::nullopt;
    }
    const auto variables = [this](std::string_view name) { return loading.variableOrEnv(name); };
    auto result = resolveTemplates(*text, env_prefix, variables);
    for (auto& wrong : result.problems) field.problem(std::move(wrong));
    return result.problems.empty() ? std::optional(std::move(result.value)) : std::nullopt;
}

std::string Hooks::path(const std::string& given) const {
    return absolutePath(loading.config.root, given);
}

void readWebhooks(const Field& field, Loading& loading) {
    Hooks hooks{loading};
    const auto prefix = field.value.get("env_prefix");
    if (prefix && !prefix->isNull())
        readPrefix(Field{field.key + ".env_prefix", *prefix, field.findings}, hooks);
    readBlock<Hooks>(field, kKeys, {}, hooks);
    readTimes(field, hooks);
}

void webhookTexts(const std::string& key, KeyTexts& texts) {
    addTexts<Hooks>(key, kKeys, texts);
}

}  // namespace heddle::config
