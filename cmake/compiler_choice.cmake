# SPDX-License-Identifier: Apache-2.0
# Before project(): takes clang++-16 when nobody named a compiler and it is installed.
if(NOT DEFINED CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX} AND NOT CMAKE_TOOLCHAIN_FILE)
  find_program(HEDDLE_CLANG16 clang++-16)
  if(HEDDLE_CLANG16)
    set(CMAKE_CXX_COMPILER ${HEDDLE_CLANG16} CACHE FILEPATH "C++ compiler")
  endif()
  mark_as_advanced(HEDDLE_CLANG16)
endif()
