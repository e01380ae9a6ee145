#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace skald::outside {

/// A file descriptor that is closed at the end; move-only.
class Descriptor {
 public:
    Descriptor() = default;
    explicit Descriptor(int value) : value_(value) {}
    Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(value_, other.value_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();

    int value() const { return value_; }
    bool is_open() const { return value_ >= 0; }
    void close();

 private:
    int value_ = -1;
};

/// Throws std::system_error of `errno` when `result` is negative.
int require(int result, const char* what);

/// A listening socket on that port of 127.0.0.1 (0: a free one), non-blocking. Throws
/// std::system_error.
Descriptor listen_on_loopback(std::uint16_t port = 0);
/// A bound socket that doesn't listen: while it is open nobody else, and no connection out, gets
/// its port; a server that is told to does (SO_REUSEADDR), and so may be started there again and
/// again. Throws std::system_error.
Descriptor hold_port();
std::uint16_t port_of(const Descriptor& socket);

/// A non-blocking socket to 127.0.0.1, connected or still connecting; closed when it was refused.
Descriptor connect_to_loopback(std::uint16_t port);

/// Waits until the socket is ready for `events` (of poll(2)); false when the time is over.
bool await_socket(const Descriptor& socket, short events,
                  std::chrono::steady_clock::time_point until);

/// Allows this process as many descriptors as the hard limit lets it have.
void raise_descriptor_limit();

}  // namespace skald::outside
