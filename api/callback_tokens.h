#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/callback_key.h"
#include "sagas/request.h"

namespace skald::api {

/// Makes the URLs that participants call back, and reads what stands at their end: a token, which
/// only who has the key can make. It is the authority to answer the call that it names: it is not
/// logged, stored or shown.
///
///   URL   = base "/v1/callbacks/" token
///   token = base64url( version phase step saga mac )    ; without padding, 200 characters at most
///   version = %x01
///   phase   = %x00 / %x01                               ; action, compensation
///   step    = 4OCTET                                    ; StepIndex, big endian
///   saga    = 1*128OCTET                                ; the public id
///   mac     = 16OCTET                                   ; of HMAC-SHA256 of all before it
///
/// Immutable. Threads: free.
class CallbackTokens : public sagas::CallbackUrls {
 public:
    /// `base`: "https://skald.example", how participants reach this server.
    CallbackTokens(const CallbackKey& key, std::string base);

    std::string url(std::string_view saga_id, sagas::StepIndex step,
                    sagas::Phase phase) const override;

    /// A call that may be answered.
    struct Call {
        std::string saga;
        sagas::StepIndex step;
        sagas::Phase phase;
        bool operator==(const Call&) const = default;
    };
    /// None: it was not made with this key.
    std::optional<Call> read(std::string_view token) const;

 private:
    std::string mac_of(std::string_view call) const;

    const CallbackKey key_;
    const std::string base_;
};

}  // namespace skald::api
