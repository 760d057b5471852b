// SPDX-License-Identifier: Apache-2.0
// Failures are values. A function that can fail returns Result<T>; each layer that passes an Error
// on adds one phrase in front ("load policy: read '/etc/x': Permission denied"). No exception
// crosses a module.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sluice {

class Error {
 public:
  explicit Error(std::string text) : text_(std::move(text)) {}

  // "open '/x': No such file or directory". Keeps `err` so that a caller can tell ENOENT from
  // EACCES.
  static Error sys(int err, std::string_view doing);

  // The same failure seen from one layer further out: "<phrase>: <text>".
  Error within(std::string_view phrase) const;

  const std::string& text() const { return text_; }
  int code() const { return code_; }  // errno value; 0 where none applies

 private:
  std::string text_;
  int code_ = 0;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace sluice

// SLUICE_TRY(auto fd, open_cgroup(path));   declares fd, or returns the error.
// SLUICE_TRY_VOID(write_all(fd, bytes));    returns the error, if any.
#define SLUICE_CONCAT_(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_(a, b)
#define SLUICE_TRY_(slot, declaration, expression) \
  auto slot = (expression);                        \
  if (!slot) return slot.error();                  \
  declaration = *std::move(slot)
#define SLUICE_TRY(declaration, expression) \
  SLUICE_TRY_(SLUICE_CONCAT(sluice_try_, __LINE__), declaration, expression)
#define SLUICE_TRY_VOID(expression)                       \
  do {                                                    \
    auto sluice_try_void = (expression);                  \
    if (!sluice_try_void) return sluice_try_void.error(); \
  } while (false)
