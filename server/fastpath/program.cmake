# The relay's path through the kernel: a BPF program that clang makes, carried in the server. Where clang or libbpf is
# missing the server is built without.

# What nat/shell has of netlink serves here, too.
add_library(stile_netlink STATIC ${PROJECT_SOURCE_DIR}/nat/shell/netlink.cpp ${PROJECT_SOURCE_DIR}/nat/shell/problem.cpp)
target_link_libraries(stile_netlink PUBLIC stile_base PRIVATE stile_options)
target_include_directories(stile_netlink PUBLIC ${PROJECT_SOURCE_DIR})

set(folder ${CMAKE_CURRENT_SOURCE_DIR}/fastpath)
add_library(stile_server_fastpath STATIC ${folder}/flow.cpp ${folder}/kernel_bindings.cpp ${folder}/kernel_relay.cpp ${folder}/packet_filters.cpp
  ${folder}/routes.cpp)
target_link_libraries(stile_server_fastpath PUBLIC stile_relay_core stile_netlink stile_control fmt::fmt PRIVATE stile_options)

if(STILE_HAS_BPF)
  stile_bpf(stile_server_fastpath fastpath/program fastpath/flow_entry.h fastpath/datagram.bpf.h fastpath/binding.bpf.h)
  target_compile_definitions(stile_server_fastpath PUBLIC STILE_KERNEL_PROGRAM)
else()
  target_sources(stile_server_fastpath PRIVATE ${folder}/no_program.cpp)
endif()
