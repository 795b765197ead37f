cmake_minimum_required(VERSION 3.25)  # the meaning of IN_LIST
# Fails the build when a room includes what it must not: core <- capnp <- {coordinator, reactor}, and core
# uses only the standard library. In core and reactor the folders are layers, and a file includes its own
# folder and those before it; a file beside the folders (a program's main) may include all of them. The
# target room_arrows runs this: cmake -DROOT=<source> -P room_arrows.cmake.

# Standard headers that core may use. Add a header of C++ if it does not access the system: not <csignal>,
# <filesystem>, <thread>, <chrono> (clocks) or <fstream>.
set(pure algorithm array bit bitset cassert charconv cmath compare concepts cstddef cstdint cstdlib
  cstring deque functional initializer_list iterator limits list map memory numeric optional
  queue random ranges set span sstream stdexcept string string_view tuple type_traits
  unordered_map unordered_set utility variant vector immintrin.h nmmintrin.h)

function(check_room glob allowed_rooms allowed_system)
  file(GLOB_RECURSE files ${ROOT}/${glob}/*.h ${ROOT}/${glob}/*.cc)
  foreach(file ${files})
    if(glob STREQUAL core AND file MATCHES "/core/config/")
      set(system "any")
    else()
      set(system "${allowed_system}")
    endif()
    file(STRINGS ${file} lines REGEX "^[ \t]*#[ \t]*include")
    foreach(line ${lines})
      if(line MATCHES "[\"<](\\.\\./|[a-z/]*\\.\\./)" OR line MATCHES "<(core|coordinator|reactor)/[a-z_/]*\\.h>")
        message(SEND_ERROR "${file}: ${line}: include a room's header by its path in quotes, from the top")
      endif()
      if(line MATCHES "\\.capnp\\.h\"" AND NOT glob STREQUAL capnp)
        message(SEND_ERROR "${file}: ${line}: only capnp/ includes generated headers")
      endif()
      if(line MATCHES "\"([a-z_]+)/")
        if(NOT CMAKE_MATCH_1 IN_LIST allowed_rooms)
          message(SEND_ERROR "${file}: ${line}: this room may include only: ${allowed_rooms}")
        endif()
      elseif(line MATCHES "<([^>]+)>")
        if(NOT system STREQUAL "any" AND NOT CMAKE_MATCH_1 IN_LIST system)
          message(SEND_ERROR "${file}: ${line}: core uses only the standard library")
        endif()
        if(CMAKE_MATCH_1 MATCHES "^(capnp|kj)/" AND NOT glob STREQUAL capnp)
          message(SEND_ERROR "${file}: ${line}: only capnp/ includes Cap'n Proto's headers")
        endif()
        if(CMAKE_MATCH_1 STREQUAL "uv.h" AND NOT glob STREQUAL reactor)
          message(SEND_ERROR "${file}: ${line}: only reactor/ owns a loop")
        endif()
      endif()
    endforeach()
  endforeach()
endfunction()

# The README's table of a room's folders has the same ones, in the same order.
function(check_table room)
  file(READ ${ROOT}/README.md table)
  string(REGEX REPLACE ".*\n\\| Folder of `${room}/`" "" table "${table}")
  string(REGEX REPLACE "\n\n.*" "" table "${table}")
  string(REGEX MATCHALL "\n\\| `[a-z]+`" rows "${table}")
  list(TRANSFORM rows REPLACE "[^a-z]" "")
  if(NOT rows STREQUAL "${ARGN}")
    message(SEND_ERROR "README.md has these folders of ${room}: ${rows}; there are: ${ARGN}")
  endif()
endfunction()

function(check_layers room)
  check_table(${room} ${ARGN})
  file(GLOB_RECURSE files RELATIVE ${ROOT}/${room} ${ROOT}/${room}/*.h ${ROOT}/${room}/*.cc)
  foreach(file ${files})
    if(NOT file MATCHES "^([a-z]+)/")
      if(file MATCHES "_main\\.cc$")
        continue()
      endif()
      message(SEND_ERROR "${room}/${file}: a file of this room must be in one of these folders: ${ARGN}")
    endif()
    set(layer ${CMAKE_MATCH_1})
    list(FIND ARGN ${layer} height)
    if(height EQUAL -1)
      message(SEND_ERROR "${room}/${file}: ${layer} is not one of this room's layers: ${ARGN}")
    endif()
    file(STRINGS ${ROOT}/${room}/${file} lines REGEX "^[ \t]*#[ \t]*include \"${room}/")
    foreach(line ${lines})
      string(REGEX MATCH "\"${room}/([a-z]+)/" other "${line}")
      list(FIND ARGN "${CMAKE_MATCH_1}" other_height)
      if(other_height EQUAL -1 OR other_height GREATER height)
        message(SEND_ERROR "${room}/${file}: ${line}: ${layer} may not include what is above it")
      endif()
    endforeach()
  endforeach()
endfunction()

# From the lowest to the highest. The README says what each of them is.
check_layers(core base task record ancestor runner config explain)
check_layers(reactor os loop store launch pipe host node control daemon fsck export crash cli configuration lookup views show
  commands observe)
check_room(core "core" "${pure}")
check_room(capnp "core;capnp" "any")
check_room(coordinator "core;capnp;coordinator" "any")
check_room(reactor "core;capnp;reactor" "any")
