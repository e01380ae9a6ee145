#pragma once

#include <unistd.h>

namespace skald::api::http {

/// Owns a file descriptor.
class Descriptor {
 public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() { ::close(number_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int number() const { return number_; }

 private:
    const int number_;
};

}  // namespace skald::api::http
