# SPDX-License-Identifier: Apache-2.0
# Debian 12 packages; nothing is downloaded at build time. `./dev build` installs them.
set(Boost_NO_WARN_NEW_VERSIONS ON)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS headers url system)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(cares REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(idn2 REQUIRED IMPORTED_TARGET libidn2)

# Only prometheus-cpp's core: its CMake package insists on the web server and curl of the other parts.
find_library(HEDDLE_PROMETHEUS_CORE prometheus-cpp-core REQUIRED)
find_path(HEDDLE_PROMETHEUS_INCLUDE prometheus/registry.h REQUIRED)
mark_as_advanced(HEDDLE_PROMETHEUS_CORE HEDDLE_PROMETHEUS_INCLUDE)
add_library(heddle::prometheus UNKNOWN IMPORTED)
set_target_properties(heddle::prometheus PROPERTIES
  IMPORTED_LOCATION ${HEDDLE_PROMETHEUS_CORE}
  INTERFACE_INCLUDE_DIRECTORIES ${HEDDLE_PROMETHEUS_INCLUDE})
