// Relays what clients and peers exchange over bound channels (RFC 8656 §12), where it comes in:
//
//      client                       server                          peer
//      ChannelData(number, data) -> listener, relayed address ----> data
//      ChannelData(number, data) <- listener, relayed address <---- data
//
// Whatever is not plain goes up to the server as it came, which relays it or counts what is wrong
// with it: this program never judges.

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

enum {
  fragment_bits = 0x3fff,  // more fragments, and the offset (RFC 791 §3.1)
  channel_header = 4,
  // Limit: of data that is relayed here; more than that would not fit most links.
  largest_data = 2048,
};
// Limit: what the network card has joined (GRO) is relayed joined by the server. What follows is
// not to overtake it.
static const __u64 after_joined_nanoseconds = 1000000000;

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1);  // the server says how many
  __type(key, struct flow_key);
  __type(value, struct flow_entry);
} flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct flow_state);
} state SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u8[largest_data]);
} data SEC(".maps");

/// Where the parts of a datagram lie in its frame, and what they say.
struct datagram {
  __u32 udp_at;
  struct udphdr udp;
  struct flow_key key;
};

/// RFC 8656 §12.4.
struct channel_data {
  __be16 number;
  __be16 length;
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

/// The flow of a datagram, if it is one to be relayed here, and in `length` how much data it has.
always_inline struct flow_entry* flow_of(struct __sk_buff* skb, struct datagram* datagram,
                                         __u32* length) {
  const __u32 zero = 0;
  const struct flow_state* now = bpf_map_lookup_elem(&state, &zero);
  if (!now || now->generation == 0) return 0;

  const __u32 payload = bpf_ntohs(datagram->udp.len) - sizeof datagram->udp;
  const __u16 to = bpf_ntohs(datagram->udp.dest);
  *length = payload;
  if (to < now->first_relay_port || to > now->last_relay_port) {
    struct channel_data header;
    if (payload < sizeof header) return 0;
    if (bpf_skb_load_bytes(skb, datagram->udp_at + sizeof datagram->udp, &header, sizeof header))
      return 0;
    *length = bpf_ntohs(header.length);
    if (header.number == 0 || *length > payload - sizeof header) return 0;
    datagram->key.channel = header.number;
  }

  struct flow_entry* flow = bpf_map_lookup_elem(&flows, &datagram->key);
  if (!flow || flow->generation != now->generation || flow->in_index != skb->ifindex) return 0;
  if (skb->gso_size != 0) {
    flow->joined_at = bpf_ktime_get_ns();
    return 0;
  }
  if (flow->joined_at != 0) {
    if (bpf_ktime_get_ns() - flow->joined_at < after_joined_nanoseconds) return 0;
    flow->joined_at = 0;
  }
  return flow;
}

/// Moves the data to where they are to begin, and gives the frame its new length.
always_inline int move_data(struct __sk_buff* skb, __u32 from, __u32 to, __u32 length) {
  const __u32 zero = 0;
  __u8* copy = bpf_map_lookup_elem(&data, &zero);
  if (!copy || length > largest_data) return UP;
  if (length == 0) return bpf_skb_change_tail(skb, to, 0) ? UP : TC_ACT_OK;
  if (bpf_skb_load_bytes(skb, from, copy, length)) return UP;
  if (bpf_skb_change_tail(skb, to + length, 0)) return UP;
  return bpf_skb_store_bytes(skb, to, copy, length, BPF_F_RECOMPUTE_CSUM) ? TC_ACT_SHOT : TC_ACT_OK;
}

/// What the UDP checksum covers beside data that stay as they are, in words of 32 bits.
struct covered {
  __be16 source_port, destination_port;
  __be16 length;
  __u16 unused;
  struct channel_data channel;
  __u8 padding[4];
};

/// The bytes behind a client's data, as the checksum has them: at even and odd places.
always_inline void load_padding(struct __sk_buff* skb, __u32 at, __u32 size, __u32 length,
                                __u8* padding) {
  if (length % 2 == 1) ++padding;
  if (size >= 1) bpf_skb_load_bytes(skb, at, padding, 1);
  if (size >= 2) bpf_skb_load_bytes(skb, at + 1, padding + 1, 1);
  if (size >= 3) bpf_skb_load_bytes(skb, at + 2, padding + 2, 1);
}

/// From the frame that came in to the UDP datagram that goes out, but for the IP header.
/// `addresses`: by how much those of the pseudo header change its sum.
always_inline int rewrite(struct __sk_buff* skb, const struct datagram* datagram,
                          const struct flow_entry* flow, __u32 length, __s64 addresses) {
  const __u32 data_at = datagram->udp_at + sizeof(struct udphdr);
  const __u32 payload = bpf_ntohs(datagram->udp.len) - sizeof(struct udphdr);
  struct covered before = {datagram->udp.source, datagram->udp.dest, datagram->udp.len};
  struct covered after = {flow->source_port, flow->destination_port};
  __u32 from = data_at, to = data_at;
  if (flow->channel == 0) {
    from += channel_header;
    const __u32 padding = payload - channel_header - length;
    if (padding > 3) return UP;
    before.channel.number = datagram->key.channel;
    before.channel.length = bpf_htons(length);
    load_padding(skb, from + length, padding, length, before.padding);
  } else {
    to += channel_header;
    after.channel.number = flow->channel;
    after.channel.length = bpf_htons(length);
  }
  after.length = bpf_htons(to - datagram->udp_at + length);

  const int moved = move_data(skb, from, to, length);
  if (moved != TC_ACT_OK) return moved;
  const struct udphdr udp = {after.source_port, after.destination_port, after.length,
                             datagram->udp.check};
  if (bpf_skb_store_bytes(skb, datagram->udp_at, &udp, sizeof udp, BPF_F_RECOMPUTE_CSUM))
    return TC_ACT_SHOT;
  if (flow->channel != 0 &&
      bpf_skb_store_bytes(skb, data_at, &after.channel, sizeof after.channel, BPF_F_RECOMPUTE_CSUM))
    return TC_ACT_SHOT;

  // RFC 768, RFC 1624: only by what has changed, so that a wrong checksum stays wrong. One that a
  // card is still to finish has the pseudo header's sum alone, which the kernel knows.
  const __u32 check_at = datagram->udp_at + __builtin_offsetof(struct udphdr, check);
  const __be32 lengths[2] = {before.length, after.length};
  const __s64 pseudo = bpf_csum_diff((__be32*)&lengths[0], 4, (__be32*)&lengths[1], 4, addresses);
  const __s64 changed =
      bpf_csum_diff((__be32*)&before, sizeof before, (__be32*)&after, sizeof after, 0);
  if (bpf_l4_csum_replace(skb, check_at, 0, pseudo, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0) ||
      bpf_l4_csum_replace(skb, check_at, 0, changed, BPF_F_MARK_MANGLED_0))
    return TC_ACT_SHOT;
  bpf_csum_update(skb, ~(__u32)changed);  // the card's own sum, if there is one
  return TC_ACT_OK;
}

always_inline int send(struct flow_entry* flow, __u32 length) {
  __sync_fetch_and_add(&flow->packets, 1);
  __sync_fetch_and_add(&flow->bytes, length);
  return bpf_redirect_neigh(flow->out_index, 0, 0, 0);
}

always_inline __u32 channel_growth(const struct flow_entry* flow) {
  return flow->channel != 0 ? channel_header : 0;
}

always_inline int relay_ipv4(struct __sk_buff* skb) {
  struct {
    struct iphdr ip;
    struct udphdr udp;
  } in;
  if (bpf_skb_load_bytes(skb, ETH_HLEN, &in, sizeof in)) return UP;
  const __u32 total = bpf_ntohs(in.ip.tot_len);
  const int plain = in.ip.version == 4 && in.ip.ihl == 5 && in.ip.protocol == IPPROTO_UDP &&
                    (in.ip.frag_off & bpf_htons(fragment_bits)) == 0 &&
                    bpf_ntohs(in.udp.len) >= sizeof in.udp && in.udp.check != 0 &&
                    total == sizeof in.ip + bpf_ntohs(in.udp.len) && skb->len >= ETH_HLEN + total;
  if (!plain) return UP;
  struct datagram datagram = {ETH_HLEN + sizeof in.ip, in.udp};
  map_ipv4(datagram.key.remote, in.ip.saddr);
  map_ipv4(datagram.key.local, in.ip.daddr);
  datagram.key.remote_port = in.udp.source;
  datagram.key.local_port = in.udp.dest;
  __u32 length;
  struct flow_entry* flow = flow_of(skb, &datagram, &length);
  if (!flow) return UP;

  // RFC 8656 §14: as a datagram that the server sends, with the DSCP and ECN of what came.
  struct iphdr out = in.ip;
  out.tot_len = bpf_htons(sizeof out + sizeof in.udp + channel_growth(flow) + length);
  out.id = bpf_get_prandom_u32();
  out.frag_off = 0;
  out.ttl = flow->hop_limit;
  out.check = 0;
  out.saddr = ipv4_of(flow->source);
  out.daddr = ipv4_of(flow->destination);
  if (bpf_ntohs(out.tot_len) > flow->mtu) return UP;
  const __u16 check = in.ip.check;
  in.ip.check = 0;
  out.check =
      ~fold(bpf_csum_diff((__be32*)&in.ip, sizeof in.ip, (__be32*)&out, sizeof out, (__u16)~check));
  const __s64 addresses = bpf_csum_diff(&in.ip.saddr, 8, &out.saddr, 8, 0);
  const int rewritten = rewrite(skb, &datagram, flow, length, addresses);
  if (rewritten != TC_ACT_OK) return rewritten;
  if (bpf_skb_store_bytes(skb, ETH_HLEN, &out, sizeof out, BPF_F_RECOMPUTE_CSUM))
    return TC_ACT_SHOT;
  return send(flow, length);
}

always_inline int relay_ipv6(struct __sk_buff* skb) {
  struct {
    struct ipv6hdr ip;
    struct udphdr udp;
  } in;
  if (bpf_skb_load_bytes(skb, ETH_HLEN, &in, sizeof in)) return UP;
  const int plain = in.ip.version == 6 && in.ip.nexthdr == IPPROTO_UDP &&
                    in.ip.payload_len == in.udp.len && bpf_ntohs(in.udp.len) >= sizeof in.udp &&
                    in.udp.check != 0 &&
                    skb->len >= ETH_HLEN + sizeof in.ip + bpf_ntohs(in.udp.len);
  if (!plain) return UP;
  struct datagram datagram = {ETH_HLEN + sizeof in.ip, in.udp};
  __builtin_memcpy(datagram.key.remote, &in.ip.saddr, 16);
  __builtin_memcpy(datagram.key.local, &in.ip.daddr, 16);
  datagram.key.remote_port = in.udp.source;
  datagram.key.local_port = in.udp.dest;
  __u32 length;
  struct flow_entry* flow = flow_of(skb, &datagram, &length);
  if (!flow) return UP;

  // RFC 8656 §13.2: likewise, with a flow label of the server's.
  struct ipv6hdr out = in.ip;
  const __u32 label = bpf_get_hash_recalc(skb);
  out.flow_lbl[0] = (out.flow_lbl[0] & 0xf0) | (label >> 16 & 0x0f);
  out.flow_lbl[1] = label >> 8;
  out.flow_lbl[2] = label;
  const __u32 size = sizeof in.udp + channel_growth(flow) + length;
  out.payload_len = bpf_htons(size);
  out.hop_limit = flow->hop_limit;
  __builtin_memcpy(&out.saddr, flow->source, 16);
  __builtin_memcpy(&out.daddr, flow->destination, 16);
  if (sizeof out + size > flow->mtu) return UP;
  const __s64 addresses = bpf_csum_diff((__be32*)&in.ip.saddr, 32, (__be32*)&out.saddr, 32, 0);
  const int rewritten = rewrite(skb, &datagram, flow, length, addresses);
  if (rewritten != TC_ACT_OK) return rewritten;
  if (bpf_skb_store_bytes(skb, ETH_HLEN, &out, sizeof out, BPF_F_RECOMPUTE_CSUM))
    return TC_ACT_SHOT;
  return send(flow, length);
}

SEC("tc")
int relay(struct __sk_buff* skb) {
  if (skb->pkt_type != PACKET_HOST || skb->vlan_present) return UP;
  if (skb->protocol == bpf_htons(ETH_P_IP)) return relay_ipv4(skb);
  if (skb->protocol == bpf_htons(ETH_P_IPV6)) return relay_ipv6(skb);
  return UP;
}

char program_license[] SEC("license") = "Apache-2.0";
