#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace httplib {
class Server;
struct Response;
}  // namespace httplib

namespace program {

/// Where a sample listens: on 127.0.0.1 only.
struct Address {
    int port = 0;           ///< 0: any free one.
    std::string port_file;  ///< Gets the port once it listens; empty: none.
};

/// Serves until the process ends, and says on standard output "NAME listens on 127.0.0.1:PORT".
/// Gives the exit code where it can't: 2. `beside` runs on a thread of its own once it listens, and
/// does not return.
int serve(httplib::Server& http, const std::string& name, const Address& address,
          const std::function<void()>& beside = {});

/// Answers with JSON.
void send(httplib::Response& response, int status, const nlohmann::json& body);

}  // namespace program
