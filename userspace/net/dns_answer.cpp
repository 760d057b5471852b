// SPDX-License-Identifier: Apache-2.0
#include "net/dns_answer.h"

#include <ldns/ldns.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>

namespace sluice::net {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kClassicUdpBytes = 512;    // what a client without EDNS takes (RFC 1035)
constexpr std::size_t kStreamBytesMax = 0xffff;  // the length in front of a message has two bytes
constexpr std::uint8_t kResponseBit = 0x80;      // QR, in the third byte
constexpr std::uint8_t kBadVersion = 1;          // upper bits of the extended code 16 (RFC 6891)

template <auto Function>
struct FreeWith {
  template <class T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};
using Packet = std::unique_ptr<ldns_pkt, FreeWith<ldns_pkt_free>>;
using Record = std::unique_ptr<ldns_rr, FreeWith<ldns_rr_free>>;
using Text = std::unique_ptr<char, FreeWith<std::free>>;
using Octets = std::unique_ptr<std::uint8_t, FreeWith<std::free>>;

std::string name_in(const ldns_rdf* owner) {
  const Text text{ldns_rdf2str(owner)};
  std::string name = text ? text.get() : "";
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(c < 0x80 ? std::tolower(c) : c); });
  // "\." is a dot inside of a label: such a name is not one that the policy could hold.
  if (name.ends_with('.') && !name.ends_with("\\.")) name.pop_back();
  return name;
}

Bytes bytes_of(const ldns_pkt* packet) {
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&data, packet, &size) != LDNS_STATUS_OK) return {};
  const Octets owned{data};
  return Bytes{data, data + size};
}

// An answer without records to what has a header at least.
Packet reply_to(const ldns_pkt& query, ldns_pkt_rcode code) {
  Packet reply{ldns_pkt_new()};
  if (!reply) return reply;
  ldns_pkt_set_id(reply.get(), ldns_pkt_id(&query));
  ldns_pkt_set_qr(reply.get(), true);
  ldns_pkt_set_opcode(reply.get(), ldns_pkt_get_opcode(&query));
  ldns_pkt_set_rd(reply.get(), ldns_pkt_rd(&query));
  ldns_pkt_set_ra(reply.get(), true);
  ldns_pkt_set_cd(reply.get(), ldns_pkt_cd(&query));
  ldns_pkt_set_rcode(reply.get(), static_cast<std::uint8_t>(code));
  return reply;
}

// The header alone, read by hand because the rest could not be read at all.
Bytes format_error(ByteView query) {
  Bytes reply(kHeaderBytes, 0);
  std::copy_n(query.begin(), 3, reply.begin());
  reply[2] = static_cast<std::uint8_t>((query[2] & 0x79U) | kResponseBit);  // opcode and RD stay
  reply[3] = LDNS_RCODE_FORMERR;
  return reply;
}

bool push_address(ldns_pkt& reply, const ldns_rr& question, const IpAddress& ip,
                  std::chrono::seconds ttl) {
  const bool v4 = ip.is_v4();
  Record record{ldns_rr_new()};
  ldns_rdf* owner = record ? ldns_rdf_clone(ldns_rr_owner(&question)) : nullptr;
  if (owner == nullptr) return false;
  ldns_rr_set_owner(record.get(), owner);
  ldns_rr_set_type(record.get(), v4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA);
  ldns_rr_set_class(record.get(), LDNS_RR_CLASS_IN);
  ldns_rr_set_ttl(record.get(), static_cast<std::uint32_t>(ttl.count()));
  const std::size_t skip = v4 ? 12 : 0;
  ldns_rdf* data = ldns_rdf_new_frm_data(v4 ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA,
                                         ip.bytes.size() - skip, ip.bytes.data() + skip);
  if (data == nullptr || !ldns_rr_push_rdf(record.get(), data)) return false;
  return ldns_pkt_push_rr(&reply, LDNS_SECTION_ANSWER, record.release());
}

// One question of a query that was read.
class Asked {
 public:
  Asked(const ldns_pkt& query, bool stream, const DnsLimits& limits)
      : query_(query), stream_(stream), limits_(limits) {}

  DnsReply answer(const DnsLookup& lookup) {
    if (ldns_pkt_get_opcode(&query_) != LDNS_PACKET_QUERY)
      return refuse(DnsVerdict::kRefused, LDNS_RCODE_NOTIMPL);
    if (ldns_pkt_qdcount(&query_) != 1 || ldns_rr_list_rr_count(ldns_pkt_question(&query_)) != 1 ||
        ldns_pkt_ancount(&query_) != 0 || ldns_pkt_nscount(&query_) != 0)
      return refuse(DnsVerdict::kMalformed, LDNS_RCODE_FORMERR);
    question_ = ldns_rr_list_rr(ldns_pkt_question(&query_), 0);
    reply_.name = name_in(ldns_rr_owner(question_));
    const Text type{ldns_rr_type2str(ldns_rr_get_type(question_))};
    reply_.type = type ? type.get() : "";
    if (ldns_pkt_edns(&query_) && ldns_pkt_edns_version(&query_) != 0) {
      bad_version_ = true;
      return refuse(DnsVerdict::kRefused, LDNS_RCODE_NOERROR);
    }
    if (ldns_rr_get_class(question_) != LDNS_RR_CLASS_IN)
      return refuse(DnsVerdict::kRefused, LDNS_RCODE_REFUSED);
    const DnsName found = lookup(reply_.name);
    if (!found.known) return refuse(DnsVerdict::kUnknownName, LDNS_RCODE_NXDOMAIN);
    if (found.addresses.empty()) return refuse(DnsVerdict::kUnresolved, LDNS_RCODE_SERVFAIL);
    return answer_with(found.addresses);
  }

 private:
  std::size_t room() const {
    if (stream_) return kStreamBytesMax;
    const std::size_t offered =
        ldns_pkt_edns(&query_) ? ldns_pkt_edns_udp_size(&query_) : kClassicUdpBytes;
    return std::min(std::max(offered, kClassicUdpBytes), limits_.udp_answer_bytes_max);
  }

  Packet begin(ldns_pkt_rcode code) const {
    Packet reply = reply_to(query_, code);
    if (!reply) return reply;
    ldns_rr* copy = question_ != nullptr ? ldns_rr_clone(question_) : nullptr;
    if (copy != nullptr) ldns_pkt_push_rr(reply.get(), LDNS_SECTION_QUESTION, copy);
    if (!ldns_pkt_edns(&query_)) return reply;
    ldns_pkt_set_edns_udp_size(reply.get(),
                               static_cast<std::uint16_t>(limits_.udp_answer_bytes_max));
    if (bad_version_) ldns_pkt_set_edns_extended_rcode(reply.get(), kBadVersion);
    return reply;
  }

  DnsReply refuse(DnsVerdict verdict, ldns_pkt_rcode code) {
    const Packet reply = begin(code);
    reply_.verdict = verdict;
    if (reply) reply_.message = bytes_of(reply.get());
    return std::move(reply_);
  }

  DnsReply answer_with(const std::vector<IpAddress>& addresses) {
    const auto type = ldns_rr_get_type(question_);
    Packet reply = begin(LDNS_RCODE_NOERROR);
    if (!reply) return std::move(reply_);
    for (const IpAddress& ip : addresses) {
      const bool wanted =
          type == LDNS_RR_TYPE_ANY || type == (ip.is_v4() ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA);
      if (wanted && push_address(*reply, *question_, ip, limits_.ttl))
        reply_.addresses.push_back(ip);
    }
    reply_.verdict = reply_.addresses.empty() ? DnsVerdict::kNoData : DnsVerdict::kAnswered;
    reply_.message = bytes_of(reply.get());
    if (reply_.message.size() <= room()) return std::move(reply_);
    // Not a part of the addresses: who takes a part for the whole would not ask by TCP.
    reply = begin(LDNS_RCODE_NOERROR);
    if (!reply) return DnsReply{};
    ldns_pkt_set_tc(reply.get(), true);
    reply_.truncated = true;
    reply_.addresses.clear();
    reply_.message = bytes_of(reply.get());
    return std::move(reply_);
  }

  const ldns_pkt& query_;
  const bool stream_;
  const DnsLimits& limits_;
  const ldns_rr* question_ = nullptr;
  bool bad_version_ = false;
  DnsReply reply_;
};

}  // namespace

std::string_view name_of(DnsVerdict verdict) {
  switch (verdict) {
    case DnsVerdict::kAnswered: return "answered";
    case DnsVerdict::kNoData: return "no_data";
    case DnsVerdict::kUnknownName: return "unknown_name";
    case DnsVerdict::kUnresolved: return "unresolved";
    case DnsVerdict::kRefused: return "refused";
    case DnsVerdict::kMalformed: return "malformed";
    case DnsVerdict::kIgnored: return "ignored";
  }
  return "?";
}

DnsReply answer_dns(ByteView query, bool stream, const DnsLimits& limits, const DnsLookup& lookup) {
  // A response is never answered: two resolvers could keep one another busy for ever.
  if (query.size() < kHeaderBytes || (query[2] & kResponseBit) != 0) return {};
  DnsReply malformed;
  malformed.verdict = DnsVerdict::kMalformed;
  ldns_pkt* parsed = nullptr;
  if (query.size() > limits.query_bytes_max ||
      ldns_wire2pkt(&parsed, query.data(), query.size()) != LDNS_STATUS_OK) {
    malformed.message = format_error(query);
    return malformed;
  }
  const Packet packet{parsed};
  return Asked{*packet, stream, limits}.answer(lookup);
}

}  // namespace sluice::net
