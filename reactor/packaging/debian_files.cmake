# Runs in the staged tree of the Debian package, before it is packed.
set(prefix ${CPACK_TEMPORARY_INSTALL_DIRECTORY}${CPACK_PACKAGING_INSTALL_PREFIX})
set(doc ${prefix}/share/doc/thermos-reactor)
file(COPY ${CMAKE_CURRENT_LIST_DIR}/debian/copyright DESTINATION ${doc})
file(COPY ${CMAKE_CURRENT_LIST_DIR}/debian/changelog DESTINATION ${doc})
set(overrides ${prefix}/share/lintian/overrides)
file(COPY ${CMAKE_CURRENT_LIST_DIR}/debian/lintian-overrides DESTINATION ${overrides})
file(RENAME ${overrides}/lintian-overrides ${overrides}/thermos-reactor)
file(GLOB_RECURSE manuals ${prefix}/share/man/*.[158])
# Without the time and the name in the file, so that the same bytes come out each time.
execute_process(COMMAND gzip -9n ${manuals} ${doc}/changelog COMMAND_ERROR_IS_FATAL ANY)
