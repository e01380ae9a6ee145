#include "tests/engine/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "sagas/check.h"

namespace skald::engine {
namespace {

struct Free {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Text = std::unique_ptr<BIO, Free>;

constexpr long kDay = 24L * 60 * 60;

Text read(const std::string& pem) {
    return Text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::string written(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
    SKALD_CHECK(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

Certificate make_certificate(const std::string& name, long serial, Validity validity,
                             EVP_PKEY* key) {
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), 2);  // X.509 v3.
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -2 * kDay);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()),
                    validity == Validity::Now ? 2 * kDay : -kDay);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_pubkey(certificate.get(), key);
    return certificate;
}

Identity sign(X509* certificate, EVP_PKEY* key, EVP_PKEY* with) {
    SKALD_CHECK(X509_sign(certificate, with, EVP_sha256()) > 0);
    const Text certificate_text(BIO_new(BIO_s_mem()));
    const Text key_text(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(certificate_text.get(), certificate);
    PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    return {written(certificate_text.get()), written(key_text.get())};
}

}  // namespace

Identity make_authority() {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate = make_certificate("Test Authority", 1, Validity::Now, key.get());
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign");
    return sign(certificate.get(), key.get(), key.get());
}

Identity make_identity(const Identity& authority, const std::string& alternative_name,
                       Validity validity) {
    const Certificate issuer(
        PEM_read_bio_X509(read(authority.certificate).get(), nullptr, nullptr, nullptr));
    const Key issuer_key(
        PEM_read_bio_PrivateKey(read(authority.key).get(), nullptr, nullptr, nullptr));
    SKALD_CHECK(issuer && issuer_key);
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate = make_certificate("server", 2, validity, key.get());
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
    add_extension(certificate.get(), issuer.get(), NID_subject_alt_name, alternative_name);
    return sign(certificate.get(), key.get(), issuer_key.get());
}

}  // namespace skald::engine
