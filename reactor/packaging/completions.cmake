# Writes what `thermos completion SHELL` prints to the names that each shell looks for.
file(MAKE_DIRECTORY ${OUT})
foreach(pair bash:thermos zsh:_thermos fish:thermos.fish)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 shell)
  list(GET pair 1 name)
  execute_process(COMMAND ${THERMOS} completion ${shell} OUTPUT_FILE ${OUT}/${name}
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
