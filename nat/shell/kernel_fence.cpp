#include "nat/shell/kernel_fence.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

constexpr std::string_view chain_name = "prerouting";
// Before the reassembly of fragments (-400) and connection tracking (-200): the kernel keeps no
// state of what it must not handle.
constexpr std::int32_t before_everything = -500;
constexpr std::uint32_t ipv4_destination_offset = 16;  // RFC 791 §3.1
constexpr std::uint32_t ipv6_destination_offset = 24;  // RFC 8200 §3

constexpr std::uint16_t nft_type(int message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message);
}

nfgenmsg family_header(std::uint8_t family, std::uint16_t resource) {
  return {family, NFNETLINK_V0, htons(resource)};
}

constexpr std::uint8_t nf_family(Family family) {
  return family == Family::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

void expression(NetlinkMessages& list, std::string_view name,
                const std::function<void(NetlinkMessages&)>& data) {
  list.nested(NFTA_LIST_ELEM, [&](NetlinkMessages& element) {
    element.attribute(NFTA_EXPR_NAME, name).nested(NFTA_EXPR_DATA, data);
  });
}

void load_meta(NetlinkMessages& list, std::uint32_t key) {
  expression(list, "meta", [&](NetlinkMessages& data) {
    data.attribute_u32(NFTA_META_DREG, NFT_REG_1).attribute_u32(NFTA_META_KEY, key);
  });
}

void load_destination(NetlinkMessages& list, Family family) {
  const bool v4 = family == Family::ipv4;
  expression(list, "payload", [v4](NetlinkMessages& data) {
    data.attribute_u32(NFTA_PAYLOAD_DREG, NFT_REG_1)
        .attribute_u32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER)
        .attribute_u32(NFTA_PAYLOAD_OFFSET, v4 ? ipv4_destination_offset : ipv6_destination_offset)
        .attribute_u32(NFTA_PAYLOAD_LEN, v4 ? 4 : 16);
  });
}

void mask_ipv6(NetlinkMessages& list, unsigned length) {
  std::array<std::uint8_t, 16> mask{};
  for (unsigned bit = 0; bit < length; ++bit)
    mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] | 0x80 >> bit % 8);
  const std::array<std::uint8_t, 16> nothing{};
  expression(list, "bitwise", [&](NetlinkMessages& data) {
    data.attribute_u32(NFTA_BITWISE_SREG, NFT_REG_1)
        .attribute_u32(NFTA_BITWISE_DREG, NFT_REG_1)
        .attribute_u32(NFTA_BITWISE_LEN, mask.size());
    data.nested(NFTA_BITWISE_MASK,
                [&](NetlinkMessages& nest) { nest.attribute(NFTA_DATA_VALUE, Bytes(mask)); });
    data.nested(NFTA_BITWISE_XOR,
                [&](NetlinkMessages& nest) { nest.attribute(NFTA_DATA_VALUE, Bytes(nothing)); });
  });
}

void compare(NetlinkMessages& list, std::uint32_t operation, Bytes value) {
  expression(list, "cmp", [&](NetlinkMessages& data) {
    data.attribute_u32(NFTA_CMP_SREG, NFT_REG_1).attribute_u32(NFTA_CMP_OP, operation);
    data.nested(NFTA_CMP_DATA,
                [&](NetlinkMessages& nest) { nest.attribute(NFTA_DATA_VALUE, value); });
  });
}

void verdict(NetlinkMessages& list, std::uint32_t code) {
  expression(list, "immediate", [&](NetlinkMessages& data) {
    data.attribute_u32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    data.nested(NFTA_IMMEDIATE_DATA, [&](NetlinkMessages& nest) {
      nest.nested(NFTA_DATA_VERDICT,
                  [&](NetlinkMessages& inner) { inner.attribute_u32(NFTA_VERDICT_CODE, code); });
    });
  });
}

/// The batch that makes tables, chains and rules in one step.
class Batch {
 public:
  enum class Before : std::uint8_t { nothing, same_table };
  Batch(std::string table, Before before) : table_(std::move(table)), before_(before) {
    messages_.begin(NFNL_MSG_BATCH_BEGIN, 0, family_header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  }

  /// The rules that follow are for this family.
  void begin_table(Family family) {
    family_ = family;
    if (before_ == Before::same_table)
      add(NFT_MSG_DELTABLE, 0).attribute(NFTA_TABLE_NAME, std::string_view(table_));
    add(NFT_MSG_NEWTABLE, NLM_F_EXCL)
        .attribute(NFTA_TABLE_NAME, std::string_view(table_))
        .attribute_u32(NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
    add(NFT_MSG_NEWCHAIN, 0)
        .attribute(NFTA_CHAIN_TABLE, std::string_view(table_))
        .attribute(NFTA_CHAIN_NAME, chain_name)
        .attribute(NFTA_CHAIN_TYPE, std::string_view("filter"))
        .nested(NFTA_CHAIN_HOOK, [](NetlinkMessages& hook) {
          hook.attribute_u32(NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING)
              .attribute_u32(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(before_everything));
        });
  }

  void add_rule(const std::function<void(NetlinkMessages&)>& expressions) {
    add(NFT_MSG_NEWRULE, NLM_F_APPEND)
        .attribute(NFTA_RULE_TABLE, std::string_view(table_))
        .attribute(NFTA_RULE_CHAIN, chain_name)
        .nested(NFTA_RULE_EXPRESSIONS, expressions);
  }

  int commit(NetlinkSocket& socket) {
    messages_.begin(NFNL_MSG_BATCH_END, 0, family_header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    return socket.transact(messages_, acknowledged_);
  }

 private:
  NetlinkMessages& add(int message, int flags) {
    ++acknowledged_;
    return messages_.begin(nft_type(message),
                           static_cast<std::uint16_t>(NLM_F_CREATE | NLM_F_ACK | flags),
                           family_header(nf_family(family_), 0));
  }

  std::string table_;
  Before before_;
  Family family_ = Family::ipv4;
  NetlinkMessages messages_;
  std::size_t acknowledged_ = 0;
};

void match_interface(NetlinkMessages& list, int interface) {
  std::array<std::uint8_t, sizeof interface> index;
  std::memcpy(index.data(), &interface, sizeof interface);
  load_meta(list, NFT_META_IIF);
  compare(list, NFT_CMP_EQ, index);
}

void leave_broadcasts_to_kernel(Batch& batch) {
  batch.add_rule([](NetlinkMessages& list) {
    constexpr std::array<std::uint8_t, 1> to_this_host{PACKET_HOST};
    load_meta(list, NFT_META_PKTTYPE);
    compare(list, NFT_CMP_NEQ, to_this_host);
    verdict(list, NF_ACCEPT);
  });
}

void fence(Batch& batch, const FencedInterface& interface) {
  for (const IpAddress& address : interface.left_to_kernel) {
    batch.add_rule([&](NetlinkMessages& list) {
      match_interface(list, interface.index);
      load_destination(list, Family::ipv4);
      compare(list, NFT_CMP_EQ, address.wire_bytes());
      verdict(list, NF_ACCEPT);
    });
  }
  batch.add_rule([&](NetlinkMessages& list) {
    match_interface(list, interface.index);
    verdict(list, NF_DROP);
  });
}

void fence(Batch& batch, const FencedPrefix& fenced) {
  batch.add_rule([&](NetlinkMessages& list) {
    match_interface(list, fenced.interface);
    load_destination(list, Family::ipv6);
    mask_ipv6(list, fenced.destinations.length());
    compare(list, NFT_CMP_EQ, fenced.destinations.address().v6_bytes());
    verdict(list, fenced.verdict == FencedPrefix::Verdict::drop ? NF_DROP : NF_ACCEPT);
  });
}

/// 0, or an errno.
int put_up(NetlinkSocket& socket, Batch batch, const std::vector<FencedInterface>& interfaces,
           const std::vector<FencedPrefix>& prefixes) {
  if (!interfaces.empty()) {
    batch.begin_table(Family::ipv4);
    leave_broadcasts_to_kernel(batch);
    for (const FencedInterface& interface : interfaces) fence(batch, interface);
  }
  if (!prefixes.empty()) {
    batch.begin_table(Family::ipv6);
    for (const FencedPrefix& prefix : prefixes) fence(batch, prefix);
  }
  return batch.commit(socket);
}

/// Another owner's table looks like lack of rights (EPERM) to who would make it.
bool table_exists(NetlinkSocket& socket, const std::string& name, Family family) {
  NetlinkMessages request;
  request.begin(nft_type(NFT_MSG_GETTABLE), NLM_F_ACK, family_header(nf_family(family), 0))
      .attribute(NFTA_TABLE_NAME, std::string_view(name));
  return socket.transact(request, 1) == 0;
}

}  // namespace

KernelFence::KernelFence(std::string table_name, const std::vector<FencedInterface>& interfaces,
                         std::vector<FencedPrefix> prefixes)
    : table_name_(std::move(table_name)),
      prefixes_(std::move(prefixes)),
      socket_(NETLINK_NETFILTER, 0) {
  const int error =
      put_up(socket_, Batch(table_name_, Batch::Before::nothing), interfaces, prefixes_);
  if (error == 0) return;
  if (error == EEXIST || table_exists(socket_, table_name_, Family::ipv4) ||
      table_exists(socket_, table_name_, Family::ipv6))
    throw Problem("another stile-nat runs between these interfaces; end it, or give others");
  if (error == EOPNOTSUPP || error == EPROTONOSUPPORT)
    throw Problem(
        "this kernel has no nf_tables; load the module nf_tables, with Linux 5.12 or later");
  errno = error;
  throw Problem(with_errno("keeping the kernel away from the packets (nf_tables)"));
}

void KernelFence::replace(const std::vector<FencedInterface>& interfaces) {
  errno = put_up(socket_, Batch(table_name_, Batch::Before::same_table), interfaces, prefixes_);
  if (errno != 0) throw Problem(with_errno("keeping the kernel away from the packets (nf_tables)"));
}

}  // namespace stile::nat::shell
