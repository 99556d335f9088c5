#include "nat/sim/agent_node.hpp"

#include <algorithm>

namespace stile::sim {

namespace {
constexpr std::string_view greeting = "hello through the NATs";
constexpr std::uint16_t first_port = 40'000;
}  // namespace

AgentNode::AgentNode(World& world, const std::string& name, Segment& segment,
                     const IpAddress& address, ice::Config config)
    : world_(world),
      name_(name),
      address_(address),
      random_(world.random_for("agent " + name)),
      host_(segment, address),
      agent_(std::move(config), random_),
      alarm_(
          world, [this] { return agent_.poll_timeout(); },
          [this] {
            agent_.handle_timeout(world_.now());
            drain();
          }),
      next_port_(static_cast<std::uint16_t>(first_port + random_.below(20'000))) {}

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

void AgentNode::take(const ice::Parameters& parameters) {
  if (agent_.is_restart(parameters.credentials)) restart();
  agent_.set_remote_parameters(world_.now(), parameters);
}

void AgentNode::restart() {
  selected_.reset();
  const IpAddress addresses[] = {address_};
  agent_.restart(world_.now(), addresses);
  tell_parameters();
  drain();
}

void AgentNode::begin() {
  tell_parameters();
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
    const auto received = agent_.handle_datagram(world_.now(), id, from, datagram);
    if (received && as_text(received->data) == greeting) {
      ++heard_;
      if (!first_heard_) say("hears the other");
      first_heard_ = first_heard_.value_or(world_.now());
    }
    drain();
  });
  agent_.handle_socket_opened(world_.now(), command.id, local);
}

void AgentNode::take(const ice::CloseSocket& command) {
  host_.unbind(sockets_.at(command.id));
}

void AgentNode::take(const ice::SendDatagram& command) {
  host_.send(sockets_.at(command.from), command.to, command.bytes);
}

void AgentNode::tell(const ice::Event& event) {
  if (const auto* found = std::get_if<ice::LocalCandidateFound>(&event)) {
    say(found->candidate.to_string());
    signal([candidate = found->candidate](AgentNode& other) {
      other.agent_.add_remote_candidate(other.world_.now(), candidate);
    });
  } else if (std::holds_alternative<ice::GatheringDone>(event)) {
    say("has gathered all candidates");
    signal([](AgentNode& other) { other.agent_.end_of_remote_candidates(other.world_.now()); });
  } else if (const auto* changed = std::get_if<ice::StateChanged>(&event)) {
    say("is " + std::string(ice::to_string(changed->state)) +
        (changed->reason.empty() ? "" : ": " + changed->reason));
    if (changed->state == ice::State::connected || changed->state == ice::State::completed) greet();
  } else if (const auto* selected = std::get_if<ice::PairSelected>(&event)) {
    selected_ = *selected;
    say("selects " + selected->local.address.to_string() + " (" +
        std::string(ice::to_string(selected->local.type)) + ") to " +
        selected->remote.address.to_string() + " (" +
        std::string(ice::to_string(selected->remote.type)) + ")");
  } else if (const auto* failed = std::get_if<ice::ServerFailed>(&event)) {
    say("server " + failed->server.to_string() + ": " + failed->reason);
  }
}

void AgentNode::greet() {
  ByteVector buffer(datagram_headroom + greeting.size() + datagram_tailroom);
  std::ranges::copy(as_bytes(greeting), buffer.begin() + datagram_headroom);
  const auto ready = agent_.send(world_.now(), 1,
                                 MutableBytes(buffer).subspan(datagram_headroom, greeting.size()));
  if (ready) host_.send(sockets_.at(ready->from), ready->to, ready->datagram);
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
