# SPDX-License-Identifier: Apache-2.0
# Language level, warnings, hardening, sanitizers, linker and launcher: all in the target heddle_options.
include(CheckLinkerFlag)
include(CheckPIESupported)

option(HEDDLE_TESTS "Build the C++ tests" ON)
option(HEDDLE_FUZZ "Build the fuzz targets (clang only)" OFF)
set(HEDDLE_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, for example address,undefined")
set(HEDDLE_BIN_DIR ${CMAKE_BINARY_DIR} CACHE PATH "Where the program `heddle` is written")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

check_pie_supported(LANGUAGES CXX)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Assertions stay on in a release: NDEBUG is not defined.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer")

add_library(heddle_options INTERFACE)
target_include_directories(heddle_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
target_compile_options(heddle_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
  $<$<CONFIG:Release>:-fstack-protector-strong>)
# Debian's compilers may predefine _FORTIFY_SOURCE, hence -U first.
target_compile_options(heddle_options INTERFACE
  $<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
target_compile_definitions(heddle_options INTERFACE
  _GLIBCXX_ASSERTIONS
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 13 reports its own coroutine frames and libstdc++ internals here.
  target_compile_options(heddle_options INTERFACE -Wno-maybe-uninitialized -Wno-dangling-reference)
endif()

if(HEDDLE_SANITIZE)
  target_compile_options(heddle_options INTERFACE -fsanitize=${HEDDLE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(heddle_options INTERFACE -fsanitize=${HEDDLE_SANITIZE})
endif()
if(HEDDLE_FUZZ)
  target_compile_options(heddle_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

foreach(linker lld mold)
  check_linker_flag(CXX -fuse-ld=${linker} HEDDLE_HAS_${linker})
  if(HEDDLE_HAS_${linker})
    target_link_options(heddle_options INTERFACE -fuse-ld=${linker})
    break()
  endif()
endforeach()
target_link_options(heddle_options INTERFACE -Wl,-z,relro,-z,now)

find_program(HEDDLE_CCACHE ccache)
mark_as_advanced(HEDDLE_CCACHE)
if(HEDDLE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${HEDDLE_CCACHE})
endif()
