# Fails if an object compiled for one instruction set defines a symbol that the linker may merge with
# another's, such as a template of the standard library: the merged copy could be the one that the
# user's processor cannot run. Everything must live in namespace rl::${ISA} or be internal.
# NM, ISA and OBJECTS (separated by |) come from CMakeLists.txt.
string(REPLACE "|" ";" objects "${OBJECTS}")
execute_process(COMMAND ${NM} -C ${objects} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]* [WVu] [^\n]*" weak "${symbols}")
list(FILTER weak EXCLUDE REGEX "rl::${ISA}::|DW\\.ref\\.__gxx_personality")
if(weak)
  list(JOIN weak "\n  " text)
  message(FATAL_ERROR "symbols outside of rl::${ISA} that may be merged:\n  ${text}")
endif()
