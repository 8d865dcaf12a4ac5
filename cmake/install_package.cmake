# SPDX-License-Identifier: Apache-2.0
# What people compile their own graphs against: the headers and find_package(heddle). `cmake --install build
# --component development` installs nothing else.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Where CMake looks on every machine: there is nothing compiled in it.
set(package_dir lib/cmake/heddle)

add_library(heddle_graph_headers INTERFACE)
set_target_properties(heddle_graph_headers PROPERTIES EXPORT_NAME graph)
target_compile_features(heddle_graph_headers INTERFACE cxx_std_17)
target_include_directories(heddle_graph_headers INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

install(DIRECTORY include/heddle DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(TARGETS heddle_graph_headers EXPORT heddle COMPONENT development)
install(EXPORT heddle NAMESPACE heddle:: FILE heddle-targets.cmake DESTINATION ${package_dir} COMPONENT development)

configure_package_config_file(cmake/heddle-config.cmake.in ${CMAKE_BINARY_DIR}/heddle-config.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/heddle-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${CMAKE_BINARY_DIR}/heddle-config.cmake ${CMAKE_BINARY_DIR}/heddle-config-version.cmake
  DESTINATION ${package_dir} COMPONENT development)
