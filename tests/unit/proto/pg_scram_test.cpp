// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/scram.h"

#include <gtest/gtest.h>

#include "proto/postgres/md5.h"

namespace sluice::pg {
namespace {

// RFC 7677, section 3.
constexpr std::string_view kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view kClientFinal =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr std::string_view kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

ScramOptions rfc_options() {
  ScramOptions options;
  options.nonce = "rOprNGfwEbeRWgbNEkqO";
  options.username = "user";
  options.password = Secret{std::string_view("pencil")};
  return options;
}

TEST(Scram, SpeaksTheExampleOfRfc7677) {
  ScramClient client{rfc_options()};
  EXPECT_EQ(client.mechanism(), kScramSha256);
  EXPECT_EQ(*client.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(*client.respond(kServerFirst), kClientFinal);
  EXPECT_FALSE(client.verified());
  EXPECT_TRUE(client.verify(kServerFinal));
  EXPECT_TRUE(client.verified());
}

TEST(Scram, UsesAKnownSaltedPasswordOnlyForTheSameSaltAndIterations) {
  ScramClient first{rfc_options()};
  ASSERT_TRUE(first.respond(kServerFirst));
  EXPECT_FALSE(first.salted_password()) << "not before the server has proved itself";
  ASSERT_TRUE(first.verify(kServerFinal));
  auto salted = first.salted_password();
  ASSERT_TRUE(salted);

  ScramOptions options = rfc_options();
  options.password = Secret{};  // so that only the cache can give the right proof
  options.salted = salted->clone();
  ScramClient second{std::move(options)};
  EXPECT_EQ(*second.respond(kServerFirst), kClientFinal);

  ScramOptions stale = rfc_options();
  stale.salted = salted->clone();
  stale.salted->iterations = 4097;
  ScramClient third{std::move(stale)};
  EXPECT_EQ(*third.respond(kServerFirst), kClientFinal);
}

TEST(Scram, BindsToTheServersCertificate) {
  ScramOptions options = rfc_options();
  options.binding = ChannelBinding::kTlsServerEndPoint;
  options.endpoint_hash = to_bytes("hash");
  ScramClient client{std::move(options)};
  EXPECT_EQ(client.mechanism(), kScramSha256Plus);
  EXPECT_EQ(*client.first(), "p=tls-server-end-point,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const auto response = client.respond(kServerFirst);
  ASSERT_TRUE(response);
  // base64("p=tls-server-end-point,,hash")
  EXPECT_TRUE(response->starts_with("c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsaGFzaA==,r=")) << *response;
}

TEST(Scram, SaysThatItCouldHaveBound) {
  ScramOptions options = rfc_options();
  options.binding = ChannelBinding::kServerDoesNot;
  ScramClient client{std::move(options)};
  EXPECT_TRUE(client.first()->starts_with("y,,n="));
  EXPECT_TRUE(client.respond(kServerFirst)->starts_with("c=eSws,"));
}

TEST(Scram, RefusesToBindToNothing) {
  ScramOptions options = rfc_options();
  options.binding = ChannelBinding::kTlsServerEndPoint;
  EXPECT_FALSE(ScramClient{std::move(options)}.first());
}

TEST(Scram, RefusesAnUnfitNonce) {
  for (const char* nonce : {"", "a,b", "a b", "a\n"}) {
    ScramOptions options = rfc_options();
    options.nonce = nonce;
    EXPECT_FALSE(ScramClient{std::move(options)}.first()) << nonce;
  }
}

class HostileServerFirst : public ::testing::TestWithParam<const char*> {};
TEST_P(HostileServerFirst, IsRefusedAndTheExchangeIsOver) {
  ScramClient client{rfc_options()};
  EXPECT_FALSE(client.respond(GetParam()));
  EXPECT_FALSE(client.respond(kServerFirst)) << "no second try with the same nonce";
  EXPECT_FALSE(client.verify(kServerFinal));
  EXPECT_FALSE(client.verified());
}
INSTANTIATE_TEST_SUITE_P(
    Scram, HostileServerFirst,
    ::testing::Values(
        "", "r=", "m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=4096", "r=another,s=QUJD,i=4096",
        "r=rOprNGfwEbeRWgbNEkqO,s=QUJD,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=QUJ,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=QU=D,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=", "r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=1",
        "r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=4095", "r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=-1",
        "r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=4294967296", "r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=200001",
        "r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=4096x", "r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=4096,x=1",
        "r=rOprNGfwEbeRWgbNEkqO\x01x,s=QUJD,i=4096"));

class HostileServerFinal : public ::testing::TestWithParam<const char*> {};
TEST_P(HostileServerFinal, IsNotBelieved) {
  ScramClient client{rfc_options()};
  ASSERT_TRUE(client.respond(kServerFirst));
  EXPECT_FALSE(client.verify(GetParam()));
  EXPECT_FALSE(client.verified());
  EXPECT_FALSE(client.verify(kServerFinal)) << "no second try";
}
INSTANTIATE_TEST_SUITE_P(Scram, HostileServerFinal,
                         ::testing::Values("", "v=", "e=other-error",
                                           "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=",
                                           "v=AAAA", "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
                                           "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,x=1",
                                           "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));

TEST(Scram, DoesNotBelieveAServerThatSkipsTheExchange) {
  ScramClient client{rfc_options()};
  EXPECT_FALSE(client.verify(kServerFinal));
  EXPECT_FALSE(client.verified());
}

TEST(ScramChoice, TakesTheStrongestAndNeverLessThanRequired) {
  const std::string_view both[] = {kScramSha256Plus, kScramSha256};
  const std::string_view plain[] = {kScramSha256};
  const std::string_view other[] = {"OAUTHBEARER"};
  EXPECT_EQ(choose_scram(both, true, false)->binding, ChannelBinding::kTlsServerEndPoint);
  EXPECT_EQ(choose_scram(both, true, false)->mechanism, kScramSha256Plus);
  EXPECT_EQ(choose_scram(both, false, false)->binding, ChannelBinding::kUnsupported);
  EXPECT_EQ(choose_scram(plain, true, false)->binding, ChannelBinding::kServerDoesNot);
  EXPECT_EQ(choose_scram(plain, false, false)->mechanism, kScramSha256);
  EXPECT_FALSE(choose_scram(plain, true, true));
  EXPECT_FALSE(choose_scram(both, false, true));
  EXPECT_FALSE(choose_scram(other, true, false));
  EXPECT_FALSE(choose_scram({}, true, false));
}

TEST(Md5Password, IsWhatTheServerComputes) {
  // md5(md5('pencil' || 'user') || salt), computed with Python's hashlib.
  const auto response =
      md5_password_response("user", Secret{std::string_view("pencil")}, {1, 2, 3, 4});
  ASSERT_TRUE(response);
  EXPECT_EQ(as_text(response->for_wire()), "md54376eb6913b38f9aaff38dc7cf19ca76");
}

}  // namespace
}  // namespace sluice::pg
