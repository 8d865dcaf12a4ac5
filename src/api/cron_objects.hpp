// SPDX-License-Identifier: Apache-2.0
// Crons as the API shows them.
#pragma once

#include "api/objects.hpp"
#include "domain/cron.hpp"

namespace heddle::api {

class Routes;
struct Context;

void writeCron(JsonWriter& writer, const Cron& cron, const Select& select = {});
void writeFiring(JsonWriter& writer, const CronFiring& firing);

// Search, count, get, and what a cron has fired.
void addCronLookups(Routes& routes, Context& context);

}  // namespace heddle::api
