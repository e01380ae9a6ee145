#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/subscription_place.h"
#include "engine/nats/jet_stream.h"
#include "engine/nats/server.h"
#include "sagas/json.h"
#include "sagas/problems.h"
#include "sagas/request.h"

/// What people say of a bridge to a broker.
namespace skald::api {

inline constexpr std::size_t kBindingsMax = 64;  ///< Each way.

/// A text of a document that may be a secret.
struct MaybeSecret {
    std::string text;    ///< As it stands there; empty: nothing does.
    std::string secret;  ///< The name in "$secrets.NAME"; empty: `text` is what is meant.
};

/// Who logs in to the broker; members that are not there are empty.
struct BridgeLogin {
    MaybeSecret user, password, token, credentials;

    /// The names of all that are secrets.
    std::vector<std::string> secrets() const;
    /// With their values. Errors: Unavailable: there is no secret of that name.
    sagas::Result<engine::NatsLogin> find(const sagas::Secrets& secrets) const;
};

struct BridgeDocument {
    engine::NatsServer server;  ///< Without `login`.
    BridgeLogin login;
    struct Out {
        std::string topic;
        std::string subject;
        TopicPlace from;
    };
    std::vector<Out> out;
    std::vector<engine::NatsInbound> in;
    /// All that a bridge which runs stands on, as text: where it is another one, it is made anew.
    std::string wiring;
};

/// {"nats": {"url": URL | [URL], "user"?, "password"?, "token"?, "credentials"?,
///           "tls"?: {"ca"?, "certificate"?, "key"?}, "domain"?},
///  "out"?: [{"topic", "subject", "from"?}], "in"?: [{"stream", "subject", "topic", "from"?}]}
///
/// What is wrong with it is added to `problems`; then the value means nothing.
BridgeDocument read_bridge(const sagas::Json& document, sagas::Problems& problems);

/// Adds "no-secret" for each of its secrets that `has_secret` does not know.
void check_bridge_secrets(const BridgeDocument& document,
                          const std::function<bool(std::string_view)>& has_secret,
                          sagas::Problems& problems);

}  // namespace skald::api
