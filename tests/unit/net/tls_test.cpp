// SPDX-License-Identifier: Apache-2.0
// TLS on both legs of a flow: to the agent as the host CA's leaf, to the upstream as its client.
#include "support.h"
#include "tls_peer.h"

#include "net/certificate_impl.h"

namespace sluice::net::test {
namespace {

// Consumes "S" (or nothing), starts TLS, says how it went, then echoes.
Plane::Options agent_tls(bool direct) {
  Plane::Options options;
  options.make_session = [direct] {
    auto started = std::make_shared<bool>(false);
    auto hash = std::make_shared<Bytes>();
    return std::make_unique<ScriptSession>(
        [=](const Input& input, FlowActions& out) -> std::size_t {
          static const std::string consent = "S";
          if (const auto* received = std::get_if<Received>(&input)) {
            if (received->bytes.empty()) return 0;
            if (*started) {
              out.emplace_back(Send{Side::kAgent, received->bytes});
              return received->bytes.size();
            }
            *started = true;
            if (!direct) out.emplace_back(Send{Side::kAgent, as_bytes(consent)});
            out.emplace_back(StartTls{Side::kAgent, direct});
            return direct ? 0 : 1;
          }
          if (const auto* tls = std::get_if<TlsStarted>(&input)) {
            out.emplace_back(Record{Remark{tls->description}});
            *hash = tls->endpoint_hash;
            out.emplace_back(Send{Side::kAgent, *hash});
          }
          if (std::holds_alternative<SideClosed>(input)) out.emplace_back(Close{"done"});
          return 0;
        });
  };
  return options;
}

TEST(AgentTls, ShowsALeafThatTheHostCaVouchesFor) {
  Plane plane{agent_tls(false)};
  for (const std::string name : {"db.internal", "db2.internal", "127.0.0.1"}) {
    TlsPeer peer{plane.connect()};
    send_all(peer.fd(), "?");
    ASSERT_EQ(receive_exactly(peer.fd(), 1), "S");
    ASSERT_EQ(peer.connect({.ca_file = plane.ca().certificate_path(), .verify = name}), "");
    EXPECT_EQ(peer.read(32), std::string(as_text(peer.peer_certificate_sha256())));
    peer.write("hello");
    EXPECT_EQ(peer.read(5), "hello");
  }
  EXPECT_EQ(plane.ca().cached_leaves(), 1U);
}

TEST(AgentTls, IsNotForANameThatIsNotTheResources) {
  Plane plane{agent_tls(false)};
  TlsPeer peer{plane.connect()};
  send_all(peer.fd(), "?");
  ASSERT_EQ(receive_exactly(peer.fd(), 1), "S");
  EXPECT_NE(peer.connect({.ca_file = plane.ca().certificate_path(), .verify = "evil.internal"}),
            "");
}

TEST(AgentTls, TakesHandshakeBytesThatCameBeforeItWasStarted) {
  Plane plane{agent_tls(true)};
  TlsPeer peer{plane.connect()};
  ASSERT_EQ(peer.connect({.ca_file = plane.ca().certificate_path(),
                          .verify = "db.internal",
                          .alpn = "postgresql"}),
            "");
  EXPECT_EQ(peer.read(32).size(), 32U);
  peer.write(std::string(100'000, 'x'));
  EXPECT_EQ(peer.read(100'000), std::string(100'000, 'x'));
}

TEST(AgentTls, DirectWithoutTheRightProtocolIsRefused) {
  for (const std::string alpn : {"", "http/1.1"}) {
    Plane plane{agent_tls(true)};
    TlsPeer peer{plane.connect()};
    const std::string failed =
        peer.connect({.ca_file = plane.ca().certificate_path(), .alpn = alpn});
    // With TLS 1.3 the client's part is over before the server's refusal; nothing comes then.
    if (failed.empty()) {
      EXPECT_EQ(peer.read(32), "") << alpn;
    }
    EXPECT_TRUE(plane.journal.await("closed: done")) << alpn;
  }
}

TEST(AgentTls, GarbageInsteadOfAHandshakeIsRecordedAndEndsTheFlow) {
  Plane plane{agent_tls(false)};
  const UniqueFd agent = plane.connect();
  send_all(agent, "?this is no ClientHello, whatever it is");
  receive_to_end(agent);
  EXPECT_TRUE(plane.journal.await("closed: done"));
  bool said = false;
  for (const auto& line : plane.journal.lines())
    said |= line.starts_with("remark TLS with the agent failed: ");
  EXPECT_TRUE(said);
}

TEST(AgentTls, SaysGoodbyeInTlsAtTheEnd) {
  Plane plane{agent_tls(true)};
  TlsPeer peer{plane.connect()};
  ASSERT_EQ(peer.connect({.ca_file = plane.ca().certificate_path(), .alpn = "postgresql"}), "");
  peer.read(32);
  peer.close_notify();
  EXPECT_TRUE(peer.ended_in_order());
}

// Sends "T" up, waits for "S", starts TLS, then tells the agent how it went and relays.
Plane::Options upstream_tls(UpstreamTls mode, std::string ca_file, std::vector<std::string> names) {
  Plane::Options options;
  options.adjust = [=](FlowSetup& setup) {
    setup.upstream.tls = mode;
    setup.upstream.ca_file = ca_file;
    setup.upstream.verify_names = names;
  };
  options.make_session = [] {
    auto said = std::make_shared<std::string>();
    auto up = std::make_shared<bool>(false);
    return std::make_unique<ScriptSession>(
        [=](const Input& input, FlowActions& out) -> std::size_t {
          static const std::string ask = "T";
          if (const auto* received = std::get_if<Received>(&input)) {
            if (received->bytes.empty()) return 0;
            if (*up) {
              out.emplace_back(Send{received->side == Side::kAgent ? Side::kUpstream : Side::kAgent,
                                    received->bytes});
              return received->bytes.size();
            }
            if (received->side == Side::kAgent) {
              out.emplace_back(ConnectUpstream{});
            } else {
              out.emplace_back(StartTls{Side::kUpstream});
            }
            return 1;
          }
          if (std::holds_alternative<UpstreamConnected>(input))
            out.emplace_back(Send{Side::kUpstream, as_bytes(ask)});
          if (const auto* tls = std::get_if<TlsStarted>(&input)) {
            *up = true;
            *said = "up" + std::string{as_text(tls->endpoint_hash)};
            out.emplace_back(Send{Side::kAgent, as_bytes(*said)});
          }
          if (const auto* failed = std::get_if<UpstreamFailed>(&input)) {
            *said = failed->reason;
            out.emplace_back(Send{Side::kAgent, as_bytes(*said)});
            out.emplace_back(Close{"failed"});
          }
          return 0;
        });
  };
  return options;
}

class UpstreamTlsModes : public testing::Test {
 protected:
  TestAuthority good{"good"}, other{"other"};
  std::string outcome(UpstreamTls mode, const TestAuthority& trusted, const LeafNames& names,
                      std::vector<std::string> verify_names) {
    Plane plane{upstream_tls(mode, trusted.file(), std::move(verify_names))};
    const UniqueFd agent = plane.connect();
    send_all(agent, "!");
    TlsPeer peer{accept_one(plane.upstream.first)};
    EXPECT_EQ(receive_exactly(peer.fd(), 1), "T");
    send_all(peer.fd(), "S");
    peer.accept(good.issue(names));
    std::string said = receive_exactly(agent, 2);
    if (said != "up") return said + receive_to_end(agent);
    EXPECT_EQ(receive_exactly(agent, 32), as_text(peer.own_certificate_sha256()));
    server_name = peer.asked_name();
    send_all(agent, "ping");
    EXPECT_EQ(peer.read(4), "ping");
    peer.write("pong");
    EXPECT_EQ(receive_exactly(agent, 4), "pong");
    return said;
  }
  std::string server_name;
};

TEST_F(UpstreamTlsModes, RequireTakesAnyCertificate) {
  EXPECT_EQ(outcome(UpstreamTls::kRequire, other, {{"elsewhere"}, {}}, {"db.internal"}), "up");
  EXPECT_EQ(server_name, "db.internal");
}
TEST_F(UpstreamTlsModes, VerifyCaTakesAnyNameFromATrustedAuthority) {
  EXPECT_EQ(outcome(UpstreamTls::kVerifyCa, good, {{"elsewhere"}, {}}, {"db.internal"}), "up");
}
TEST_F(UpstreamTlsModes, VerifyCaRefusesAnUntrustedAuthority) {
  EXPECT_NE(outcome(UpstreamTls::kVerifyCa, other, {{"db.internal"}, {}}, {"db.internal"})
                .find("the upstream's certificate is not trusted"),
            std::string::npos);
}
TEST_F(UpstreamTlsModes, VerifyFullTakesTheNameAndTheAddress) {
  EXPECT_EQ(outcome(UpstreamTls::kVerifyFull, good, {{"db.internal"}, {}}, {"db.internal"}), "up");
  EXPECT_EQ(outcome(UpstreamTls::kVerifyFull, good, {{}, {*parse_ip("127.0.0.1")}}, {"127.0.0.1"}),
            "up");
  EXPECT_EQ(server_name, "") << "an address must not be sent as SNI";
}
TEST_F(UpstreamTlsModes, VerifyFullRefusesAnotherName) {
  EXPECT_EQ(outcome(UpstreamTls::kVerifyFull, good, {{"elsewhere"}, {}}, {"db.internal"}),
            "TLS with the upstream: the upstream's certificate is not for 'db.internal'");
}
TEST_F(UpstreamTlsModes, VerifyFullWithoutAnyNameRefuses) {
  EXPECT_NE(outcome(UpstreamTls::kVerifyFull, good, {{"db.internal"}, {}}, {}), "up");
}

TEST(UpstreamTlsStart, RefusesBytesThatWereInjectedBehindTheConsent) {
  TestAuthority authority{"good"};
  Plane plane{upstream_tls(UpstreamTls::kVerifyCa, authority.file(), {"db.internal"})};
  const UniqueFd agent = plane.connect();
  send_all(agent, "!");
  TlsPeer peer{accept_one(plane.upstream.first)};
  EXPECT_EQ(receive_exactly(peer.fd(), 1), "T");
  send_all(peer.fd(), "SInjected plain text");
  EXPECT_TRUE(receive_to_end(agent).starts_with("TLS with the upstream: "));
}

TEST(EndpointHash, IsSha256ForASha1SignatureAndTheSignaturesOwnHashOtherwise) {
  auto key = make_key();
  ASSERT_TRUE(key);
  const WallTime now = SystemClock{}.wall();
  auto certificate = make_ca_certificate(**key, "hash test", {now, now + std::chrono::hours{1}});
  ASSERT_TRUE(certificate);
  for (const auto& [digest, size] : {std::pair{EVP_sha1(), 32U},
                                     {EVP_sha256(), 32U},
                                     {EVP_sha384(), 48U},
                                     {EVP_sha512(), 64U}}) {
    ASSERT_GT(X509_sign(certificate->get(), key->get(), digest), 0);
    // Read anew: OpenSSL keeps what it once knew of a signature.
    auto again = certificate_from_pem(*to_pem(**certificate), "it");
    ASSERT_TRUE(again);
    EXPECT_EQ(endpoint_hash_of(again->get()).size(), size);
  }
}

}  // namespace
}  // namespace sluice::net::test
