#include "server/fastpath/packet_filters.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <functional>
#include <string_view>

#include "control/descriptor.hpp"
#include "nat/shell/netlink.hpp"
#include "nat/shell/problem.hpp"

namespace stile::server {

namespace {

using nat::shell::netlink_attribute;
using nat::shell::NetlinkMessage;
using nat::shell::NetlinkMessages;
using nat::shell::NetlinkSocket;

/// Calls `visit` for each object that the kernel lists. A list that it does not give is empty.
template <class Header>
void list(int protocol, std::uint16_t type, const Header& header,
          const std::function<void(const NetlinkMessage&)>& visit) {
  try {
    NetlinkSocket socket(protocol, 0);
    NetlinkMessages request;
    request.begin(type, NLM_F_DUMP, header);
    socket.transact(request, 1, visit);
  } catch (const nat::shell::Problem&) {
  }
}

std::string_view text(Bytes value) {
  const auto* const characters = reinterpret_cast<const char*>(value.data());
  return {characters, strnlen(characters, value.size())};
}

bool sees_local_traffic(std::uint8_t family, std::uint32_t hook) {
  switch (family) {
    case NFPROTO_NETDEV:
      return true;
    case NFPROTO_INET:
    case NFPROTO_IPV4:
    case NFPROTO_IPV6:
      return hook != NF_INET_FORWARD;
    default:
      return false;
  }
}

/// The name of a chain that hangs on a hook where datagrams of sockets pass.
std::optional<std::string> filtering_chain(const NetlinkMessage& message) {
  nfgenmsg header;
  if (message.type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN)) return std::nullopt;
  if (message.body.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, message.body.data(), sizeof header);
  const auto hook = netlink_attribute(message.body, sizeof header, NFTA_CHAIN_HOOK);
  const auto number = hook ? netlink_attribute(*hook, 0, NFTA_HOOK_HOOKNUM) : std::nullopt;
  if (!number || number->size() != 4) return std::nullopt;
  if (!sees_local_traffic(header.nfgen_family, load_u32(number->data()))) return std::nullopt;
  const auto table = netlink_attribute(message.body, sizeof header, NFTA_CHAIN_TABLE);
  const auto name = netlink_attribute(message.body, sizeof header, NFTA_CHAIN_NAME);
  return fmt::format("chain {} of table {} (nftables)", name ? text(*name) : "",
                     table ? text(*table) : "");
}

std::optional<std::string> nftables_chain() {
  std::optional<std::string> found;
  list(NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN,
       nfgenmsg{AF_UNSPEC, NFNETLINK_V0, 0}, [&](const NetlinkMessage& message) {
         if (!found) found = filtering_chain(message);
       });
  return found;
}

/// Of iptables before it was a front of nftables.
std::optional<std::string> legacy_table() {
  for (const char* file : {"/proc/self/net/ip_tables_names", "/proc/self/net/ip6_tables_names"}) {
    std::ifstream names(file);
    std::string name;
    if (names >> name) return fmt::format("table {} (iptables)", name);
    if (!names.is_open() && access(file, F_OK) == 0)
      return "iptables, of which only root may know whether there are tables";
  }
  return std::nullopt;
}

std::optional<std::string> ipsec_policy() {
  bool any = false;
  list(NETLINK_XFRM, XFRM_MSG_GETPOLICY, xfrm_userpolicy_id{},
       [&](const NetlinkMessage& message) { any = any || message.type == XFRM_MSG_NEWPOLICY; });
  return any ? std::optional<std::string>("a policy of IPsec") : std::nullopt;
}

/// Filters at ingress that are older than tcx come after it.
std::optional<std::string> ingress_filter() {
  std::optional<std::string> found;
  list(NETLINK_ROUTE, RTM_GETQDISC, tcmsg{}, [&](const NetlinkMessage& message) {
    const auto kind = message.type == RTM_NEWQDISC
                          ? netlink_attribute(message.body, sizeof(tcmsg), TCA_KIND)
                          : std::nullopt;
    if (kind && (text(*kind) == "clsact" || text(*kind) == "ingress"))
      found = fmt::format("a queueing discipline of kind {} (tc)", text(*kind));
  });
  return found;
}

control::Descriptor own_control_group() {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with("0::")) continue;
    for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
      if (control::Descriptor group(
              open((root + line.substr(3)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
          group)
        return group;
  }
  return {};
}

/// What a service manager attaches to a service, for one (IPAddressDeny= of systemd).
std::optional<std::string> control_group_program() {
  const control::Descriptor group = own_control_group();
  for (const auto type : {BPF_CGROUP_INET_INGRESS, BPF_CGROUP_INET_EGRESS, BPF_CGROUP_UDP4_SENDMSG,
                          BPF_CGROUP_UDP6_SENDMSG}) {
    bpf_attr query{};
    query.query.target_fd = static_cast<std::uint32_t>(group.get());
    query.query.attach_type = type;
    query.query.query_flags = BPF_F_QUERY_EFFECTIVE;
    if (group && syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof query) == 0 &&
        query.query.prog_cnt > 0)
      return "a program of the control group (BPF)";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> packet_filter() {
  for (const auto look :
       {nftables_chain, legacy_table, ipsec_policy, ingress_filter, control_group_program})
    if (auto found = look()) return found;
  return std::nullopt;
}

}  // namespace stile::server
