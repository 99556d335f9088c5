// UDP datagrams in the frames that come in, and how the program makes others of them.
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flow_entry.h"

#define UP TC_ACT_UNSPEC
#define always_inline static __attribute__((always_inline))

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct flow_state);
} state SEC(".maps");

/// Where the parts of a datagram lie in its frame, and what they say.
struct datagram {
  __u32 udp_at;
  struct udphdr udp;
  struct flow_key key;
};

always_inline void map_ipv4(__u8* to, __be32 address) {
  __builtin_memset(to, 0, 10);
  to[10] = to[11] = 0xff;
  __builtin_memcpy(to + 12, &address, 4);
}

always_inline __be32 ipv4_of(const __u8* mapped) {
  __be32 address;
  __builtin_memcpy(&address, mapped + 12, 4);
  return address;
}

always_inline __u16 fold(__u64 sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

/// `changed`: by how much what the checksum covers changes its sum; `addresses`: and those of the
/// pseudo header.
always_inline int store_udp(struct __sk_buff* skb, const struct datagram* datagram,
                            struct udphdr udp, __s64 changed, __s64 addresses) {
  udp.check = datagram->udp.check;
  if (bpf_skb_store_bytes(skb, datagram->udp_at, &udp, sizeof udp, BPF_F_RECOMPUTE_CSUM))
    return TC_ACT_SHOT;
  // RFC 768, RFC 1624: only by what has changed, so that a wrong checksum stays wrong. One that a
  // card is still to finish has the pseudo header's sum alone, which the kernel knows.
  const __u32 check_at = datagram->udp_at + __builtin_offsetof(struct udphdr, check);
  const __be32 lengths[2] = {datagram->udp.len, udp.len};
  const __s64 pseudo = bpf_csum_diff((__be32*)&lengths[0], 4, (__be32*)&lengths[1], 4, addresses);
  if (bpf_l4_csum_replace(skb, check_at, 0, pseudo, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0) ||
      bpf_l4_csum_replace(skb, check_at, 0, changed, BPF_F_MARK_MANGLED_0))
    return TC_ACT_SHOT;
  bpf_csum_update(skb, ~(__u32)changed);  // the card's own sum, if there is one
  return TC_ACT_OK;
}

/// The header of a datagram that the server sends, but for its ends and its length.
always_inline struct iphdr ipv4_header(struct iphdr header, __u8 hop_limit) {
  header.id = bpf_get_prandom_u32();
  header.frag_off = 0;
  header.ttl = hop_limit;
  return header;
}

always_inline int store_ipv4(struct __sk_buff* skb, struct iphdr in, struct iphdr out) {
  const __u16 check = in.check;
  in.check = out.check = 0;
  out.check =
      ~fold(bpf_csum_diff((__be32*)&in, sizeof in, (__be32*)&out, sizeof out, (__u16)~check));
  return bpf_skb_store_bytes(skb, ETH_HLEN, &out, sizeof out, BPF_F_RECOMPUTE_CSUM) ? TC_ACT_SHOT
                                                                                    : TC_ACT_OK;
}

/// Likewise of IPv6 (RFC 8656 §13.2), with a flow label of the server's.
always_inline struct ipv6hdr ipv6_header(struct __sk_buff* skb, struct ipv6hdr header,
                                         __u8 hop_limit) {
  const __u32 label = bpf_get_hash_recalc(skb);
  header.flow_lbl[0] = (header.flow_lbl[0] & 0xf0) | (label >> 16 & 0x0f);
  header.flow_lbl[1] = label >> 8;
  header.flow_lbl[2] = label;
  header.hop_limit = hop_limit;
  return header;
}

always_inline int store_ipv6(struct __sk_buff* skb, const struct ipv6hdr* out) {
  return bpf_skb_store_bytes(skb, ETH_HLEN, out, sizeof *out, BPF_F_RECOMPUTE_CSUM) ? TC_ACT_SHOT
                                                                                    : TC_ACT_OK;
}
