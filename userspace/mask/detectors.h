// SPDX-License-Identifier: Apache-2.0
// Finds values that are sensitive wherever they stand: card numbers, US social security numbers,
// AWS keys, private keys, JSON web tokens, bank account numbers. One pass finds candidates, a check
// of each (Luhn, prefixes, Base64) throws out what only looks alike.
#pragma once

#include "mask/keyed_hash.h"
#include "mask/masks.h"

#include <sluice/bytes.h>
#include <sluice/resource.h>
#include <sluice/result.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <vector>

namespace sluice::mask {

class DetectorSet {
 public:
  DetectorSet() = default;
  DetectorSet(std::initializer_list<Detector> detectors) {
    for (Detector detector : detectors) add(detector);
  }
  void add(Detector detector) { bits_ |= bit(detector); }
  bool has(Detector detector) const { return (bits_ & bit(detector)) != 0; }
  bool empty() const { return bits_ == 0; }
  bool operator==(const DetectorSet&) const = default;

 private:
  static std::uint32_t bit(Detector detector) { return 1U << static_cast<unsigned>(detector); }
  std::uint32_t bits_ = 0;
};

struct Hit {
  std::size_t begin = 0;  // [begin, end) of the scanned text
  std::size_t end = 0;
  Detector detector = Detector::kCreditCard;
  bool operator==(const Hit&) const = default;
};

// Working memory of one thread. Made by the Detectors it is used with.
class Scratch {
 public:
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;
  ~Scratch();

 private:
  friend class Detectors;
  struct State;
  explicit Scratch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Compiled once, then shared: const members may be called from any thread.
class Detectors {
 public:
  static Result<Detectors> make();
  ~Detectors();
  Detectors(Detectors&&) noexcept;
  Detectors& operator=(Detectors&&) noexcept;

  Result<Scratch> make_scratch() const;

  // Appends what `wanted` finds in `text`, sorted by begin; hits of different detectors may
  // overlap. An error means that the text was not (wholly) read: treat it as sensitive (invariant
  // 4).
  Result<void> scan(ByteView text, DetectorSet wanted, Scratch& scratch,
                    std::vector<Hit>& hits) const;

  // False: no part of `bytes` holds anything that a scan of that part would find, whatever is
  // wanted. True says nothing. Much faster than a scan of each of many small parts.
  bool may_find(ByteView bytes, Scratch& scratch) const;

 private:
  struct State;
  explicit Detectors(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One mask per detector; what overlaps gets the strictest (null > redact > hash > partial).
struct DetectorMask {
  Detector detector = Detector::kCreditCard;
  MaskKind mask = MaskKind::kRedact;
};

// Appends `text` with every hit replaced by its mask. `hits` as scan() gave them. Of a detector
// that `masks` does not name the hit is redacted. `null` removes the found text.
void redact_hits(ByteView text, const std::vector<Hit>& hits,
                 const std::vector<DetectorMask>& masks, KeyedHash& hash, Bytes& out);

// The same for a whole cell, so that it stays a value of its type: in text the hits are replaced,
// in json too where they lie within strings; an array, xml, or a number in json is redacted whole,
// a type that is not known becomes NULL. `hits` must not be empty.
Masked mask_hits_in_cell(const CellType& type, ByteView cell, const std::vector<Hit>& hits,
                         const std::vector<DetectorMask>& masks, KeyedHash& hash, Bytes& out);

}  // namespace sluice::mask
