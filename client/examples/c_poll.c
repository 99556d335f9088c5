/* Two ICE sessions in one poll() loop, by the C interface. They meet over the loopback interface, and need no network. */

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "stile/stile.h"

enum { DESCRIPTION_SIZE = 8192 };

struct peer {
  const char *name;
  stile_session *session;
  struct peer *other;
  int heard;
};

/* The application's signalling: here a function call. */
static void tell_other(struct peer *peer) {
  char description[DESCRIPTION_SIZE];
  size_t size = sizeof description;
  if (stile_session_local_description(peer->session, description, &size) == STILE_OK)
    stile_session_set_remote_description(peer->other->session, description);
}

static void take(stile_session *session, const stile_event *event, void *user) {
  struct peer *peer = user;
  switch (event->type) {
    case STILE_EVENT_GATHERED: tell_other(peer); break;
    case STILE_EVENT_STATE:
      if (event->state == STILE_STATE_CONNECTED) stile_session_send(session, 1, "hello", 5);
      if (event->state == STILE_STATE_FAILED) printf("%s failed: %s\n", peer->name, event->text);
      break;
    case STILE_EVENT_SELECTED: printf("%s: %s\n     to %s\n", peer->name, event->text, event->remote_text); break;
    case STILE_EVENT_DATA:
      printf("%s hears: %.*s\n", peer->name, (int)event->size, (const char *)event->data);
      peer->heard = 1;
      break;
    case STILE_EVENT_CANDIDATE: /* without trickle they are in the description */
    case STILE_EVENT_SERVER_FAILED:
    case STILE_EVENT_PATH_HEALTH:
    case STILE_EVENT_RESTART_NEEDED:
    case STILE_EVENT_NONE: break;
  }
}

static int begin(struct peer *peer, stile_role role) {
  stile_config config = STILE_CONFIG_INIT;
  config.role = role;
  config.interface_name = "lo";
  config.loopback = 1;
  if (stile_session_new(&config, &peer->session) == STILE_OK && stile_session_gather(peer->session) == STILE_OK) return 1;
  printf("%s: %s\n", peer->name, stile_error_text());
  return 0;
}

static int smaller_timeout(int a, int b) { return a < 0 || (b >= 0 && b < a) ? b : a; }

int main(void) {
  struct peer a = {"a", NULL, NULL, 0};
  struct peer b = {"b", NULL, NULL, 0};
  struct peer *peers[2] = {&a, &b};
  int rounds, i;
  a.other = &b;
  b.other = &a;
  if (!begin(&a, STILE_CONTROLLING) || !begin(&b, STILE_CONTROLLED)) return 1;

  for (rounds = 0; rounds < 1000 && !(a.heard && b.heard); rounds++) {
    struct pollfd fds[2];
    for (i = 0; i < 2; i++) {
      fds[i].fd = stile_session_fd(peers[i]->session);
      fds[i].events = POLLIN;
    }
    poll(fds, 2, smaller_timeout(stile_session_timeout(a.session), stile_session_timeout(b.session)));
    for (i = 0; i < 2; i++) {
      stile_session_process(peers[i]->session);
      stile_session_dispatch(peers[i]->session, take, peers[i]);
    }
  }
  stile_session_free(a.session);
  stile_session_free(b.session);
  return a.heard && b.heard ? 0 : 1;
}
