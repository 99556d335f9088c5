#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "control/descriptor.hpp"
#include "server/fastpath/flow.hpp"

struct bpf_object;

namespace stile::server {

/// program.bpf.c in the kernel, with its tables. Safe to use from several threads. It is gone with
/// its process, however that ends.
class KernelProgram {
 public:
  /// Or why it cannot be had.
  static std::expected<KernelProgram, std::string> load(std::size_t most_flows);

  /// Sees what comes in by the interface as long as the link is open; none if it cannot.
  control::Descriptor attach(std::uint32_t interface) const;
  void set(const flow_state& state) const;
  /// Of the program, for trial runs.
  int fd() const { return program_; }

  /// False if the table is full.
  bool put(const FlowEntry& flow) const;
  std::optional<flow_entry> find(const flow_key& key) const;
  /// Takes it out.
  std::optional<flow_entry> take(const flow_key& key) const;

  /// Likewise.
  bool put(const listener_key& key, const listener_entry& entry) const;
  std::optional<listener_entry> find(const listener_key& key) const;
  std::optional<listener_entry> take(const listener_key& key) const;
  void limit_answers(const answer_limit& limit) const;

 private:
  struct Close {
    void operator()(bpf_object* object) const;
  };
  explicit KernelProgram(bpf_object* object);

  std::unique_ptr<bpf_object, Close> object_;
  // The object's descriptors.
  int program_ = -1, flows_ = -1, state_ = -1, listeners_ = -1, limit_ = -1;
};

}  // namespace stile::server
