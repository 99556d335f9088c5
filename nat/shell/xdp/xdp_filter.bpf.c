/* Which frames of an interface stile-nat gets: those that it translates. All others stay with the kernel. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xdp_maps.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xdp_settings);
} settings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, xdp_max_left_to_kernel);
  __type(key, __u32);
  __type(value, __u8);
} left_to_kernel SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, xdp_max_prefixes);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct xdp_prefix);
  __type(value, __u8);
} prefixes SEC(".maps");

/* RFC 4861 §4: the kernel's, whomever it asks for. */
static __always_inline int is_neighbour_discovery(__u8 icmp_type) {
  return icmp_type >= 133 && icmp_type <= 137;
}

static __always_inline int is_translated(const void* packet, const void* end, __u16 ethertype) {
  if (ethertype == bpf_htons(ETH_P_IP)) {
    const struct iphdr* ipv4 = packet;
    if ((const void*)(ipv4 + 1) > end) return 0;
    return bpf_map_lookup_elem(&left_to_kernel, &ipv4->daddr) == 0;
  }
  const struct ipv6hdr* ipv6 = packet;
  if ((const void*)(ipv6 + 1) > end) return 0;
  const __u8* icmp_type = (const void*)(ipv6 + 1);
  if (ipv6->nexthdr == IPPROTO_ICMPV6 && (const void*)(icmp_type + 1) <= end && is_neighbour_discovery(*icmp_type))
    return 0;
  struct xdp_prefix destination = {.length = 128};
  __builtin_memcpy(destination.address, &ipv6->daddr, sizeof destination.address);
  const __u8* verdict = bpf_map_lookup_elem(&prefixes, &destination);
  return verdict && *verdict == xdp_take;
}

SEC("xdp")
int xdp_filter(struct xdp_md* context) {
  const void* data = (const void*)(long)context->data;
  const void* end = (const void*)(long)context->data_end;
  const struct ethhdr* ethernet = data;
  if ((const void*)(ethernet + 1) > end) return XDP_PASS;
  const __u32 only = 0;
  const struct xdp_settings* wanted = bpf_map_lookup_elem(&settings, &only);
  if (!wanted || ethernet->h_proto != wanted->ethertype) return XDP_PASS;
  /* What is sent to all (ARP, DHCP, mDNS) is the kernel's. */
  for (int i = 0; i < ETH_ALEN; ++i)
    if (ethernet->h_dest[i] != wanted->mac[i]) return XDP_PASS;
  if (!is_translated(ethernet + 1, end, ethernet->h_proto)) return XDP_PASS;
  return bpf_redirect_map(&sockets, context->rx_queue_index, XDP_PASS);
}

char xdp_filter_license[] SEC("license") = "Apache-2.0";
