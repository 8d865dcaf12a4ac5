# SPDX-License-Identifier: Apache-2.0
# Refuses compilers that build this program wrongly.
set(hint "  Install clang 16 (it is then chosen by itself):\n    apt-get install clang-16 libclang-rt-16-dev lld-16\n")

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} cannot build Heddle: before version 13 it silently miscompiles C++20 "
    "coroutines (an `if (co_await f())` that is skipped, temporaries destroyed twice).\n${hint}")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
  message(FATAL_ERROR "clang ${CMAKE_CXX_COMPILER_VERSION} is too old, Heddle needs 15 or newer.\n${hint}")
elseif(NOT CMAKE_CXX_COMPILER_ID MATCHES "^(GNU|Clang)$")
  message(WARNING "Heddle is built and tested with clang 16; ${CMAKE_CXX_COMPILER_ID} is untried.")
endif()
