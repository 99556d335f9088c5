# The relay's path through the kernel: a BPF program that clang makes, carried in the server. Where clang or libbpf is
# missing the server is built without.
find_program(BPF_CLANG NAMES clang-19 clang-18 clang-17 clang-16 clang-15 clang-14 clang)
find_library(BPF_LIBRARY bpf)
find_path(BPF_INCLUDE bpf/libbpf.h)

# What nat/shell has of netlink serves here, too.
add_library(stile_netlink STATIC ${PROJECT_SOURCE_DIR}/nat/shell/netlink.cpp ${PROJECT_SOURCE_DIR}/nat/shell/problem.cpp)
target_link_libraries(stile_netlink PUBLIC stile_base PRIVATE stile_options)
target_include_directories(stile_netlink PUBLIC ${PROJECT_SOURCE_DIR})

set(folder ${CMAKE_CURRENT_SOURCE_DIR}/fastpath)
add_library(stile_server_fastpath STATIC ${folder}/flow.cpp ${folder}/kernel_relay.cpp ${folder}/packet_filters.cpp
  ${folder}/routes.cpp)
target_link_libraries(stile_server_fastpath PUBLIC stile_relay_core stile_netlink stile_control fmt::fmt PRIVATE stile_options)

if(BPF_CLANG AND BPF_LIBRARY AND BPF_INCLUDE)
  set(STILE_RELAY_PROGRAM ${CMAKE_CURRENT_BINARY_DIR}/relay.bpf.o)
  add_custom_command(OUTPUT ${STILE_RELAY_PROGRAM}
    COMMAND ${BPF_CLANG} -target bpf -O2 -g -Wall -Wextra -Wno-missing-field-initializers -Werror
      -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -c ${folder}/relay.bpf.c -o ${STILE_RELAY_PROGRAM}
    DEPENDS ${folder}/relay.bpf.c ${folder}/flow_entry.h VERBATIM)
  target_sources(stile_server_fastpath PRIVATE ${folder}/program.cpp)
  set_source_files_properties(${folder}/program.cpp PROPERTIES OBJECT_DEPENDS ${STILE_RELAY_PROGRAM}
    COMPILE_DEFINITIONS STILE_RELAY_PROGRAM="${STILE_RELAY_PROGRAM}")
  target_compile_definitions(stile_server_fastpath PUBLIC STILE_KERNEL_PROGRAM)
  target_link_libraries(stile_server_fastpath PRIVATE ${BPF_LIBRARY})
else()
  message(STATUS "stile-server is built without its path through the kernel (clang, libbpf-dev)")
  target_sources(stile_server_fastpath PRIVATE ${folder}/no_program.cpp)
endif()
