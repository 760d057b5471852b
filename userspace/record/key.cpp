// SPDX-License-Identifier: Apache-2.0
#include "record/key.h"

#include "base/unique_fd.h"
#include "record/file.h"

#include <sluice/secret.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace sluice::record {
namespace {

constexpr std::size_t kPemBytesMax = 4096;

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
using BioPtr = std::unique_ptr<BIO, FreeBio>;
struct FreeMdContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using MdContextPtr = std::unique_ptr<EVP_MD_CTX, FreeMdContext>;

Result<std::array<std::uint8_t, 32>> raw_public(EVP_PKEY* key) {
  std::array<std::uint8_t, 32> raw{};
  std::size_t size = raw.size();
  if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key, raw.data(), &size) != 1 || size != raw.size())
    return Error{"the key is not an Ed25519 key"};
  return raw;
}

// Written under another name and linked into place: a crash leaves a whole file or none, and an
// existing one is never replaced.
Result<void> write_new_file(const std::string& path, ByteView content, mode_t mode) {
  const std::string part = path + ".new." + std::to_string(::getpid());
  UniqueFd fd{::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)};
  if (!fd) return Error::sys(errno, "create '" + part + "'");
  const bool written =
      ::write(fd.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      ::fchmod(fd.get(), mode) == 0 && ::fsync(fd.get()) == 0;
  const bool linked = written && ::link(part.c_str(), path.c_str()) == 0;
  const int err = errno;
  ::unlink(part.c_str());
  if (!linked) return Error::sys(err, "write '" + path + "'");
  return {};
}

Result<KeyPtr> read_private(const std::string& path) {
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!fd) return Error::sys(errno, "open '" + path + "'");
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::sys(errno, "look at '" + path + "'");
  if ((status.st_mode & 077) != 0)
    return Error{"'" + path +
                 "' can be read by others than its owner, so what it signs proves nothing: make a "
                 "new one, or `chmod 600` it if you know that nobody did"};
  Bytes bytes(kPemBytesMax);
  const ssize_t got = ::read(fd.get(), bytes.data(), bytes.size());
  if (got < 0) return Error::sys(errno, "read '" + path + "'");
  const Secret pem{std::move(bytes)};
  BioPtr bio{BIO_new_mem_buf(pem.for_wire().data(), static_cast<int>(got))};
  KeyPtr key{bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr};
  if (!key || !raw_public(key.get()).ok())
    return Error{"'" + path + "' is not an Ed25519 private key in PEM form"};
  return key;
}

Result<void> create_private(const std::string& path) {
  KeyPtr key{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
  BioPtr bio{BIO_new(BIO_s_secmem())};
  if (!key || !bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1)
    return Error{"make an Ed25519 key: OpenSSL failed"};
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  const Secret pem{std::string_view{data, static_cast<std::size_t>(size)}};
  return write_new_file(path, pem.for_wire(), 0600);
}

Result<void> publish(const std::string& path, EVP_PKEY* key) {
  BioPtr bio{BIO_new(BIO_s_mem())};
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), key) != 1)
    return Error{"write '" + path + "': OpenSSL failed"};
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return write_new_file(path, as_bytes({data, static_cast<std::size_t>(size)}), 0644);
}

}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

Result<PublicKey> PublicKey::load(const std::string& path) {
  SLUICE_TRY(const std::string pem, read_small_file(path, kPemBytesMax));
  BioPtr bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  KeyPtr key{bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr};
  if (!key) return Error{"'" + path + "' is not a public key in PEM form"};
  auto raw = raw_public(key.get());
  if (!raw) return raw.error().within("'" + path + "'");
  return PublicKey{std::move(key), *raw};
}

Result<PublicKey> PublicKey::from_raw(ByteView raw) {
  KeyPtr key{EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size())};
  if (!key) return Error{"not a raw Ed25519 public key"};
  SLUICE_TRY(const auto bytes, raw_public(key.get()));
  return PublicKey{std::move(key), bytes};
}

bool PublicKey::verify(ByteView message, const Signature& signature) const {
  MdContextPtr context{EVP_MD_CTX_new()};
  return context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

std::string PublicKey::host_id() const {
  const Hash hash = Hasher{}.of({raw_});
  return "host-" + hex(ByteView{hash}.first(8));
}

Result<SigningKey> SigningKey::load_or_create(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return Error::sys(errno, "create '" + directory + "'");
  const std::string path = directory + "/recording.key";
  const std::string public_path = directory + "/recording.pub";
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) SLUICE_TRY_VOID(create_private(path));
  SLUICE_TRY(auto key, read_private(path));
  if (::access(public_path.c_str(), F_OK) != 0 && errno == ENOENT)
    SLUICE_TRY_VOID(publish(public_path, key.get()));
  SLUICE_TRY(auto published, PublicKey::load(public_path));
  SLUICE_TRY(const auto raw, raw_public(key.get()));
  if (raw != published.raw())
    return Error{"'" + public_path + "' is not the public half of '" + path +
                 "': remove the one that does not belong there"};
  return SigningKey{std::move(key), std::move(published)};
}

Result<Signature> SigningKey::sign(ByteView message) const {
  Signature signature{};
  std::size_t size = signature.size();
  MdContextPtr context{EVP_MD_CTX_new()};
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1 ||
      size != signature.size())
    return Error{"sign a checkpoint: OpenSSL failed"};
  return signature;
}

}  // namespace sluice::record
