// SPDX-License-Identifier: Apache-2.0
// HEDDLE_SANITIZED: code runs many times slower here, so measures do less and allow more.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEDDLE_SANITIZED 1
#endif
#endif
