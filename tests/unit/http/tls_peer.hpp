// SPDX-License-Identifier: Apache-2.0
// Certificates made for one test, and a TLS receiver that uses them.
#pragma once

#include "unit/http/client_fixture.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

namespace heddle::http::test {

template <auto Free>
struct Freer {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using CertPtr = std::unique_ptr<X509, Freer<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;

struct Identity {
    KeyPtr key;
    CertPtr cert;

    [[nodiscard]] std::string certPem() const {
        const BioPtr bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_X509(bio.get(), cert.get());
        return text(bio.get());
    }
    [[nodiscard]] std::string keyPem() const {
        const BioPtr bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        return text(bio.get());
    }
    static std::string text(BIO* bio) {
        char* data = nullptr;
        const long size = BIO_get_mem_data(bio, &data);
        return {data, static_cast<std::size_t>(size)};
    }
};

inline void addExtension(X509* cert, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    if (extension == nullptr) throw std::runtime_error("bad extension " + value);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
}

// A P-256 certificate valid from `from_s` to `to_s` seconds from now, signed by `issuer` (null: by itself, a
// CA). `names`: "DNS:example.test,IP:127.0.0.1".
inline Identity makeIdentity(const std::string& common_name, const Identity* issuer, const std::string& names,
                             long from_s = -3600, long to_s = 3600) {
    Identity made{KeyPtr(EVP_EC_gen("P-256")), CertPtr(X509_new())};
    X509* const cert = made.cert.get();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), issuer == nullptr ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(cert), from_s);
    X509_gmtime_adj(X509_getm_notAfter(cert), to_s);
    X509_set_pubkey(cert, made.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    X509* const signer = issuer == nullptr ? cert : issuer->cert.get();
    X509_set_issuer_name(cert, X509_get_subject_name(signer));
    if (issuer == nullptr) addExtension(cert, signer, NID_basic_constraints, "critical,CA:TRUE");
    if (!names.empty()) addExtension(cert, signer, NID_subject_alt_name, names);
    X509_sign(cert, issuer == nullptr ? made.key.get() : issuer->key.get(), EVP_sha256());
    return made;
}

// One accepted TLS connection.
class TlsPeer {
  public:
    TlsPeer(tcp::socket socket, asio::ssl::context& context)
        : stream_(std::make_unique<asio::ssl::stream<tcp::socket>>(std::move(socket), context)) {}

    awaitable<bool> handshake() {
        const auto [ec] = co_await stream_->async_handshake(asio::ssl::stream_base::server, kTuple);
        co_return !ec;
    }
    // Up to the body "{}" that the tests send.
    awaitable<std::string> readRequest() {
        std::string text;
        while (text.find("\r\n\r\n{}") == std::string::npos) {
            std::string chunk(4096, '\0');
            const auto room = asio::buffer(chunk);
            const auto [ec, size] = co_await stream_->async_read_some(room, kTuple);
            text.append(chunk, 0, size);
            if (ec) break;
        }
        co_return text;
    }
    awaitable<void> send(std::string text) {
        const auto bytes = asio::buffer(std::as_const(text));
        const auto [ec, size] = co_await asio::async_write(*stream_, bytes, kTuple);
        static_cast<void>(ec);
        static_cast<void>(size);
    }
    [[nodiscard]] std::string serverName() const {
        const char* const name = SSL_get_servername(stream_->native_handle(), TLSEXT_NAMETYPE_host_name);
        return name == nullptr ? std::string() : name;
    }

  private:
    std::unique_ptr<asio::ssl::stream<tcp::socket>> stream_;
};

// A file that is removed with the test.
class TempFile {
  public:
    explicit TempFile(const std::string& text) {
        std::string name = (std::filesystem::temp_directory_path() / "heddle-test-XXXXXX").string();
        const int fd = mkstemp(name.data());
        if (fd < 0) throw std::runtime_error("mkstemp");
        ::close(fd);
        path_ = name;
        std::ofstream(path_) << text;
    }
    ~TempFile() { std::filesystem::remove(path_); }
    TempFile(const TempFile&) = delete;
    TempFile& operator=(const TempFile&) = delete;
    [[nodiscard]] std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

}  // namespace heddle::http::test
