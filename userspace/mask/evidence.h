// SPDX-License-Identifier: Apache-2.0
// The second look at what the scan found: is it really one, and where does it begin and end?
// Each takes the text and a place within the candidate, and reads no more than the candidate; but
// for card and account numbers, which are sought here: such patterns cost on all text.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::mask {

struct Range {
  std::size_t begin = 0;  // [begin, end)
  std::size_t end = 0;
};

// The next run of at least 13 digits with at most one space or hyphen between two, at or after
// `from`, which no run may span: 0 or the end of a run.
std::optional<Range> next_digit_run(std::string_view text, std::size_t from);
// Card numbers in such runs: 13 to 19 digits, whole or in groups, of a known issuer, with a right
// Luhn digit. Appends them in their order.
void find_cards(std::string_view text, std::vector<Range>& found);

// The next account number at or after `from`, whatever stands around it: of a country that has such
// numbers, with its length and right check digits, whole or in groups of four.
std::optional<Range> next_iban(std::string_view text, std::size_t from);
// Those that are words of their own. Appends them in their order.
void find_ibans(std::string_view text, std::vector<Range>& found);

// "123-45-6789" or "123 45 6789" that ends at `end` and was issued: no area 000, 666 or 900-999.
std::optional<Range> ssn_before(std::string_view text, std::size_t end);

// An access key id of 20 characters that ends at `end`.
std::optional<Range> aws_key_id_before(std::string_view text, std::size_t end);
// A secret of 40 Base64 characters that begins within 100 bytes after `from`.
std::optional<Range> aws_secret_after(std::string_view text, std::size_t from);

// The PEM block whose BEGIN line ends at `end`, up to its END line, or to the end of the text where
// that is missing: half a key is a key.
std::optional<Range> private_key_around(std::string_view text, std::size_t end);

// header.payload.signature, where `end` is behind the second dot and the header is a JSON object
// with "alg".
std::optional<Range> jwt_around(std::string_view text, std::size_t end);

}  // namespace sluice::mask
