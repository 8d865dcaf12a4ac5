# SPDX-License-Identifier: Apache-2.0
# heddle_embed(folder name file) puts a file into heddle_<folder>. Code reads it with
#   #include "embedded/<name>.hpp"   ...   std::string_view text = heddle::embedded::<camelName>();
# The assembler's .incbin does the work, so size does not matter. A file that does not exist (yet) is skipped.
function(heddle_embed folder name file)
  cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_SOURCE_DIR} NORMALIZE)
  file(GLOB found CONFIGURE_DEPENDS ${file})
  if(NOT found)
    return()
  endif()

  string(REPLACE "_" ";" words ${name})
  list(POP_FRONT words function)
  foreach(word IN LISTS words)
    string(SUBSTRING ${word} 0 1 head)
    string(SUBSTRING ${word} 1 -1 tail)
    string(TOUPPER ${head} head)
    string(APPEND function ${head}${tail})
  endforeach()

  set(HEDDLE_EMBED_NAME ${name})
  set(HEDDLE_EMBED_FUNCTION ${function})
  set(HEDDLE_EMBED_FILE ${file})
  set(directory ${HEDDLE_GENERATED_DIR}/embedded)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/embed.hpp.in ${directory}/${name}.hpp @ONLY)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/embed.cpp.in ${directory}/${name}.cpp @ONLY)
  set_source_files_properties(${directory}/${name}.cpp PROPERTIES OBJECT_DEPENDS ${file})

  # A library of its own, so that a folder without sources can carry one too.
  add_library(heddle_embed_${name} STATIC ${directory}/${name}.cpp)
  target_link_libraries(heddle_embed_${name} PRIVATE heddle_options)
  get_target_property(type heddle_${folder} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    target_link_libraries(heddle_${folder} INTERFACE heddle_embed_${name})
  else()
    target_link_libraries(heddle_${folder} PUBLIC heddle_embed_${name})
  endif()
endfunction()
