// Bytes -> a URI and what the DNS answers about it, in any order. Whatever a zone says, the search
// asks little, ends when all is answered, and finds few places.

#include <array>
#include <vector>

#include "stile/turn/server_search.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using fuzz::Input;
using fuzz::require;

constexpr std::array uris{"turn:a.test", "turns:a.test", "turn:a.test?transport=tcp", "stun:a.test",
                          "turn:a.test:99"};
constexpr std::array names{
    "a.test", "b.test", "c.TEST.", "_turn._udp.a.test", "_turns._tcp.a.test", ".", "", "localhost"};
constexpr std::array flags{"", "s", "A", "u", "P"};
constexpr std::array services{"RELAY:turn.udp", "relay:turn.tcp:turn.tls:turn.dtls", "RELAY", "",
                              "RELAY:turn.udp:turn.tcp:turn.tls:turn.dtls"};

template <class List>
std::string one_of(const List& list, Input& input) {
  return list[input.u8() % list.size()];
}

dns::Answer answer_from(Input& input) {
  dns::Answer answer;
  const std::uint8_t counts = input.u8();
  for (int i = 0; i < (counts & 3); ++i)
    answer.addresses.push_back(IpAddress::v4(192, 0, 2, input.u8()));
  for (int i = 0; i < (counts >> 2 & 7); ++i)
    answer.srv.push_back({input.u8(), input.u16(), input.u16(), one_of(names, input)});
  const int repeats = counts & 0x80 ? 40 : 1;  // more than are looked at
  for (int i = 0; i < (counts >> 5 & 3) * repeats; ++i)
    answer.naptr.push_back({input.u8(), input.u8(), one_of(flags, input), one_of(services, input),
                            one_of(names, input)});
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  SeededRandom random(input.u8());
  turn::ServerSearch search(*turn::ServerUri::parse(one_of(uris, input)), random);
  std::vector<dns::Question> open;
  std::size_t asked = 0;
  for (;;) {
    while (auto question = search.poll_question()) open.push_back(std::move(*question)), ++asked;
    require(asked <= 32, "little is asked");
    require(search.places().size() <= 16, "few places are found");
    if (open.empty()) break;
    const auto next = open.begin() + input.u8() % static_cast<std::ptrdiff_t>(open.size());
    const dns::Question question = *next;
    open.erase(next);
    search.handle_answer(question, answer_from(input));
  }
  require(search.is_over(), "when all is answered nothing is missing");
  return 0;
}
