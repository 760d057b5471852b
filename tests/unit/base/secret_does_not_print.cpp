// SPDX-License-Identifier: Apache-2.0
// Compiled once per TRY by scripts/check-secret-does-not-print; only the build without TRY may
// succeed.
#ifndef TRY
#define TRY 0
#endif
#include <sluice/secret.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <string>

int main() {
  sluice::Secret secret{std::string_view{"hunter2"}};
#if TRY == 1
  spdlog::info("{}", secret);
#endif
#if TRY == 2
  std::cout << secret;
#endif
#if TRY == 3
  const std::string text = secret;
#endif
#if TRY == 4
  const sluice::Secret copy = secret;
#endif
#if TRY == 5
  const bool same = secret == secret;
#endif
  return secret.empty() ? 1 : 0;
}
