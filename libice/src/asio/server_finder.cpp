#include "stile/asio/server_finder.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "asio/dns_client.hpp"

namespace stile {

struct ServerFinder::Impl : std::enable_shared_from_this<Impl> {
  struct Search {
    turn::ServerSearch search;
    Handler handler;
  };

  explicit Impl(const boost::asio::any_io_executor& where) : executor(where), client(where) {}

  void advance(const std::shared_ptr<Search>& of) {
    while (const auto question = of->search.poll_question())
      client.ask(*question,
                 [weak = weak_from_this(), of, question = *question](dns::Answer answer) {
                   const auto self = weak.lock();
                   if (!self || !of->handler) return;
                   of->search.handle_answer(question, std::move(answer));
                   self->advance(of);
                 });
    if (!of->search.is_over() || !of->handler) return;
    boost::asio::post(executor, [weak = weak_from_this(), handler = std::exchange(of->handler, {}),
                                 places = of->search.places()]() mutable {
      if (weak.lock()) handler(std::move(places));
    });
  }

  boost::asio::any_io_executor executor;
  SystemRandom random;
  DnsClient client;
};

ServerFinder::ServerFinder(boost::asio::any_io_executor executor)
    : impl_(std::make_shared<Impl>(executor)) {}
ServerFinder::~ServerFinder() = default;

void ServerFinder::find(turn::ServerUri uri, Handler handler) {
  impl_->advance(std::make_shared<Impl::Search>(turn::ServerSearch(std::move(uri), impl_->random),
                                                std::move(handler)));
}

void ServerFinder::watch_descriptors(std::function<void(int)> watch) {
  impl_->client.watch_descriptors(std::move(watch));
}

Instant ServerFinder::deadline() const {
  return impl_->client.deadline();
}

}  // namespace stile
