/* What the XDP program and who loads it agree on. */
#pragma once

#include <linux/types.h>

enum { xdp_max_left_to_kernel = 4096, xdp_max_prefixes = 64 };

struct xdp_settings {
  __u8 mac[6];
  __u16 ethertype; /* in network order */
};

/* Of IPv6 destinations; the longest prefix counts. */
struct xdp_prefix {
  __u32 length;
  __u8 address[16];
};
enum xdp_verdict { xdp_leave = 0, xdp_take = 1 };
