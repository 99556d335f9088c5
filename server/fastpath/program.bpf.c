// Relays what clients and peers exchange over bound channels (RFC 8656 §12), where it comes in:
//
//      client                       server                          peer
//      ChannelData(number, data) -> listener, relayed address ----> data
//      ChannelData(number, data) <- listener, relayed address <---- data
//
// and answers Binding requests without attributes (RFC 8489 §12). Whatever is not plain goes up to
// the server as it came, which sees to it or counts what is wrong with it: this program never
// judges.

#include "binding.bpf.h"
#include "datagram.bpf.h"

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
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u8[largest_data]);
} data SEC(".maps");

/// RFC 8656 §12.4.
struct channel_data {
  __be16 number;
  __be16 length;
};

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
  if (flow->channel != 0 &&
      bpf_skb_store_bytes(skb, data_at, &after.channel, sizeof after.channel, BPF_F_RECOMPUTE_CSUM))
    return TC_ACT_SHOT;
  const __s64 changed =
      bpf_csum_diff((__be32*)&before, sizeof before, (__be32*)&after, sizeof after, 0);
  const struct udphdr udp = {after.source_port, after.destination_port, after.length};
  return store_udp(skb, datagram, udp, changed, addresses);
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
  if (!flow) return answer_ipv4(skb, &datagram, in.ip);

  // RFC 8656 §14: with the DSCP and ECN of what came.
  struct iphdr out = ipv4_header(in.ip, flow->hop_limit);
  out.tot_len = bpf_htons(sizeof out + sizeof in.udp + channel_growth(flow) + length);
  out.saddr = ipv4_of(flow->source);
  out.daddr = ipv4_of(flow->destination);
  if (bpf_ntohs(out.tot_len) > flow->mtu) return UP;
  const __s64 addresses = bpf_csum_diff(&in.ip.saddr, 8, &out.saddr, 8, 0);
  const int rewritten = rewrite(skb, &datagram, flow, length, addresses);
  if (rewritten != TC_ACT_OK) return rewritten;
  const int stored = store_ipv4(skb, in.ip, out);
  return stored == TC_ACT_OK ? send(flow, length) : stored;
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
  if (!flow) return answer_ipv6(skb, &datagram, &in.ip);

  struct ipv6hdr out = ipv6_header(skb, in.ip, flow->hop_limit);
  const __u32 size = sizeof in.udp + channel_growth(flow) + length;
  out.payload_len = bpf_htons(size);
  __builtin_memcpy(&out.saddr, flow->source, 16);
  __builtin_memcpy(&out.daddr, flow->destination, 16);
  if (sizeof out + size > flow->mtu) return UP;
  const __s64 addresses = bpf_csum_diff((__be32*)&in.ip.saddr, 32, (__be32*)&out.saddr, 32, 0);
  const int rewritten = rewrite(skb, &datagram, flow, length, addresses);
  if (rewritten != TC_ACT_OK) return rewritten;
  const int stored = store_ipv6(skb, &out);
  return stored == TC_ACT_OK ? send(flow, length) : stored;
}

SEC("tc")
int relay(struct __sk_buff* skb) {
  if (skb->pkt_type != PACKET_HOST || skb->vlan_present) return UP;
  if (skb->protocol == bpf_htons(ETH_P_IP)) return relay_ipv4(skb);
  if (skb->protocol == bpf_htons(ETH_P_IPV6)) return relay_ipv6(skb);
  return UP;
}

char program_license[] SEC("license") = "Apache-2.0";
