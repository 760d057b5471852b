// SPDX-License-Identifier: Apache-2.0
// libpqxx in ordinary use. Where to connect stands in the environment; argument: a table of its
// own.
#include <atomic>
#include <chrono>
#include <cmath>
#include <iostream>
#include <pqxx/pqxx>
#include <thread>

namespace {

class Heard : public pqxx::notification_receiver {
 public:
  using notification_receiver::notification_receiver;
  void operator()(const std::string& payload, int pid) override {
    std::cout << "notify " << channel() << ' ' << payload << ' ' << (pid == conn().backendpid())
              << '\n';
    ++count;
  }
  int count = 0;
};

void print(const char* title, const pqxx::result& rows) {
  std::cout << title;
  for (const auto& row : rows) {
    std::cout << " |";
    for (const auto& field : row)
      std::cout << ' ' << field.name() << '=' << (field.is_null() ? "(null)" : field.c_str());
  }
  std::cout << '\n';
}

void transactions(pqxx::connection& connection, const std::string& table) {
  pqxx::work work{connection};
  for (int i = 1; i <= 30; ++i)
    work.exec_params("INSERT INTO " + table + " VALUES ($1, $2)", i, "word " + std::to_string(i));
  try {
    pqxx::subtransaction sub{work};
    sub.exec("INSERT INTO " + table + " VALUES (1, 'again')");
  } catch (const pqxx::unique_violation& error) {
    std::cout << "error " << error.sqlstate() << ' ' << error.what() << '\n';
  }
  connection.prepare("by_id", "SELECT id, words FROM " + table + " WHERE id = $1");
  for (int i = 1; i <= 3; ++i) print("prepared", work.exec_prepared("by_id", i));
  pqxx::stateless_cursor<pqxx::cursor_base::read_only, pqxx::cursor_base::owned> cursor{
      work, "SELECT id FROM " + table + " ORDER BY id", "scrolled", false};
  print("cursor", cursor.retrieve(5, 9));
  pqxx::icursorstream stream{work, "SELECT id FROM " + table + " ORDER BY id", "streamed", 8};
  pqxx::result block;
  while (stream >> block) std::cout << "stride of " << block.size() << '\n';
  work.commit();
}

void streams(pqxx::connection& connection, const std::string& table) {
  pqxx::work work{connection};
  pqxx::stream_to in{work, table};
  for (int i = 1000; i < 3000; ++i) in << std::make_tuple(i, "copied " + std::to_string(i));
  in.complete();
  pqxx::stream_from out{work, table};
  std::tuple<int, std::string> row;
  long sum = 0;
  while (out >> row) sum += std::get<0>(row);
  out.complete();
  std::cout << "streamed " << sum << '\n';
  pqxx::pipeline pipeline{work, "numbers"};
  pipeline.retain(10);
  for (int i = 0; i < 20; ++i) pipeline.insert("SELECT " + std::to_string(i));
  int total = 0;
  while (!pipeline.empty()) total += pipeline.retrieve().second[0][0].as<int>();
  pipeline.complete();
  std::cout << "pipeline " << total << '\n';
  work.commit();
}

void cancels(pqxx::connection& connection) {
  std::atomic<bool> finished{false};
  std::thread canceller{[&] {
    while (!finished) {
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
      connection.cancel_query();
    }
  }};
  try {
    pqxx::nontransaction{connection}.exec("SELECT pg_sleep(60)");
  } catch (const pqxx::sql_error& error) {
    std::cout << "cancelled " << error.sqlstate() << ' ' << error.what() << '\n';
  }
  finished = true;
  canceller.join();
}

}  // namespace

int main(int, char** arguments) {
  const std::string table = arguments[1];
  pqxx::connection connection{""};
  pqxx::nontransaction{connection}.exec("CREATE TABLE " + table +
                                        " (id int PRIMARY KEY, words text)");
  transactions(connection, table);
  streams(connection, table);
  {
    pqxx::nontransaction work{connection};
    print(
        "types",
        work.exec(
            R"(SELECT 1::int2 a, 'NaN'::float8 b, 12.340::numeric c, NULL::text d, '\x00ff'::bytea e,
                                '2026-01-02 03:04:05+00'::timestamptz f, ARRAY['a', NULL, 'c,d'] g, '{"a": 1}'::jsonb h)"));
    const auto rows = work.exec("SELECT i, repeat('x', 100) FROM generate_series(1, 50000) i");
    std::cout << "large " << rows.size() << ' ' << rows.back()[0].c_str() << '\n';
  }
  {
    Heard heard{connection, table};
    pqxx::nontransaction{connection}.exec("NOTIFY " + table + ", 'a payload'");
    while (heard.count == 0) connection.await_notification(10, 0);
  }
  cancels(connection);
  pqxx::nontransaction{connection}.exec("DROP TABLE " + table);
}
