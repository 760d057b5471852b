// SPDX-License-Identifier: Apache-2.0
#include "net/postgres_plan.h"

#include "sql/plan.h"

#include <utility>

namespace sluice::net {

PostgresPlanService::PostgresPlanService(Options options, const Clock& clock,
                                         PostgresLogin::ReadSecret read_secret)
    : options_(options),
      clock_(clock),
      login_(clock, std::move(read_secret)),
      threads_(1, options.waiting_max) {}

PostgresPlanService::~PostgresPlanService() {
  login_.stop();
  threads_.stop();
}

void PostgresPlanService::rows(PlanRequest request, Callback callback) {
  static_cast<void>(
      threads_.run([this, request = std::move(request), callback = std::move(callback)] {
        if (const auto rows = ask(request)) callback(*rows);
      }));
}

Result<std::uint64_t> PostgresPlanService::ask(const PlanRequest& request) {
  SLUICE_TRY(auto client,
             login_.open({*request.resource, request.upstream, request.database,
                          clock_.steady() + options_.timeout, options_.answer_bytes_max}));
  std::string answer;
  for (const std::string& query : sql::plan_queries(request.question))
    SLUICE_TRY_VOID(client->query(query, [&](PostgresClient::Row row) -> Result<void> {
      if (row.size() == 1 && row[0]) answer = *row[0];
      return {};
    }));
  client->say_goodbye();
  return sql::planned_rows(answer);
}

}  // namespace sluice::net
