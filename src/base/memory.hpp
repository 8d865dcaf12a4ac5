// SPDX-License-Identifier: Apache-2.0
// How the process gives memory back.
#pragma once

namespace heddle {

// Once, before other threads start. Blocks of a mebibyte and more then go back to the system when they are
// freed: the C library would keep them after the first few, and every thread its own.
void returnLargeBlocks();

}  // namespace heddle
