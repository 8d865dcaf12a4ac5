// SPDX-License-Identifier: Apache-2.0
// Every bound in one place; each has a test that reaches it. Sizes in bytes unless the name says otherwise.
#pragma once

#include <chrono>
#include <cstddef>

namespace heddle::limits {

inline constexpr std::size_t kJsonDepth = 128;
inline constexpr std::size_t kApiKeys = 1000;
inline constexpr std::size_t kApiKeyChars = 1024;
inline constexpr std::size_t kConfigFile = 1024 * 1024;  // langgraph.json, .env
inline constexpr std::size_t kHttpBody = 16 * 1024 * 1024;
inline constexpr std::size_t kHttpHeader = 32 * 1024;
inline constexpr std::size_t kHttpTarget = 8 * 1024;
inline constexpr std::size_t kHttpHeaderFields = 256;         // in number
inline constexpr std::size_t kHttpBodyRate = 4096;            // bytes a second; a slower body is given up
inline constexpr std::chrono::seconds kHttpWriteStall{30};    // without progress; not for streams
inline constexpr std::chrono::seconds kHttpRefusalLinger{2};  // reads on after a refusal
inline constexpr std::size_t kHttpConnections = 20'000;
inline constexpr std::chrono::seconds kHttpIdle{75};
inline constexpr std::chrono::seconds kHttpHeaderTime{30};
inline constexpr std::chrono::seconds kHeartbeat{5};

inline constexpr std::size_t kClientHead = 64 * 1024;  // of a response: its heads, interim ones included
inline constexpr int kClientInterim = 16;              // 1xx before a response
inline constexpr std::size_t kClientRead = 16 * 1024;  // at once
inline constexpr std::size_t kClientKept = 256;  // idle connections in all, kWebhookLaneInFlight of a kind
inline constexpr std::chrono::seconds kClientIdle{30};
inline constexpr std::chrono::seconds kClientNextAddress{3};  // an address that hangs, when there are others

inline constexpr std::size_t kSqlQueue = 20'000;  // jobs waiting for the writer
inline constexpr std::size_t kSqlBatch = 512;     // jobs in one commit
inline constexpr std::size_t kSubscriberLag = 16 * 1024 * 1024;
inline constexpr std::chrono::seconds kSubscriberStall{30};
inline constexpr std::size_t kSubscriberLagMost = 128 * 1024 * 1024;  // whatever progress it makes
inline constexpr std::size_t kResumableTail = 1024 * 1024;            // of a live resumable run, in memory
inline constexpr std::size_t kResumableStored = 64 * 1024 * 1024;     // of a resumable run, in the database
inline constexpr std::size_t kReplayPage = 128 * 1024;                // of stored events, read at once
inline constexpr std::size_t kEventBatch = 4 * 1024 * 1024;           // of events, stored in one job
inline constexpr std::size_t kEventRoom = 16 * 1024 * 1024;      // of events not stored yet; then graphs wait
inline constexpr std::size_t kEventBacklog = 256 * 1024 * 1024;  // of them, of graphs that do not wait
inline constexpr std::size_t kThreadReplayRuns = 10'000;         // the newest of a thread that are replayed

inline constexpr std::size_t kFrameHeader = 1024 * 1024;
inline constexpr std::size_t kFrameBody = 64 * 1024 * 1024;
inline constexpr std::size_t kEventWindow = 4 * 1024 * 1024;
inline constexpr std::size_t kNamedGraphs = 20;               // in a message, in number
inline constexpr double kTtlMinutes = 100.0 * 365 * 24 * 60;  // to live, of threads and items
inline constexpr std::size_t kIdempotencyKey = 255;           // characters
inline constexpr std::size_t kScheduleChars = 1024;           // of a cron
inline constexpr std::size_t kZoneFile = 64 * 1024;           // of the system's time zones
inline constexpr std::size_t kPendingRuns = 100'000;
inline constexpr std::chrono::seconds kCancelGrace{
    5};  // for an attempt to obey, then its run ends without it
inline constexpr std::size_t kWorkerBacklog =
    256 * 1024 * 1024;                                       // bytes waiting for a worker that does not read
inline constexpr std::chrono::milliseconds kNodeLeave{300};  // for native nodes to return, at the end
inline constexpr std::chrono::seconds kRouteTime{10};  // for the route of a native graph, in a state update
inline constexpr std::size_t kNodeThreads = 64;        // runs of graphs of shared libraries at once
inline constexpr std::size_t kWorkerRuns = 1000;       // attempts at once on one worker
inline constexpr std::size_t kWatchedFolders = 8192;   // of a project, with --dev
inline constexpr std::size_t kOlderWorkers = 3;        // generations with runs on them, beside the newest
inline constexpr std::size_t kGraphAnswers = 8 * 1024 * 1024;  // schemas and drawings, kept
inline constexpr std::size_t kVectorDims = 16'384;             // numbers of a vector of the store's index
inline constexpr std::size_t kItemVectors = 1000;              // of one item
inline constexpr std::size_t kRankedVectors = 64 * 1024;       // the best that a search keeps in one pass
inline constexpr std::size_t kWorkerStrangers = 16;            // connections that have not said hello
inline constexpr std::size_t kWorkerOutputLine = 8 * 1024;     // of what a worker prints

inline constexpr std::size_t kWebhookUrlChars = 65'536;
inline constexpr std::size_t kWebhookSecrets = 10;      // each signs every request
inline constexpr std::size_t kListenIds = 10'000;       // webhook-ids that `heddle listen` remembers
inline constexpr std::size_t kWebhookBodyLeast = 1024;  // bounds of webhooks.max_payload_bytes
inline constexpr std::size_t kWebhookBodyMost = 64 * 1024 * 1024;
inline constexpr std::size_t kWebhookInFlight = 256;     // attempts under way in all
inline constexpr std::size_t kWebhookLaneInFlight = 16;  // attempts under way to one destination
inline constexpr std::size_t kWebhookResponseRead = 64 * 1024;
inline constexpr std::size_t kWebhookTests = 8;  // POST /webhooks/test at once
inline constexpr std::size_t kWebhookResponseKept = 16 * 1024;
inline constexpr std::size_t kDeliveryAttemptsListed = 20;  // shown of each delivery in a list
inline constexpr std::size_t kDeliveryAttemptsShown = 500;  // shown of one delivery

}  // namespace heddle::limits
