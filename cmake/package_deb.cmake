# SPDX-License-Identifier: Apache-2.0
# The Debian package: `./dev package`, or cpack in the build folder. Libraries it depends on are found by dpkg-shlibdeps.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME heddle)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Heddle developers <heddle@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "server for LangGraph agents")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Speaks the LangGraph run API, executes Python graphs in worker processes,
keeps everything in one SQLite file and delivers webhooks that survive a
crash. Comes with a systemd service of its own user, which starts with a
graph that needs no Python packages.")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, python3 (>= 3.10), python3-venv, tzdata")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/packaging/debian/conffiles ${CMAKE_SOURCE_DIR}/packaging/debian/postinst
  ${CMAKE_SOURCE_DIR}/packaging/debian/prerm ${CMAKE_SOURCE_DIR}/packaging/debian/postrm)

# The headers need no package of their own: there is nothing compiled in them.
set(CPACK_INSTALL_CMAKE_PROJECTS "")
foreach(component runtime development service)
  list(APPEND CPACK_INSTALL_CMAKE_PROJECTS ${CMAKE_BINARY_DIR} heddle ${component} /)
endforeach()
set(CPACK_SET_DESTDIR ON)  # the service's files have absolute places
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_OUTPUT_FILE_PREFIX ${HEDDLE_BIN_DIR}/package)
include(CPack)
