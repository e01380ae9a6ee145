#pragma once

#include <string>

namespace skald::testing_nats {

/// A server's configuration by which only users of one account are let in, who prove it with a
/// signed token; and the text of the .creds file of such a user. Made anew with each call.
struct NatsOperator {
    std::string config;
    std::string credentials;
};
NatsOperator make_operator();

}  // namespace skald::testing_nats
