#include "nat/shell/xdp/xdp_filter.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/ethernet.h>

#include <algorithm>
#include <cerrno>

#include "nat/shell/problem.hpp"
#include "nat/shell/xdp/xdp_maps.h"

// The object file that clang has made of xdp_filter.bpf.c.
asm(R"(
  .section .rodata
  .balign 8
stile_xdp_filter:
  .incbin ")" STILE_BPF_OBJECT R"("
stile_xdp_filter_end:
  .previous
)");
extern "C" const char stile_xdp_filter[], stile_xdp_filter_end[];

namespace stile::nat::shell {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Problem(with_errno("taking packets by XDP (" + what + ")"));
}

void put(int map, const void* key, const void* value) {
  if (::bpf_map_update_elem(map, key, value, BPF_ANY) != 0) fail("filling its maps");
}

std::uint32_t key_of(const IpAddress& address) {
  return htonl(address.v4_bits());
}

}  // namespace

void XdpFilter::Close::operator()(bpf_object* object) const {
  ::bpf_object__close(object);
}

XdpFilter::XdpFilter(const RealmSetup& realm, const std::vector<FencedPrefix>& prefixes) {
  ::libbpf_set_print(nullptr);
  const auto size = static_cast<std::size_t>(stile_xdp_filter_end - stile_xdp_filter);
  object_.reset(::bpf_object__open_mem(stile_xdp_filter, size, nullptr));
  if (!object_ || ::bpf_object__load(object_.get()) != 0) fail("loading its program");
  set_up(realm, prefixes);
  const int program =
      ::bpf_program__fd(::bpf_object__find_program_by_name(object_.get(), "xdp_filter"));
  // Where the driver cannot run it, a packet socket does better.
  LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
  link_ = Descriptor(::bpf_link_create(program, realm.interface.index, BPF_XDP, &options));
  if (!link_) fail("attaching its program to " + realm.interface.name);
}

XdpFilter::~XdpFilter() = default;

int XdpFilter::map(const char* name) const {
  return ::bpf_object__find_map_fd_by_name(object_.get(), name);
}

void XdpFilter::set_up(const RealmSetup& realm, const std::vector<FencedPrefix>& prefixes) {
  const std::uint32_t only = 0;
  xdp_settings settings{};
  std::ranges::copy(realm.interface.mac, settings.mac);
  settings.ethertype = htons(realm.family == Family::ipv4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
  put(map("settings"), &only, &settings);
  for (const FencedPrefix& fenced : prefixes) {
    if (fenced.interface != realm.interface.index) continue;
    xdp_prefix key{fenced.destinations.length(), {}};
    std::ranges::copy(fenced.destinations.address().v6_bytes(), key.address);
    const std::uint8_t verdict =
        fenced.verdict == FencedPrefix::Verdict::drop ? xdp_take : xdp_leave;
    put(map("prefixes"), &key, &verdict);
  }
  leave_to_kernel(realm.left_to_kernel);
}

void XdpFilter::lead_to(int socket) {
  const std::uint32_t queue = 0;
  put(map("sockets"), &queue, &socket);
}

void XdpFilter::leave_to_kernel(std::vector<IpAddress> addresses) {
  const int left = map("left_to_kernel");
  const std::uint8_t present = 1;
  for (const IpAddress& address : addresses) {
    const std::uint32_t key = key_of(address);
    put(left, &key, &present);
  }
  for (const IpAddress& address : left_to_kernel_) {
    if (std::ranges::count(addresses, address) != 0) continue;
    const std::uint32_t key = key_of(address);
    ::bpf_map_delete_elem(left, &key);
  }
  left_to_kernel_ = std::move(addresses);
}

}  // namespace stile::nat::shell
