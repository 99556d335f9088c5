#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <string>

#include "c/descriptor_set.hpp"
#include "stile/asio/session.hpp"
#include "stile/stile.h"

/// What a handle of the C interface stands for: a session with a context of its own, whose
/// descriptors are all watched by one more, that a foreign loop waits on.
struct stile_session {
  stile_session(stile::ice::Config config, const stile::TlsTrust& trust,
                const std::optional<stile::Proxy>& proxy, stile::InterfaceFilter with);
  ~stile_session();
  stile_session(const stile_session&) = delete;
  stile_session& operator=(const stile_session&) = delete;

  struct Event {
    stile_event_type type;
    stile_state state = STILE_STATE_IDLE;
    unsigned component = 0;
    std::string text{};
    std::string remote_text{};
    stile::ByteVector data{};
    bool degraded = false;
    unsigned lost = 0;
    double round_trip_time = 0;
  };

  int timeout() const;
  void process();
  /// False if there is none.
  bool take(stile_event& event);

  stile::DescriptorSet descriptors;
  boost::asio::io_context context{1};
  stile::InterfaceFilter filter;
  std::deque<Event> events;
  Event told{};  ///< the last one that was taken
  std::vector<stile::ice::Candidate> candidates;
  bool gathered = false;
  std::shared_ptr<const char> life =
      std::make_shared<const char>('\0');  ///< ends with it: it may be freed in a callback
  stile::ice::Session session;

 private:
  stile::ice::Session::Callbacks callbacks();
};
