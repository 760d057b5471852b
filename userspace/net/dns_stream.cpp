// SPDX-License-Identifier: Apache-2.0
#include "net/dns_stream.h"

#include <deque>
#include <utility>

namespace sluice::net {
namespace {

constexpr std::size_t kLengthBytes = 2;

class DnsSession final : public FlowSession {
 public:
  explicit DnsSession(DnsStreamOptions options) : options_(std::move(options)) {}

  std::size_t handle(const Input& input, SteadyTime now, WallTime, FlowActions& out) override {
    answers_.clear();
    if (closed_) return 0;
    if (const auto* received = std::get_if<Received>(&input)) {
      const std::size_t used = take(received->bytes, out);
      if (!closed_) out.push_back(SetTimer{now + options_.idle_timeout});
      return used;
    }
    if (std::holds_alternative<SideClosed>(input))
      close("the agent closed", false, out);
    else if (std::holds_alternative<TimerFired>(input))
      close("nothing was asked for a while", false, out);
    else if (const auto* terminate = std::get_if<Terminate>(&input))
      close(terminate->reason, true, out);
    return 0;
  }

  Demand demand(Side side) const override {
    return side == Side::kAgent && !closed_ ? Demand::kMore : Demand::kNone;
  }

 private:
  std::size_t take(ByteView bytes, FlowActions& out) {
    std::size_t used = 0;
    while (!closed_ && bytes.size() - used >= kLengthBytes) {
      const std::size_t size =
          static_cast<std::size_t>(bytes[used]) << 8U | static_cast<std::size_t>(bytes[used + 1]);
      if (size > options_.query_bytes_max) {
        close("a DNS query of " + std::to_string(size) + " bytes", true, out);
        break;
      }
      if (bytes.size() - used < kLengthBytes + size) break;
      one(bytes.subspan(used + kLengthBytes, size), out);
      used += kLengthBytes + size;
    }
    return used;
  }

  void one(ByteView query, FlowActions& out) {
    if (++count_ > options_.query_count_max)
      return close("more DNS queries than one connection may ask", true, out);
    const Bytes answer = options_.answer(query);
    if (answer.empty() || answer.size() > 0xffff)
      return close("a DNS query that gets no answer", true, out);
    Bytes& message = answers_.emplace_back();
    message.reserve(kLengthBytes + answer.size());
    message.push_back(static_cast<std::uint8_t>(answer.size() >> 8U));
    message.push_back(static_cast<std::uint8_t>(answer.size() & 0xffU));
    message.insert(message.end(), answer.begin(), answer.end());
    out.push_back(Send{Side::kAgent, message});
  }

  void close(const std::string& reason, bool reset, FlowActions& out) {
    closed_ = true;
    out.push_back(Close{reason, reset});
  }

  DnsStreamOptions options_;
  std::deque<Bytes> answers_;  // what the Sends of the last handle() point into
  std::size_t count_ = 0;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<FlowSession> make_dns_session(DnsStreamOptions options) {
  return std::make_unique<DnsSession>(std::move(options));
}

}  // namespace sluice::net
