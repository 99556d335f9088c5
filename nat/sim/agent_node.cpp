#include "nat/sim/agent_node.hpp"

#include <algorithm>

#include "stile/ice/peer_framing.hpp"
#include "stile/stun/stream_framing.hpp"

namespace stile::sim {

namespace {
constexpr std::string_view greeting = "hello through the NATs";
constexpr std::uint16_t first_port = 40'000;

struct NextMessage {
  Bytes message;
  std::size_t size_on_stream;
};

/// The first of a stream, once all of it is there.
std::optional<NextMessage> next_message(Bytes stream, bool to_server) {
  if (to_server) {
    const auto frame = stun::next_frame(stream);
    if (frame.status != stun::Frame::Status::complete) return std::nullopt;
    return NextMessage{stream.first(frame.message_size), frame.size_on_stream};
  }
  const auto message = ice::framed_message(stream);
  if (!message) return std::nullopt;
  return NextMessage{*message, ice::frame_header_size + message->size()};
}
}  // namespace

AgentNode::AgentNode(World& world, const std::string& name, Segment& segment,
                     const IpAddress& address, ice::Config config)
    : world_(world),
      name_(name),
      address_(address),
      random_(world.random_for("agent " + name)),
      host_(segment, address),
      tcp_(world, name, [this](Bytes packet) { host_.send_packet(packet); }),
      agent_(std::move(config), random_),
      alarm_(
          world, [this] { return agent_.poll_timeout(); },
          [this] {
            agent_.handle_timeout(world_.now());
            drain();
          }),
      next_port_(static_cast<std::uint16_t>(first_port + random_.below(20'000))) {
  host_.take_tcp(
      [this](const TransportAddress& from, const TransportAddress& to,
             const nat::TcpView& segment_view) { tcp_.receive(from, to, segment_view); });
}

void AgentNode::introduce(AgentNode& a, AgentNode& b, Duration signalling_delay) {
  a.other_ = &b;
  b.other_ = &a;
  for (AgentNode* node : {&a, &b}) {
    node->signalling_delay_ = signalling_delay;
    node->begin();
  }
}

void AgentNode::tell_parameters() {
  signal([parameters = agent_.local_parameters()](AgentNode& other) { other.take(parameters); });
}

void AgentNode::tell_candidate(const ice::Candidate& candidate) {
  signal([candidate](AgentNode& other) {
    other.agent_.add_remote_candidate(other.world_.now(), candidate);
  });
}

bool AgentNode::trickles() const {
  return agent_.local_parameters().has_option("trickle");
}

void AgentNode::take(const ice::Parameters& parameters) {
  if (agent_.is_restart(parameters.credentials)) restart();
  agent_.set_remote_parameters(world_.now(), parameters);
}

void AgentNode::restart() {
  selected_.reset();
  const IpAddress addresses[] = {address_};
  agent_.restart(world_.now(), addresses);
  untold_.clear();
  if (trickles()) tell_parameters();
  drain();
}

void AgentNode::begin() {
  if (trickles()) tell_parameters();
  const IpAddress addresses[] = {address_};
  agent_.gather(world_.now(), addresses);
  drain();
}

void AgentNode::signal(std::function<void(AgentNode&)> what) {
  world_.after(signalling_delay_, [other = other_, what = std::move(what)] {
    what(*other);
    other->drain();
  });
}

void AgentNode::take(const ice::OpenSocket& command) {
  const TransportAddress local{command.local.ip, next_port_++};
  sockets_[command.id] = local;
  host_.bind(local, [this, id = command.id](const TransportAddress& from, MutableBytes datagram) {
    take_datagram(id, from, datagram);
  });
  agent_.handle_socket_opened(world_.now(), command.id, local);
}

void AgentNode::take_datagram(ice::SocketId id, const TransportAddress& from,
                              MutableBytes datagram) {
  const auto received = agent_.handle_datagram(world_.now(), id, from, datagram);
  if (received && as_text(received->data) == greeting) {
    ++heard_;
    if (!first_heard_) say("hears the other");
    first_heard_ = first_heard_.value_or(world_.now());
  }
  drain();
}

void AgentNode::take(const ice::OpenListener& command) {
  const TransportAddress local{command.local.ip, next_port_++};
  sockets_[command.id] = local;
  tcp_.listen(local, [this, local, id = command.id](const TransportAddress& from) {
    const auto accepted = agent_.handle_accepted(world_.now(), id, from);
    if (accepted) streams_[*accepted] = {{local, from}};
    world_.after({}, [this] { drain(); });
    return accepted ? std::optional(callbacks_of(*accepted)) : std::nullopt;
  });
  agent_.handle_socket_opened(world_.now(), command.id, local);
}

void AgentNode::take(const ice::ConnectToPeer& command) {
  connect(command.id, command.local, command.remote, false);
}

void AgentNode::take(const ice::OpenConnection& command) {
  const bool from_listener = command.local.port != 0;
  connect(command.id, from_listener ? command.local : TransportAddress{address_, 0}, command.server,
          true);
}

void AgentNode::connect(ice::SocketId id, TransportAddress local, const TransportAddress& remote,
                        bool to_server) {
  if (local.port == 0) local.port = next_port_++;
  const Tcp::Ends ends{local, remote};
  streams_[id] = {ends, {}, to_server};
  tcp_.connect(ends, callbacks_of(id));
}

Tcp::Callbacks AgentNode::callbacks_of(ice::SocketId id) {
  Tcp::Callbacks callbacks;
  callbacks.on_opened = [this, id](bool opened) {
    const auto stream = streams_.find(id);
    if (stream == streams_.end()) return;  // closed meanwhile
    const TransportAddress local = stream->second.ends.local;
    if (!opened) streams_.erase(stream);
    agent_.handle_socket_opened(world_.now(), id,
                                opened ? std::expected<TransportAddress, std::string>(local)
                                       : std::unexpected("no answer"));
    drain();
  };
  callbacks.on_bytes = [this, id](Bytes bytes) { take_bytes(id, bytes); };
  callbacks.on_ended = [this, id] {
    streams_.erase(id);
    agent_.handle_disconnected(world_.now(), id, "reset");
    drain();
  };
  return callbacks;
}

void AgentNode::take_bytes(ice::SocketId id, Bytes bytes) {
  ByteVector& input = streams_.at(id).input;
  input.insert(input.end(), bytes.begin(), bytes.end());
  for (;;) {
    const auto stream = streams_.find(id);  // a datagram may have ended it
    if (stream == streams_.end()) return;
    ByteVector& rest = stream->second.input;
    const auto next = next_message(rest, stream->second.to_server);
    if (!next) return;
    ByteVector buffer(datagram_headroom + next->message.size() + datagram_tailroom);
    std::ranges::copy(next->message, buffer.begin() + datagram_headroom);
    const std::size_t size = next->message.size();
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(next->size_on_stream));
    take_datagram(id, stream->second.ends.remote,
                  MutableBytes(buffer).subspan(datagram_headroom, size));
  }
}

void AgentNode::transmit(ice::SocketId from, const TransportAddress& to, Bytes datagram,
                         std::optional<std::uint8_t> ttl) {
  const auto stream = streams_.find(from);
  if (stream == streams_.end()) return host_.send(sockets_.at(from), to, datagram, ttl);
  if (stream->second.to_server) return tcp_.send(stream->second.ends, datagram);
  tcp_.send(stream->second.ends, ice::frame_of(datagram));
}

void AgentNode::take(const ice::CloseSocket& command) {
  if (const auto stream = streams_.find(command.id); stream != streams_.end()) {
    tcp_.close(stream->second.ends);
    streams_.erase(stream);
    return;
  }
  tcp_.end_listening(sockets_.at(command.id));
  host_.unbind(sockets_.at(command.id));
}

void AgentNode::take(const ice::SendDatagram& command) {
  transmit(command.from, command.to, command.bytes, command.ttl);
}

void AgentNode::tell(const ice::Event& event) {
  if (const auto* found = std::get_if<ice::LocalCandidateFound>(&event)) {
    say(found->candidate.to_string());
    if (trickles())
      tell_candidate(found->candidate);
    else
      untold_.push_back(found->candidate);
  } else if (std::holds_alternative<ice::GatheringDone>(event)) {
    say("has gathered all candidates");
    if (!trickles()) tell_parameters();
    for (const ice::Candidate& candidate : std::exchange(untold_, {})) tell_candidate(candidate);
    signal([](AgentNode& other) { other.agent_.end_of_remote_candidates(other.world_.now()); });
  } else if (const auto* changed = std::get_if<ice::StateChanged>(&event)) {
    say("is " + std::string(ice::to_string(changed->state)) +
        (changed->reason.empty() ? "" : ": " + changed->reason));
    if (changed->state == ice::State::connected || changed->state == ice::State::completed) greet();
  } else if (const auto* selected = std::get_if<ice::PairSelected>(&event)) {
    selected_ = *selected;
    first_selected_ = first_selected_.value_or(*selected);
    say("selects " + selected->local.address.to_string() + " (" +
        std::string(ice::to_string(selected->local.type)) + ") to " +
        selected->remote.address.to_string() + " (" +
        std::string(ice::to_string(selected->remote.type)) + ")");
  } else if (const auto* path = std::get_if<ice::PathHealthChanged>(&event)) {
    say("has a path that is " + std::string(ice::to_string(path->health)));
  } else if (const auto* failed = std::get_if<ice::ServerFailed>(&event)) {
    say("server " + failed->server.to_string() + ": " + failed->reason);
  }
}

void AgentNode::greet() {
  ByteVector buffer(datagram_headroom + greeting.size() + datagram_tailroom);
  std::ranges::copy(as_bytes(greeting), buffer.begin() + datagram_headroom);
  const auto ready = agent_.send(world_.now(), 1,
                                 MutableBytes(buffer).subspan(datagram_headroom, greeting.size()));
  if (ready) transmit(ready->from, ready->to, ready->datagram);
}

void AgentNode::drain() {
  for (bool more = true; more;) {
    more = false;
    while (const auto command = agent_.poll_command()) {
      std::visit([this](const auto& each) { take(each); }, *command);
      more = true;
    }
    while (const auto event = agent_.poll_event()) {
      tell(*event);
      more = true;
    }
  }
  alarm_.plan();
}

void AgentNode::say(const std::string& text) {
  if (on_line) on_line(name_ + " " + text);
}

}  // namespace stile::sim
