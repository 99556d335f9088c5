// Answers Binding requests without attributes (RFC 8489 §12).
#pragma once

#include "datagram.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, struct listener_key);
  __type(value, struct listener_entry);
} listeners SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct answer_limit);
} limit SEC(".maps");

/// When each bucket will be full again.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, answer_buckets);
  __type(key, __u32);
  __type(value, __u64);
} buckets SEC(".maps");

/// RFC 8489 §5; without attributes this is the whole message.
struct message_header {
  __be16 type;
  __be16 length;
  __be32 cookie;
  __be32 transaction[3];
};
struct binding_answer {
  struct message_header header;
  // XOR-MAPPED-ADDRESS (RFC 8489 §14.2)
  __be16 type;
  __be16 length;
  __u8 unused;
  __u8 family;
  __be16 port;
  __be32 address[4];  // of IPv4 the first
};
enum {
  binding_request = 0x0001,
  binding_success = 0x0101,
  xor_mapped_address = 0x0020,
  magic_cookie = 0x2112a442,
};

/// The listener that a datagram asks for the client's address, if it is one that answers here.
always_inline struct listener_entry* asked_listener(struct __sk_buff* skb,
                                                    const struct datagram* datagram,
                                                    struct message_header* request) {
  const __u32 zero = 0;
  const struct flow_state* now = bpf_map_lookup_elem(&state, &zero);
  if (!now || now->generation == 0 || skb->gso_size != 0 || datagram->udp.source == 0) return 0;
  if (bpf_ntohs(datagram->udp.len) != sizeof datagram->udp + sizeof *request) return 0;
  if (bpf_skb_load_bytes(skb, datagram->udp_at + sizeof datagram->udp, request, sizeof *request))
    return 0;
  if (request->type != bpf_htons(binding_request) || request->length != 0 ||
      request->cookie != bpf_htonl(magic_cookie))
    return 0;
  struct listener_key key = {.port = datagram->key.local_port};
  __builtin_memcpy(key.address, datagram->key.local, sizeof key.address);
  struct listener_entry* listener = bpf_map_lookup_elem(&listeners, &key);
  const int counts =
      listener && listener->generation == now->generation && listener->in_index == skb->ifindex;
  return counts ? listener : 0;
}

/// As the server's RateLimiter does it. Limit: two processors may take the same place in a bucket.
always_inline int may_answer(__u64 network) {
  const __u32 zero = 0;
  const struct answer_limit* to = bpf_map_lookup_elem(&limit, &zero);
  if (!to) return 0;
  if (to->gap == 0) return 1;
  __u64 hash = (network ^ to->seed) * 0x9e3779b97f4a7c15ull;
  hash ^= hash >> 32;
  const __u32 bucket = hash % answer_buckets;
  __u64* due = bpf_map_lookup_elem(&buckets, &bucket);
  if (!due) return 0;
  const __u64 now = bpf_ktime_get_ns();
  const __u64 next = (*due > now ? *due : now) + to->gap;
  if (next - now > to->tolerance) return 0;
  *due = next;
  return 1;
}

/// How much longer than the request its answer is; the client's address is of so many words.
#define answer_growth(words) \
  (sizeof(struct binding_answer) - sizeof(struct message_header) - (4 - (words)) * 4)

/// From the request's UDP datagram to the answer's; `words` words of `address` are the client's.
always_inline int write_answer(struct __sk_buff* skb, const struct datagram* datagram,
                               const struct message_header* request, const __be32* address,
                               const __u32 words) {
  struct {
    __be16 source_port, destination_port, length, unused;
    struct message_header message;
  } before = {datagram->udp.source, datagram->udp.dest, datagram->udp.len, 0, *request};
  struct {
    __be16 source_port, destination_port, length, unused;
    struct binding_answer message;
  } after = {datagram->udp.dest, datagram->udp.source, 0, 0, {*request}};
  const __u32 size = sizeof *request + answer_growth(words);
  after.length = bpf_htons(sizeof datagram->udp + size);
  after.message.header.type = bpf_htons(binding_success);
  after.message.header.length = bpf_htons(size - sizeof *request);
  after.message.type = bpf_htons(xor_mapped_address);
  after.message.length = bpf_htons(4 + words * 4);
  after.message.family = words == 1 ? 1 : 2;
  after.message.port = datagram->udp.source ^ bpf_htons(magic_cookie >> 16);
  after.message.address[0] = address[0] ^ request->cookie;
  for (__u32 i = 1; i < words; ++i)
    after.message.address[i] = address[i] ^ request->transaction[i - 1];

  const __u32 message_at = datagram->udp_at + sizeof datagram->udp;
  if (bpf_skb_change_tail(skb, message_at + size, 0)) return UP;
  if (bpf_skb_store_bytes(skb, message_at, &after.message, size, BPF_F_RECOMPUTE_CSUM))
    return TC_ACT_SHOT;
  const __s64 changed = bpf_csum_diff((__be32*)&before, sizeof before, (__be32*)&after,
                                      sizeof before + answer_growth(words), 0);
  const struct udphdr udp = {after.source_port, after.destination_port, after.length};
  return store_udp(skb, datagram, udp, changed, 0);  // the sum of the addresses stays
}

/// To the neighbour that the request came from.
always_inline int send_back(struct __sk_buff* skb, struct listener_entry* listener) {
  struct ethhdr in;
  if (bpf_skb_load_bytes(skb, 0, &in, sizeof in)) return TC_ACT_SHOT;
  struct ethhdr out = in;
  __builtin_memcpy(out.h_dest, in.h_source, ETH_ALEN);
  __builtin_memcpy(out.h_source, in.h_dest, ETH_ALEN);
  if (bpf_skb_store_bytes(skb, 0, &out, sizeof out, 0)) return TC_ACT_SHOT;
  __sync_fetch_and_add(&listener->answered, 1);
  return bpf_redirect(skb->ifindex, 0);
}

always_inline int refuse(struct listener_entry* listener) {
  __sync_fetch_and_add(&listener->limited, 1);
  return TC_ACT_SHOT;
}

always_inline int answer_ipv4(struct __sk_buff* skb, const struct datagram* datagram,
                              struct iphdr in) {
  struct message_header request;
  struct listener_entry* listener = asked_listener(skb, datagram, &request);
  if (!listener) return UP;
  if (!may_answer(bpf_ntohl(in.saddr) >> 8)) return refuse(listener);
  const int written = write_answer(skb, datagram, &request, &in.saddr, 1);
  if (written != TC_ACT_OK) return written;
  struct iphdr out = ipv4_header(in, listener->hop_limit);
  out.tos = 0;
  out.tot_len = bpf_htons(bpf_ntohs(in.tot_len) + answer_growth(1));
  out.saddr = in.daddr;
  out.daddr = in.saddr;
  const int stored = store_ipv4(skb, in, out);
  return stored == TC_ACT_OK ? send_back(skb, listener) : stored;
}

always_inline int answer_ipv6(struct __sk_buff* skb, const struct datagram* datagram,
                              const struct ipv6hdr* in) {
  struct message_header request;
  struct listener_entry* listener = asked_listener(skb, datagram, &request);
  if (!listener) return UP;
  const __be32* client = in->saddr.in6_u.u6_addr32;
  const __u64 network = (__u64)bpf_ntohl(client[0]) << 24 | bpf_ntohl(client[1]) >> 8;
  if (!may_answer(network)) return refuse(listener);
  const int written = write_answer(skb, datagram, &request, client, 4);
  if (written != TC_ACT_OK) return written;
  struct ipv6hdr out = ipv6_header(skb, *in, listener->hop_limit);
  out.priority = 0;
  out.flow_lbl[0] &= 0x0f;
  out.payload_len = bpf_htons(bpf_ntohs(in->payload_len) + answer_growth(4));
  out.saddr = in->daddr;
  out.daddr = in->saddr;
  const int stored = store_ipv6(skb, &out);
  return stored == TC_ACT_OK ? send_back(skb, listener) : stored;
}
