# SPDX-License-Identifier: Apache-2.0
# heddle_library(folder [COROUTINES] [USES folders...] [THIRD_PARTY targets...]) makes heddle_<folder> from src/<folder>/.
# COROUTINES: most of its files include what asio's coroutines need, so that is compiled once (a quarter of a clean
# build). Not under a sanitizer: those builds show a file that does not include what it uses.
function(heddle_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "COROUTINES" "" "USES;THIRD_PARTY")
  list(TRANSFORM arg_USES PREPEND heddle_)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
  if(sources)
    add_library(heddle_${folder} STATIC ${sources})
    target_link_libraries(heddle_${folder} PUBLIC heddle_options ${arg_USES} ${arg_THIRD_PARTY})
    add_dependencies(heddle_${folder} heddle_build_info)
    if(arg_COROUTINES AND NOT HEDDLE_SANITIZE AND NOT HEDDLE_FUZZ)
      target_precompile_headers(heddle_${folder} PRIVATE
        <boost/asio/any_io_executor.hpp> <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
        <boost/asio/detached.hpp> <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp>
        <functional> <map> <memory> <optional> <string> <unordered_map> <vector>)
      if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        # ccache compares the header's content; clang would compare its time.
        target_compile_options(heddle_${folder} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
      endif()
    endif()
  else()
    add_library(heddle_${folder} INTERFACE)
    target_link_libraries(heddle_${folder} INTERFACE heddle_options ${arg_USES} ${arg_THIRD_PARTY})
  endif()
  set_property(GLOBAL APPEND PROPERTY HEDDLE_LIBRARIES heddle_${folder})
endfunction()
