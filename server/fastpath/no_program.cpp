// For builds without the program in the kernel, in place of program.cpp.
#include "server/fastpath/program.hpp"

struct bpf_object {};

namespace stile::server {

std::expected<KernelProgram, std::string> KernelProgram::load(std::size_t) {
  return std::unexpected("this build is without it, because clang or libbpf was missing");
}

void KernelProgram::Close::operator()(bpf_object* object) const {
  delete object;
}

control::Descriptor KernelProgram::attach(std::uint32_t) const {
  return {};
}
void KernelProgram::set(const flow_state&) const {}
bool KernelProgram::put(const FlowEntry&) const {
  return false;
}
std::optional<flow_entry> KernelProgram::find(const flow_key&) const {
  return std::nullopt;
}
std::optional<flow_entry> KernelProgram::take(const flow_key&) const {
  return std::nullopt;
}
bool KernelProgram::put(const listener_key&, const listener_entry&) const {
  return false;
}
std::optional<listener_entry> KernelProgram::find(const listener_key&) const {
  return std::nullopt;
}
std::optional<listener_entry> KernelProgram::take(const listener_key&) const {
  return std::nullopt;
}
void KernelProgram::limit_answers(const answer_limit&) const {}

}  // namespace stile::server
