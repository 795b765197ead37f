# What `cpack` makes: a package for Debian (thermos-reactor_VERSION_ARCHITECTURE.deb) and a tarball for other
# systems. package.sh runs it and checks the result; tests/systemd/package_test.sh installs it. The manuals and
# completions are made from what the programs print, so they can't differ from it. An installation of the
# programs alone goes without them.

find_package(Python3 3.9 COMPONENTS Interpreter)
set(manuals ${CMAKE_BINARY_DIR}/manuals)
set(completions ${CMAKE_BINARY_DIR}/completions)
if(Python3_Interpreter_FOUND)
  add_custom_command(OUTPUT ${manuals}/made
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/manuals.py $<TARGET_FILE_DIR:thermos>
      ${PROJECT_VERSION} ${manuals}
    COMMAND ${CMAKE_COMMAND} -E touch ${manuals}/made
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/manuals.py thermos thermos-reactor thermos-coordinator
    COMMENT "Making the manuals" VERBATIM)
  add_custom_target(manuals ALL DEPENDS ${manuals}/made)
  install(DIRECTORY ${manuals}/man1 ${manuals}/man5 ${manuals}/man8 DESTINATION ${CMAKE_INSTALL_MANDIR}
    OPTIONAL)
else()
  add_custom_target(manuals COMMENT "No manuals: there is no Python")
endif()

add_custom_command(OUTPUT ${completions}/made
  COMMAND ${CMAKE_COMMAND} -DTHERMOS=$<TARGET_FILE:thermos> -DOUT=${completions}
    -P ${CMAKE_CURRENT_LIST_DIR}/completions.cmake
  COMMAND ${CMAKE_COMMAND} -E touch ${completions}/made
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/completions.cmake thermos
  COMMENT "Making the completions" VERBATIM)
add_custom_target(completions ALL DEPENDS ${completions}/made)
install(FILES ${completions}/thermos DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  OPTIONAL)
install(FILES ${completions}/_thermos DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
  OPTIONAL)
install(FILES ${completions}/thermos.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
  OPTIONAL)

# The documents lie as in the source, so that the links in them lead to each other.
foreach(document README.md capnp/FORMAT.md capnp/CONTROL.md capnp/NODES.md reactor/JSON.md reactor/METRICS.md
    reactor/REACH.md reactor/FROM_THERMOS.md reactor/observe/API.md reactor/systemd/SERVICE.md
    tests/faults/README.md bench/README.md)
  cmake_path(GET document PARENT_PATH folder)
  install(FILES ${CMAKE_SOURCE_DIR}/${document} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder})
endforeach()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/reactor/examples DESTINATION ${CMAKE_INSTALL_DOCDIR}/reactor)

set(CPACK_PACKAGE_NAME thermos-reactor)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The thermos-reactor authors <packages@thermos-reactor.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "supervisor of task graphs that survives its own death")
set(CPACK_STRIP_FILES TRUE)
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/generator.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "systemd")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3 (>= 3.9)")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "A task is a graph of shell processes with ordering, retries, daemons and
finalizers. Every transition is in an append-only checkpoint before anything
acts on it, so the supervisor may be killed, upgraded or lose power: finished
processes do not run again, and running ones are not disturbed.

The package holds the command line (thermos), the daemon (thermos-reactor, a
systemd service), the coordinator that each running process has, and an
observer that serves what is recorded to a browser (off by default).")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(debian ${CMAKE_CURRENT_LIST_DIR}/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${debian}/postinst ${debian}/prerm ${debian}/postrm)
include(CPack)
