/* The C interface of libstile: ICE sessions (RFC 8445) in an event loop of your own.
 *
 * A session owns no thread and calls nobody by itself. Wait until stile_session_fd() is readable or stile_session_timeout() is
 * over, call stile_session_process(), then take what happened with stile_session_next_event() until there is nothing. Do the
 * latter after each other call, too. One session is used by one thread at a time; different sessions by different threads.
 *
 * Functions that can fail answer STILE_OK or another stile_result; stile_error_text() says the last one of this thread in words. */
#ifndef STILE_H
#define STILE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && defined(STILE_EXPORTS)
#define STILE_API __declspec(dllexport)
#elif defined(__GNUC__) && !defined(_WIN32)
#define STILE_API __attribute__((visibility("default")))
#else
#define STILE_API
#endif

typedef enum stile_result {
  STILE_OK = 0,
  STILE_INVALID = 1,    /* an argument cannot be used */
  STILE_NO_PATH = 2,    /* there is no path to the peer (yet) */
  STILE_NO_CONSENT = 3, /* the peer does not answer any more */
  STILE_CLOSED = 4,     /* the session has failed or is closed */
  STILE_TOO_SMALL = 5,  /* the buffer; the size that is needed has been stored */
  STILE_NO_RESOURCES = 6
} stile_result;

/* The first member of a structure says its size, the others are zero. */
#ifdef __cplusplus
#define STILE_CONFIG_INIT {sizeof(stile_config)}
#define STILE_EVENT_INIT {sizeof(stile_event)}
#else
#define STILE_CONFIG_INIT {.struct_size = sizeof(stile_config)}
#define STILE_EVENT_INIT {.struct_size = sizeof(stile_event)}
#endif

/* In words, one line, what the last failure on this thread was. Good until the next call on this thread. */
STILE_API const char *stile_error_text(void);
/* "0.1.0" */
STILE_API const char *stile_version(void);

typedef enum stile_role { STILE_CONTROLLING = 0, STILE_CONTROLLED = 1 } stile_role;
/* What the peer is told: everything, relayed candidates only (no others are used then), or all but the host's own addresses. */
typedef enum stile_policy { STILE_POLICY_ALL = 0, STILE_POLICY_RELAY = 1, STILE_POLICY_NO_HOST = 2 } stile_policy;

typedef struct stile_server {
  const char *uri; /* stun:HOST[:PORT], turn:HOST[:PORT][?transport=udp|tcp], turns:... (RFC 7064, 7065) */
  const char *username, *password; /* of a TURN server */
} stile_server;

/* struct_size must be set, to sizeof(stile_config); later versions append members. All others may be zero:
 *   stile_config config = STILE_CONFIG_INIT; */
typedef struct stile_config {
  size_t struct_size;
  stile_role role;
  stile_policy policy;
  const stile_server *servers; /* copied. Names are asked for while candidates are gathered: turn:HOST by RFC 5928, stun:HOST by RFC 8489 8.1 */
  size_t server_count;
  const char *ca_file;        /* PEM, for turns:; NULL: the system's certificates */
  const char *interface_name; /* use the addresses of this interface only; NULL: of all */
  unsigned components;        /* of the data stream; 0: 1 */
  int trickle;                /* candidates are told one by one (RFC 8838) */
  int lite;                   /* an ICE lite agent */
  int no_ipv4, no_ipv6;
  int loopback;               /* use loopback addresses, too */
  unsigned detection_ms;      /* silence until another path takes over, 500 to 30000; 0: 800 */
  int continual_gathering;    /* with trickle: candidates of addresses that come later are told, too; there is no end of them */
  const char *proxy;          /* for servers over TCP and TLS: http://[USER:PASSWORD@]HOST[:PORT], socks5://...; NULL: none */
  unsigned restart_after_ms;  /* STILE_EVENT_RESTART_NEEDED when no pair has worked for so long, twice as long for the controlled side;
                                 1000 to 3600000; 0: never */
  unsigned port_min, port_max; /* sockets that peers reach are bound to ports from this to that one; both 0: to any */
  int tcp;                     /* TCP candidates, too (RFC 6544); STUN servers are asked over TCP, too, then */
  int mdns_names;              /* host candidates tell names under .local in place of addresses */
  int port_mapping;            /* the default routers are asked to map our ports, by PCP, NAT-PMP or UPnP */
  int hard_nats;               /* ports are guessed where NATs let no check through, with a peer that has it on, too */
  int default_route;           /* of each family only the address that the system would reach the Internet from */
  int no_udp;                  /* no UDP but for looking up names: TURN over TCP and TLS, and TCP candidates */
} stile_config;

typedef struct stile_session stile_session;

/* *session is set when it answers STILE_OK. */
STILE_API stile_result stile_session_new(const stile_config *config, stile_session **session);
/* Gives back relayed addresses and closes sockets. Legal wherever the session is used, also in a callback of
 * stile_session_dispatch(). NULL is ignored. */
STILE_API void stile_session_free(stile_session *session);

/* For poll(), epoll, select: readable when stile_session_process() has something to do. It stays the same. -1 where the
 * system has no such descriptor (Windows): then stile_session_timeout() is never more than 10. */
STILE_API int stile_session_fd(const stile_session *session);
/* Milliseconds until stile_session_process() is to be called at the latest, as for poll(): -1 is never. */
STILE_API int stile_session_timeout(const stile_session *session);
/* Reads, sends and does what is due. Never waits. */
STILE_API void stile_session_process(stile_session *session);

/* Begins to look for candidates. */
STILE_API stile_result stile_session_gather(stile_session *session);
/* What the peer is to be told, as lines of SDP (RFC 8839): ufrag, password, options, and the candidates known so far; with
 * trickle, the others come as events. *size is the room in, and the length without the final 0 out. */
STILE_API stile_result stile_session_local_description(const stile_session *session, char *text, size_t *size);
/* What the peer said, likewise. A new ufrag and password restart the session (RFC 8445 §9): the peer is to be told a new local
 * description then. */
STILE_API stile_result stile_session_set_remote_description(stile_session *session, const char *text);
/* "candidate:...", with or without "a=". One that cannot be used is no reason to end. */
STILE_API stile_result stile_session_add_remote_candidate(stile_session *session, const char *line);
STILE_API stile_result stile_session_end_of_remote_candidates(stile_session *session);
/* New credentials, candidates gathered anew; data goes by the old path until there is another. */
STILE_API stile_result stile_session_restart(stile_session *session);

/* One datagram to the peer, of a component that counts from 1. */
STILE_API stile_result stile_session_send(stile_session *session, unsigned component, const void *data, size_t size);

typedef enum stile_event_type {
  STILE_EVENT_NONE = 0,
  STILE_EVENT_CANDIDATE = 1,     /* text: its line, to be told to the peer with trickle */
  STILE_EVENT_GATHERED = 2,      /* that was the last; without trickle the local description is whole now */
  STILE_EVENT_STATE = 3,         /* state; text: why, if it failed */
  STILE_EVENT_SELECTED = 4,      /* component; text and remote_text: lines of the candidates of the pair that data goes by now */
  STILE_EVENT_SERVER_FAILED = 5, /* text: the server and why, one line */
  STILE_EVENT_DATA = 6,          /* component, data, size: one datagram of the peer */
  STILE_EVENT_PATH_HEALTH = 7,   /* component, degraded, round_trip_time, lost: how the pair that data goes by does now, while the
                                    session lives; text: "degraded" or "good" */
  STILE_EVENT_RESTART_NEEDED = 8 /* text: why. stile_session_restart(), and what follows from it, may help */
} stile_event_type;

typedef enum stile_state {
  STILE_STATE_IDLE = 0,
  STILE_STATE_GATHERING = 1,
  STILE_STATE_CHECKING = 2,
  STILE_STATE_CONNECTED = 3, /* data may flow */
  STILE_STATE_COMPLETED = 4, /* each component has its pair */
  STILE_STATE_FAILED = 5,
  STILE_STATE_CLOSED = 6
} stile_state;

typedef struct stile_event {
  size_t struct_size; /* to be set, to sizeof(stile_event) */
  stile_event_type type;
  stile_state state;
  unsigned component;
  const char *text; /* never NULL */
  const char *remote_text;
  const void *data;
  size_t size;
  int degraded;           /* too much is lost on the path, it is silent, or much slower than usual */
  unsigned lost;          /* of the last eight questions about consent, those not answered in time */
  double round_trip_time; /* seconds, of late; 0: not known */
} stile_event;

/* 1 and the oldest event, or 0 if there is none. What it points to is good until the next call for this session. */
STILE_API int stile_session_next_event(stile_session *session, stile_event *event);
/* The same by a callback, until there are no more events or the session is freed in one. */
STILE_API void stile_session_dispatch(stile_session *session, void (*take)(stile_session *session, const stile_event *event, void *user),
                                      void *user);

STILE_API stile_state stile_session_state(const stile_session *session);

typedef enum stile_pair_state {
  STILE_PAIR_FROZEN = 0,
  STILE_PAIR_WAITING = 1,
  STILE_PAIR_IN_PROGRESS = 2,
  STILE_PAIR_SUCCEEDED = 3,
  STILE_PAIR_FAILED = 4
} stile_pair_state;

/* One pair of candidates, with the statistics that the W3C's RTCIceCandidatePairStats has by these names. */
typedef struct stile_pair {
  size_t struct_size;
  const char *local, *remote; /* lines of the candidates */
  stile_pair_state state;
  int valid, nominated, selected;
  const char *explanation; /* in words what became of it: "no answer to 7 checks" */
  uint64_t requests_sent, responses_received, requests_received; /* connectivity checks */
  double current_round_trip_time, total_round_trip_time;         /* seconds; 0: not known */
  uint64_t packets_sent, bytes_sent, packets_received, bytes_received; /* data */
} stile_pair;

/* Each pair, highest priority first. What it points to is good until `take` returns, which must not call the session. */
STILE_API void stile_session_for_each_pair(const stile_session *session, void (*take)(const stile_pair *pair, void *user), void *user);

#ifdef __cplusplus
}
#endif

#endif
