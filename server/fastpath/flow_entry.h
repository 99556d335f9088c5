// The tables of the fast path, as the program in the kernel and the server around it see them.
#pragma once

#include <linux/types.h>

// Addresses are in network order, IPv4 in its mapped form (RFC 4291 §2.5.5.2); ports, channels and
// lengths of headers likewise in network order.

/// What a datagram of a bound channel is known by where it comes in.
struct flow_key {
  __u8 remote[16];  ///< of the client or the peer
  __u8 local[16];   ///< the listener's or the relayed one
  __be16 remote_port;
  __be16 local_port;
  __be16 channel;  ///< of a client's ChannelData; 0: a peer's datagram
  __u16 unused;
};

/// What becomes of it.
struct flow_entry {
  __u8 source[16];
  __u8 destination[16];
  __be16 source_port;
  __be16 destination_port;
  __be16 channel;  ///< put in front of a peer's data; 0: a client's is taken away
  __u16 mtu;       ///< of what goes out, with its IP header
  __u32 in_index;  ///< the interface that it must come by, and the one that it leaves by
  __u32 out_index;
  __u32 generation;  ///< of the state that it was made under: under another one it does not count
  __u8 hop_limit;
  __u8 unused[7];
  __u64 joined_at;  ///< when the kernel has last handed on several as one; written by the program
  __u64 packets;    ///< relayed, as is what follows
  __u64 bytes;      ///< of application data
};

/// A listener's address.
struct listener_key {
  __u8 address[16];
  __be16 port;
  __u16 unused;
};

/// A listener whose Binding requests are answered here.
struct listener_entry {
  __u32 in_index;  ///< the interface that they must come by
  __u32 generation;
  __u8 hop_limit;  ///< of the answers
  __u8 unused[7];
  __u64 answered;  ///< written by the program, as is what follows
  __u64 limited;   ///< not answered, because the client's network has been told enough
};

/// How often a network is answered: the leaky buckets of the server's own limit, in nanoseconds.
struct answer_limit {
  __u64 gap;  ///< between answers at the steady rate; 0: no limit
  __u64 tolerance;
  __u64 seed;  ///< of the hash that places networks
};
enum { answer_buckets = 4096 };

/// The one entry of the table of states.
struct flow_state {
  __u32 generation;        ///< 0: nothing is relayed here
  __u16 first_relay_port;  ///< relayed addresses have these ports; in the machine's order
  __u16 last_relay_port;
};
