// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/startup_parameters.h"

#include <algorithm>
#include <array>

#include "session/postgres/server_name.h"

namespace sluice::session {
namespace {

// How values are presented, how long things may take, and what the client is called. Drivers send
// these on their own.
constexpr std::array<std::string_view, 15> kOrdinary = {"application_name",
                                                        "client_encoding",
                                                        "datestyle",
                                                        "timezone",
                                                        "intervalstyle",
                                                        "extra_float_digits",
                                                        "bytea_output",
                                                        "statement_timeout",
                                                        "lock_timeout",
                                                        "idle_in_transaction_session_timeout",
                                                        "default_transaction_isolation",
                                                        "default_transaction_read_only",
                                                        "default_transaction_deferrable",
                                                        "geqo",
                                                        "fallback_application_name"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += c;
    out += c;
  }
  return out + quote;
}

std::string as_set(std::string_view name, std::string_view value) {
  // A backslash has no meaning in '...' while standard_conforming_strings is on, as the analysis
  // assumes here.
  return "SET " + quoted(lower(name), '"') + " TO " + quoted(value, '\'');
}

// The server's pg_split_opts(): white space separates, a backslash takes the next character as it
// is.
std::vector<std::string> split_options(std::string_view options) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const char c = options[i];
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '\\' && i + 1 < options.size())
      word += options[++i];
    else
      word += c;
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

// The server's parse_bool(): a word may be cut short as long as it is clear.
bool is_off(std::string_view value) {
  if (value.empty()) return false;
  return value == "0" || std::string_view{"false"}.starts_with(value) ||
         std::string_view{"no"}.starts_with(value) || value == "of" || value == "off";
}

Result<void> read_setting(std::string_view assignment, std::vector<std::string>& settings) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return Error{"options: '" + std::string{assignment} + "' is not name=value"};
  std::string name = lower(assignment.substr(0, equals));
  std::replace(name.begin(), name.end(), '-', '_');
  if (std::find(kOrdinary.begin(), kOrdinary.end(), name) == kOrdinary.end())
    settings.push_back(as_set(name, assignment.substr(equals + 1)));
  return {};
}

Result<void> read_options(std::string_view options, std::vector<std::string>& settings) {
  const auto words = split_options(options);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "-c" && i + 1 < words.size()) {
      SLUICE_TRY_VOID(read_setting(words[++i], settings));
    } else if (word.starts_with("-c") && word.size() > 2) {
      SLUICE_TRY_VOID(read_setting(std::string_view{word}.substr(2), settings));
    } else if (word.starts_with("--") && word.size() > 2) {
      SLUICE_TRY_VOID(read_setting(std::string_view{word}.substr(2), settings));
    } else {
      return Error{"options: '" + word + "' is refused; only -c name=value may be used"};
    }
  }
  return {};
}

}  // namespace

Result<StartupRequest> read_startup(const pg::StartupMessage& message) {
  StartupRequest request;
  request.minor = message.minor;
  for (const auto& parameter : message.parameters) {
    const std::string name = lower(parameter.name);
    if (name == "user") {
      request.user = parameter.value;
      continue;
    }
    if (name == "replication") {
      if (is_off(lower(parameter.value))) continue;
      return Error{
          "replication connections are refused: they carry the whole database past every mask"};
    }
    if (name == "database") {
      request.database = parameter.value;
      continue;
    }
    if (name == "options") {
      SLUICE_TRY_VOID(read_options(parameter.value, request.settings));
    } else if (std::find(kOrdinary.begin(), kOrdinary.end(), name) == kOrdinary.end()) {
      request.settings.push_back(as_set(name, parameter.value));
    }
    request.parameters.emplace_back(parameter.name, parameter.value);
  }
  for (const auto& option : message.protocol_options)
    request.parameters.emplace_back(option.name, option.value);
  if (request.database.empty()) request.database = request.user;
  // A server cuts it, some of them inside of a letter: rules would be asked about another name.
  if (const std::size_t cut = server_name(request.database).size(); cut < request.database.size())
    return Error{"the database's name is longer than " + std::to_string(cut) + " bytes"};
  return request;
}

}  // namespace sluice::session
