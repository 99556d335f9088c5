#include "nat/upnp/event_message.hpp"

#include <pugixml.hpp>
#include <sstream>

namespace stile::nat::upnp {

namespace {

std::string property_set(const Results& variables) {
  pugi::xml_document document;
  pugi::xml_node set = document.append_child("e:propertyset");
  set.append_attribute("xmlns:e") = "urn:schemas-upnp-org:event-1-0";
  for (const auto& [name, value] : variables)
    set.append_child("e:property").append_child(name.c_str()).text().set(value.c_str());
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

}  // namespace

std::string event_message(const CallbackUrl& to, const std::string& sid, std::uint32_t key,
                          const Results& variables) {
  const std::string body = property_set(variables);
  return "NOTIFY " + to.path + " HTTP/1.1\r\nHOST: " + to.address.to_string() +
         "\r\nCONTENT-TYPE: text/xml; charset=\"utf-8\"\r\nNT: upnp:event\r\n"
         "NTS: upnp:propchange\r\nSID: " +
         sid + "\r\nSEQ: " + std::to_string(key) +
         "\r\nCONTENT-LENGTH: " + std::to_string(body.size()) + "\r\nCONNECTION: close\r\n\r\n" +
         body;
}

}  // namespace stile::nat::upnp
