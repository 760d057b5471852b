// SPDX-License-Identifier: Apache-2.0
// A planner that does not answer: questions end, the queue is bounded, and nobody waits for it.
#include "net/postgres_plan.h"

#include "support.h"

#include <atomic>

namespace sluice::net::test {
namespace {

class SilentServer : public testing::Test {
 protected:
  SilentServer() {
    auto [listener, at] = listen_loopback();
    listener_ = std::move(listener);
    request_.resource = std::make_shared<const Resource>([] {
      Resource resource;
      resource.name = "orders";
      resource.login = Login{"owner", "/secrets/orders"};
      return resource;
    }());
    request_.upstream.target.endpoint = at;
    request_.upstream.tls = UpstreamTls::kDisable;
    request_.database = "postgres";
    request_.question.statement = "DELETE FROM t";
  }

  UniqueFd listener_;  // it takes connections and says nothing
  PlanRequest request_;
  SystemClock clock_;
};

TEST_F(SilentServer, EndsAQuestionAndTakesNoMoreThanMayWait) {
  std::atomic<int> answered = 0, let_go = 0;
  {
    PostgresPlanService::Options options;
    options.timeout = std::chrono::milliseconds{50};
    options.waiting_max = 3;
    PostgresPlanService service{options, clock_, [](const std::string&) -> Result<Secret> {
                                  return Secret{std::string_view{"x"}};
                                }};
    for (int i = 0; i < 70; ++i)
      service.rows(request_, [&answered, gone = std::shared_ptr<void>(nullptr, [&](void*) {
                                           ++let_go;
                                         })](std::uint64_t) { ++answered; });
    // One is asked and three wait, at most: what is above that is let go at once.
    EXPECT_GE(let_go.load(), 70 - 4);
  }
  EXPECT_EQ(answered.load(), 0);
  EXPECT_EQ(let_go.load(), 70) << "a stop does not wait for the server";
}

}  // namespace
}  // namespace sluice::net::test
