#include "server/shell/worker.hpp"

namespace stile::server {

bool Worker::configure(std::shared_ptr<const relay::Config> config) {
  shared_.config = config;
  relay_.handle_config(now_, std::move(config));
  drain();
  peers_.ask_again(now_);
  if (kernel_flows_) kernel_flows_->allow(shared_.config->bandwidth == relay::BandwidthLimits{});
  if (dtls_) dtls_->limit_answers(relay::RateLimiter(shared_.config->unauthenticated, random_));
  return true;
}

bool Worker::start_draining() {
  relay_.handle_drain(now_);
  return true;
}

bool Worker::renew_kernel_flows() {
  if (kernel_flows_) kernel_flows_->renew();
  return true;
}

bool Worker::close(const TransportAddress& relayed) {
  return close_if([&](const relay::AllocationInfo& info) {
           return info.relayed_v4 == relayed || info.relayed_v6 == relayed;
         }) > 0;
}

std::size_t Worker::close_user(std::string_view user) {
  return close_if([&](const relay::AllocationInfo& info) { return info.username == user; });
}

std::size_t Worker::close_if(const std::function<bool(const relay::AllocationInfo&)>& wanted) {
  std::vector<FiveTuple> found;
  relay_.for_each_allocation([&](const relay::AllocationInfo& info) {
    if (wanted(info)) found.push_back(info.five_tuple);
  });
  for (const FiveTuple& each : found) relay_.handle_close(now_, each);
  drain();
  return found.size();
}

}  // namespace stile::server
