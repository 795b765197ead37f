# cpack reads this once for each generator. Before it packs, a Debian package gets its documents, and in both all
# times are those of the source.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian_files.cmake)
else()
  # The tarball is for /usr/local: tar -C / --strip-components=1. Its units name the programs there, and not where
  # the package was staged.
  set(CPACK_SET_DESTDIR ON)
  set(CPACK_INSTALL_PREFIX /usr/local)
endif()
list(APPEND CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/times.cmake)
