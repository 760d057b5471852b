// SPDX-License-Identifier: Apache-2.0
// What an approval is compared by beside names: what these stand for at that moment (a part of
// Intent::unshown_digest).
#pragma once

#include <cstdint>
#include <string>

#include "session/postgres/judge.h"

namespace sluice::session {

// `acts`: what this session has sent so far; a cursor stays where it is as long as that does.
std::string reach_digest(const Judgement& judgement, const Intent& whole, const Context& context,
                         std::uint64_t acts);

// The same of a text by itself, whatever it is a part of. Empty where it is not known by what
// settings the server reads.
std::string meaning_digest(const AnalysedText& text, const Context& context);

}  // namespace sluice::session
