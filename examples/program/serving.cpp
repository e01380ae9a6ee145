#include "examples/program/serving.h"

#include <httplib.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

namespace program {

int serve(httplib::Server& http, const std::string& name, const Address& address,
          const std::function<void()>& beside) {
    http.set_tcp_nodelay(true);
    // Its default is SO_REUSEPORT: two programs on one port would share the calls.
    http.set_socket_options([](socket_t socket) {
        const int on = 1;
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    });
    const std::string host = "127.0.0.1";
    int port = address.port;
    if (port == 0) {
        port = http.bind_to_any_port(host);
    } else if (!http.bind_to_port(host, port)) {
        port = -1;
    }
    if (port <= 0) {
        std::cerr << name << ": listen on " << host << ":" << address.port
                  << ": the port is in use, or not allowed\n";
        return 2;
    }
    if (!address.port_file.empty()) {
        // Renamed, so that who waits for the file never reads half of it.
        const std::string unfinished = address.port_file + ".new";
        std::ofstream(unfinished) << port << '\n';
        std::rename(unfinished.c_str(), address.port_file.c_str());
    }
    std::cout << name << " listens on " << host << ":" << port << std::endl;
    if (beside) {
        std::thread(beside).detach();  // To the end of the process.
    }
    return http.listen_after_bind() ? 0 : 2;
}

void send(httplib::Response& response, int status, const nlohmann::json& body) {
    response.status = status;
    response.set_content(body.dump(), "application/json");
}

}  // namespace program
