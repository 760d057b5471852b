// SPDX-License-Identifier: Apache-2.0
#include "mask/keyed_permutation.h"

#include "base/check.h"
#include "mask/big_endian.h"

#include <openssl/evp.h>

#include <bit>

namespace sluice::mask {
namespace {

constexpr unsigned kRounds = 10;
constexpr std::size_t kBlockBytes = 16;  // of AES

std::uint64_t lowest(std::uint64_t value, unsigned bits) {
  return bits == 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* cipher) const noexcept { EVP_CIPHER_CTX_free(cipher); }
};

}  // namespace

struct KeyedPermutation::State {
  std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> cipher{EVP_CIPHER_CTX_new()};

  // The first 8 bytes of the encrypted block of everything that the round stands on.
  bool round(Domain domain, unsigned bits, unsigned number, std::uint64_t half,
             std::uint64_t& out) {
    std::array<std::uint8_t, kBlockBytes> block{};
    block[0] = static_cast<std::uint8_t>(domain);
    block[1] = static_cast<std::uint8_t>(bits);
    block[2] = static_cast<std::uint8_t>(number);
    for (unsigned i = 0; i < 8; ++i) block[8 + i] = static_cast<std::uint8_t>(half >> (56 - 8 * i));
    std::array<std::uint8_t, kBlockBytes> encrypted{};
    int written = 0;
    if (EVP_EncryptUpdate(cipher.get(), encrypted.data(), &written, block.data(),
                          static_cast<int>(block.size())) != 1 ||
        written != static_cast<int>(encrypted.size()))
      return false;
    out = unsigned_of(ByteView{encrypted}.first(8));
    return true;
  }
};

KeyedPermutation::KeyedPermutation() : state_(std::make_unique<State>()) {}
KeyedPermutation::~KeyedPermutation() = default;
KeyedPermutation::KeyedPermutation(KeyedPermutation&&) noexcept = default;
KeyedPermutation& KeyedPermutation::operator=(KeyedPermutation&&) noexcept = default;

bool KeyedPermutation::set_key(const Key& key) {
  EVP_CIPHER_CTX* cipher = state_->cipher.get();
  return cipher != nullptr &&
         EVP_EncryptInit_ex(cipher, EVP_aes_256_ecb(), nullptr, key.data(), nullptr) == 1 &&
         EVP_CIPHER_CTX_set_padding(cipher, 0) == 1;
}

bool KeyedPermutation::copy_key(const KeyedPermutation& other) {
  return state_->cipher != nullptr &&
         EVP_CIPHER_CTX_copy(state_->cipher.get(), other.state_->cipher.get()) == 1;
}

bool KeyedPermutation::of_bits(std::uint64_t& value, unsigned bits, Domain domain) {
  SLUICE_CHECK(bits >= 2 && bits <= 64 && lowest(value, bits) == value);
  const unsigned low_bits = bits - bits / 2;
  std::uint64_t a = value >> low_bits;
  std::uint64_t b = lowest(value, low_bits);
  for (unsigned number = 0; number < kRounds; ++number) {
    std::uint64_t mixed = 0;
    if (!state_->round(domain, bits, number, b, mixed)) return false;
    const std::uint64_t next = lowest(a + mixed, number % 2 == 0 ? bits / 2 : low_bits);
    a = b;
    b = next;
  }
  value = (a << low_bits) | b;
  return true;
}

// What leaves the range is permuted on until it is back in it: as it began there, it comes back.
bool KeyedPermutation::below(std::uint64_t& value, std::uint64_t count, Domain domain) {
  SLUICE_CHECK(count >= 3 && value < count);
  const auto bits = static_cast<unsigned>(std::bit_width(count - 1));
  do {
    if (!of_bits(value, bits, domain)) return false;
  } while (value >= count);
  return true;
}

}  // namespace sluice::mask
