# SPDX-License-Identifier: Apache-2.0
# What is installed, as components: `runtime` is the program (the same for every prefix; `./dev install`), `service`
# is the systemd unit with its configuration (only in packages, so its places are fixed). `development` is in
# install_package.cmake.
include(GNUInstallDirs)

install(TARGETS heddle RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
foreach(runtime python node)
  if(IS_DIRECTORY ${CMAKE_SOURCE_DIR}/workers/${runtime})
    install(DIRECTORY workers/${runtime} DESTINATION ${CMAKE_INSTALL_DATADIR}/heddle/workers COMPONENT runtime
      PATTERN __pycache__ EXCLUDE PATTERN node_modules EXCLUDE PATTERN tests EXCLUDE)
  endif()
endforeach()
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs COMPONENT runtime FILES_MATCHING PATTERN *.md PATTERN adr EXCLUDE)
install(FILES langgraph.json.example DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT runtime)

# The program writes its manual page and completions itself, so they fit the binary that is installed.
set(HEDDLE_PROGRAM ${HEDDLE_BIN_DIR}/heddle)
configure_file(cmake/install_generated.cmake.in ${CMAKE_BINARY_DIR}/install_generated.cmake @ONLY)
install(SCRIPT ${CMAKE_BINARY_DIR}/install_generated.cmake COMPONENT runtime)

install(FILES packaging/heddle.service DESTINATION /usr/lib/systemd/system COMPONENT service)
install(FILES packaging/langgraph.json DESTINATION /etc/heddle COMPONENT service)
install(FILES packaging/heddle.env DESTINATION /etc/heddle COMPONENT service
  PERMISSIONS OWNER_READ OWNER_WRITE)  # secrets; the package's postinst lets the service's group read it
install(FILES packaging/debian/copyright DESTINATION /usr/share/doc/heddle COMPONENT service)
