// SPDX-License-Identifier: Apache-2.0
#include "net/certificate_impl.h"

#include <openssl/ec.h>
#include <openssl/rand.h>

#include <array>
#include <ctime>

namespace sluice::net {

namespace {

Error failed(const char* doing) { return Error{std::string{doing} + ": " + take_openssl_errors()}; }

std::time_t as_time_t(WallTime at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

// 127 random bits, positive: what RFC 5280 asks of a serial number and more than anyone can guess.
bool set_serial(X509* certificate) {
  std::array<std::uint8_t, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7f) | 0x40);
  BIGNUM* number = BN_bin2bn(bytes.data(), bytes.size(), nullptr);
  const bool done = number != nullptr &&
                    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return done;
}

bool set_name(X509_NAME* name, const std::string& common_name) {
  // 64 characters are the upper bound of a common name (RFC 5280, appendix A).
  const std::string cut = common_name.substr(0, 64);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(cut.data()),
                                    static_cast<int>(cut.size()), -1, 0) == 1;
}

bool add_extension(X509* certificate, const X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, const_cast<X509*>(issuer), certificate, nullptr, nullptr, 0);
  ExtensionPtr extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value)};
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Built from values, not from OpenSSL's configuration text, so that no character of a name is
// syntax.
bool add_subject_alt_names(X509* certificate, const LeafNames& names) {
  NamesPtr list{GENERAL_NAMES_new()};
  if (!list) return false;
  const auto add = [&](int type, const void* data, std::size_t size) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_STRING* value =
        ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    if (name == nullptr || value == nullptr ||
        ASN1_STRING_set(value, data, static_cast<int>(size)) != 1) {
      GENERAL_NAME_free(name);
      ASN1_STRING_free(value);
      return false;
    }
    GENERAL_NAME_set0_value(name, type, value);
    if (sk_GENERAL_NAME_push(list.get(), name) > 0) return true;
    GENERAL_NAME_free(name);
    return false;
  };
  for (const auto& dns : names.dns)
    if (!add(GEN_DNS, dns.data(), dns.size())) return false;
  for (const auto& ip : names.ips) {
    const std::size_t skipped = ip.is_v4() ? 12 : 0;
    if (!add(GEN_IPADD, ip.bytes.data() + skipped, ip.bytes.size() - skipped)) return false;
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), 0, 0) == 1;
}

Result<X509Ptr> start_certificate(EVP_PKEY& key, const std::string& common_name,
                                  const Validity& validity) {
  ERR_clear_error();
  X509Ptr certificate{X509_new()};
  if (!certificate) return failed("make a certificate");
  X509* raw = certificate.get();
  if (X509_set_version(raw, X509_VERSION_3) != 1 || !set_serial(raw) ||
      ASN1_TIME_set(X509_getm_notBefore(raw), as_time_t(validity.from)) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(raw), as_time_t(validity.to)) == nullptr ||
      X509_set_pubkey(raw, &key) != 1 || !set_name(X509_get_subject_name(raw), common_name))
    return failed("fill a certificate");
  return certificate;
}

BioPtr memory_of(const std::string& text) {
  return BioPtr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

// No prompt on the terminal of a daemon for a key that somebody has encrypted.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

Result<KeyPtr> make_key() {
  ERR_clear_error();
  KeyPtr key{EVP_EC_gen("P-256")};
  if (!key) return failed("make a P-256 key");
  return key;
}

Result<X509Ptr> make_ca_certificate(EVP_PKEY& key, const std::string& common_name,
                                    const Validity& validity) {
  SLUICE_TRY(auto certificate, start_certificate(key, common_name, validity));
  X509* raw = certificate.get();
  if (X509_set_issuer_name(raw, X509_get_subject_name(raw)) != 1 ||
      !add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(raw, raw, NID_subject_key_identifier, "hash") ||
      X509_sign(raw, &key, EVP_sha256()) == 0)
    return failed("make the host CA's certificate");
  return certificate;
}

Result<X509Ptr> make_leaf_certificate(EVP_PKEY& key, const LeafNames& names,
                                      const Validity& validity, const X509& issuer,
                                      EVP_PKEY& issuer_key) {
  std::string common_name = "sluice";
  if (!names.dns.empty())
    common_name = names.dns.front();
  else if (!names.ips.empty())
    common_name = names.ips.front().text();
  SLUICE_TRY(auto certificate, start_certificate(key, common_name, validity));
  X509* raw = certificate.get();
  if (X509_set_issuer_name(raw, X509_get_subject_name(&issuer)) != 1 ||
      !add_extension(raw, &issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(raw, &issuer, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(raw, &issuer, NID_ext_key_usage, "serverAuth") ||
      !add_extension(raw, &issuer, NID_subject_key_identifier, "hash") ||
      !add_extension(raw, &issuer, NID_authority_key_identifier, "keyid:always") ||
      !add_subject_alt_names(raw, names) || X509_sign(raw, &issuer_key, EVP_sha256()) == 0)
    return failed("make a leaf certificate");
  return certificate;
}

Result<std::string> to_pem(const X509& certificate) {
  BioPtr bio{BIO_new(BIO_s_mem())};
  if (!bio || PEM_write_bio_X509(bio.get(), &certificate) != 1)
    return failed("write a certificate as PEM");
  return text_of(bio.get());
}

Result<Bytes> to_pem(EVP_PKEY& key) {
  BioPtr bio{BIO_new(BIO_s_secmem())};
  if (!bio || PEM_write_bio_PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return failed("write a key as PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return Bytes{data, data + size};
}

Result<X509Ptr> certificate_from_pem(const std::string& pem, const std::string& what) {
  ERR_clear_error();
  BioPtr bio = memory_of(pem);
  X509Ptr certificate{bio ? PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)
                          : nullptr};
  if (!certificate) return Error{what + " is not a PEM certificate: " + take_openssl_errors()};
  return certificate;
}

Result<KeyPtr> key_from_pem(const std::string& pem, const std::string& what) {
  ERR_clear_error();
  BioPtr bio = memory_of(pem);
  KeyPtr key{bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr};
  if (!key) return Error{what + " is not an unencrypted PEM key: " + take_openssl_errors()};
  return key;
}

Result<WallTime> end_of(const X509& certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &parts) != 1)
    return failed("read the end of a certificate");
  return WallTime{std::chrono::seconds{::timegm(&parts)}};
}

}  // namespace sluice::net
