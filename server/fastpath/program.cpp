#include "server/fastpath/program.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>

#include <cerrno>
#include <cstring>

// The object file that clang has made of program.bpf.c.
asm(R"(
  .section .rodata
  .balign 8
stile_relay_program:
  .incbin ")" STILE_BPF_OBJECT R"("
stile_relay_program_end:
  .previous
)");
extern "C" const char stile_relay_program[], stile_relay_program_end[];

namespace stile::server {

namespace {

// BPF_TCX_INGRESS of Linux 6.6, which the headers of Debian 12 do not have.
constexpr auto tcx_ingress = static_cast<bpf_attach_type>(46);

int say_nothing(libbpf_print_level, const char*, va_list) {
  return 0;
}

template <class Entry, class Key>
std::optional<Entry> find_in(int table, const Key& key) {
  Entry entry;
  if (bpf_map_lookup_elem(table, &key, &entry) != 0) return std::nullopt;
  return entry;
}

template <class Entry, class Key>
std::optional<Entry> take_from(int table, const Key& key) {
  Entry entry;
  if (bpf_map_lookup_and_delete_elem(table, &key, &entry) != 0) return std::nullopt;
  return entry;
}

std::string why(const char* what, int error) {
  if (error == EPERM || error == EACCES) return "it takes root, or CAP_BPF and CAP_NET_ADMIN";
  return std::string(what) + ": " + std::strerror(error);
}

}  // namespace

std::expected<KernelProgram, std::string> KernelProgram::load(std::size_t most_flows) {
  libbpf_set_print(say_nothing);
  const auto size = static_cast<std::size_t>(stile_relay_program_end - stile_relay_program);
  KernelProgram program(bpf_object__open_mem(stile_relay_program, size, nullptr));
  bpf_object* const object = program.object_.get();
  if (!object) return std::unexpected(why("the program cannot be read", errno));
  bpf_map* const flows = bpf_object__find_map_by_name(object, "flows");
  bpf_map__set_max_entries(flows, static_cast<std::uint32_t>(most_flows));
  if (const int error = bpf_object__load(object))
    return std::unexpected(why("the kernel does not take the program", -error));
  program.program_ = bpf_program__fd(bpf_object__find_program_by_name(object, "relay"));
  program.flows_ = bpf_map__fd(flows);
  program.state_ = bpf_object__find_map_fd_by_name(object, "state");
  program.listeners_ = bpf_object__find_map_fd_by_name(object, "listeners");
  program.limit_ = bpf_object__find_map_fd_by_name(object, "limit");
  if (!program.attach(if_nametoindex("lo")))
    return std::unexpected(errno == EINVAL ? "it takes Linux 6.6"
                                           : why("the program cannot be attached", errno));
  return program;
}

KernelProgram::KernelProgram(bpf_object* object) : object_(object) {}

void KernelProgram::Close::operator()(bpf_object* object) const {
  bpf_object__close(object);
}

control::Descriptor KernelProgram::attach(std::uint32_t interface) const {
  return control::Descriptor(
      bpf_link_create(program_, static_cast<int>(interface), tcx_ingress, nullptr));
}

void KernelProgram::set(const flow_state& state) const {
  const std::uint32_t only = 0;
  bpf_map_update_elem(state_, &only, &state, BPF_ANY);
}

void KernelProgram::limit_answers(const answer_limit& limit) const {
  const std::uint32_t only = 0;
  bpf_map_update_elem(limit_, &only, &limit, BPF_ANY);
}

bool KernelProgram::put(const FlowEntry& flow) const {
  return bpf_map_update_elem(flows_, &flow.key, &flow.entry, BPF_ANY) == 0;
}

bool KernelProgram::put(const listener_key& key, const listener_entry& entry) const {
  return bpf_map_update_elem(listeners_, &key, &entry, BPF_ANY) == 0;
}

std::optional<flow_entry> KernelProgram::find(const flow_key& key) const {
  return find_in<flow_entry>(flows_, key);
}

std::optional<listener_entry> KernelProgram::find(const listener_key& key) const {
  return find_in<listener_entry>(listeners_, key);
}

std::optional<flow_entry> KernelProgram::take(const flow_key& key) const {
  return take_from<flow_entry>(flows_, key);
}

std::optional<listener_entry> KernelProgram::take(const listener_key& key) const {
  return take_from<listener_entry>(listeners_, key);
}

}  // namespace stile::server
