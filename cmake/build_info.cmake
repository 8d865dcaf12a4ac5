# SPDX-License-Identifier: Apache-2.0
# Generates heddle_build.hpp: version, git commit, where the workers live in this source tree. The commit is looked
# up at every build and the file rewritten only when it changed. Also runs as a script (cmake -P) for that step.
if(CMAKE_SCRIPT_MODE_FILE)
  set(HEDDLE_GIT_SHA "")
  if(EXISTS ${HEDDLE_SOURCE_DIR}/.git)
    execute_process(COMMAND git -C ${HEDDLE_SOURCE_DIR} rev-parse --short=12 HEAD
      OUTPUT_VARIABLE HEDDLE_GIT_SHA OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
    if(failed)
      set(HEDDLE_GIT_SHA "")
    endif()
  endif()
  set(HEDDLE_FULL_VERSION ${HEDDLE_VERSION})
  if(HEDDLE_GIT_SHA)
    string(APPEND HEDDLE_FULL_VERSION "+g${HEDDLE_GIT_SHA}")
  endif()
  configure_file(${CMAKE_CURRENT_LIST_DIR}/heddle_build.hpp.in ${HEDDLE_OUTPUT} @ONLY)
  return()
endif()

set(HEDDLE_GENERATED_DIR ${CMAKE_BINARY_DIR}/generated)
add_custom_target(heddle_build_info
  COMMAND ${CMAKE_COMMAND} -DHEDDLE_SOURCE_DIR=${CMAKE_SOURCE_DIR} -DHEDDLE_VERSION=${PROJECT_VERSION}
    -DHEDDLE_OUTPUT=${HEDDLE_GENERATED_DIR}/heddle_build.hpp -P ${CMAKE_CURRENT_LIST_FILE}
  BYPRODUCTS ${HEDDLE_GENERATED_DIR}/heddle_build.hpp
  COMMENT "Looking up the version" VERBATIM)
target_include_directories(heddle_options INTERFACE ${HEDDLE_GENERATED_DIR})
