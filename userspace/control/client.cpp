// SPDX-License-Identifier: Apache-2.0
#include "control/client.h"

#include "base/json_read.h"
#include "base/unique_fd.h"
#include "control/codec.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <sstream>

namespace sluice::control {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

// Far above any listing; stops a false daemon from filling our memory.
constexpr std::size_t kReplyBytesMax = 256U << 20;

using Deadline = std::chrono::steady_clock::time_point;

Result<UniqueFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{"the socket's path is too long"};
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!socket) return Error::sys(errno, "open a socket");
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Error::sys(errno, "connect");
  return socket;
}

Result<void> wait_for(int socket, short events, Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Error{"no answer in time"};
    pollfd state{socket, events, 0};
    const int ready = ::poll(&state, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return Error::sys(errno, "wait for an answer");
  }
}

Result<void> send_all(int socket, std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    SLUICE_TRY_VOID(wait_for(socket, POLLOUT, deadline));
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    // A daemon that refuses to hear more may have answered already: read that.
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return {};
    if (sent < 0) return Error::sys(errno, "send the request");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<http::response<http::string_body>> read_response(int socket, Deadline deadline) {
  http::response_parser<http::string_body> parser;
  parser.body_limit(kReplyBytesMax);
  parser.eager(true);
  beast::flat_buffer buffer;
  while (!parser.is_done()) {
    SLUICE_TRY_VOID(wait_for(socket, POLLIN, deadline));
    const auto space = buffer.prepare(16 * 1024);
    const ssize_t got = ::recv(socket, space.data(), space.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return Error::sys(errno, "read the answer");
    beast::error_code error;
    if (got == 0) {
      if (parser.got_some()) parser.put_eof(error);
      if (error || !parser.is_done()) return Error{"the connection was closed before an answer"};
      break;
    }
    buffer.commit(static_cast<std::size_t>(got));
    const std::size_t used = parser.put(buffer.data(), error);
    buffer.consume(used);
    if (error && error != http::error::need_more)
      return Error{"the answer is not HTTP: " + error.message()};
  }
  return parser.release();
}

Result<http::response<http::string_body>> exchange(const std::string& path,
                                                   const std::string& method,
                                                   const std::string& target,
                                                   const std::string& body,
                                                   std::chrono::seconds timeout) {
  SLUICE_TRY(const UniqueFd socket, connect_to(path));
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(beast::string_view{method.data(), method.size()});
  request.target(beast::string_view{target.data(), target.size()});
  request.set(http::field::host, "sluice");
  request.set(http::field::connection, "close");
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = body;
  request.prepare_payload();
  std::ostringstream wire;
  wire << request;
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  SLUICE_TRY_VOID(send_all(socket.get(), wire.str(), deadline));
  return read_response(socket.get(), deadline);
}

std::string advice(const Error& error) {
  switch (error.code()) {
    case ENOENT:
    case ECONNREFUSED:
      return "start it (systemctl start sluice), or name its configuration with --config or "
             "SLUICE_CONFIG";
    case EACCES:
    case EPERM: return "the directory of the socket is closed to you: ask root";
    default: return "see the daemon's log";
  }
}

}  // namespace

Reply Client::call(const std::string& method, const std::string& target, const std::string& body,
                   std::chrono::seconds timeout) const {
  try {
    auto response = exchange(path_, method, target, body, timeout);
    if (!response)
      return Unreachable{"cannot reach the daemon at " + path_ + " (" + response.error().text() +
                         "): " + advice(response.error())};
    if (response->result_int() == 200) return response->body();
    Refusal refusal;
    auto value = parse_json(response->body());
    if (value) {
      if (auto ok = read(*value, refusal); ok) return refusal;
    }
    return Unreachable{"what answers at " + path_ + " does not speak the control protocol (HTTP " +
                       std::to_string(response->result_int()) + ")"};
  } catch (const std::exception& thrown) {
    return Unreachable{"cannot ask the daemon at " + path_ + ": " + thrown.what()};
  }
}

}  // namespace sluice::control
