#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace skald::testing_nats {

/// A message as a stream has it.
struct StoredMessage {
    std::string subject;
    std::map<std::string, std::string> headers;
    std::string data;
};

/// Somebody else who uses the broker: makes streams, publishes, reads. Every member fails the test
/// where the server refuses, and waits 60 s at most.
class NatsPeer {
 public:
    struct Options {
        std::string user, password;
        std::string ca_file;  ///< Not empty: by TLS.
    };
    explicit NatsPeer(std::uint16_t port) : NatsPeer(port, Options{}) {}
    NatsPeer(std::uint16_t port, const Options& options);
    ~NatsPeer();

    void make_stream(const std::string& name, const std::string& subject);
    void delete_stream(const std::string& name);
    /// Its sequence in the stream.
    std::uint64_t publish(const std::string& subject, const std::string& data,
                          const std::map<std::string, std::string>& headers = {});
    /// All that is in the stream, in order.
    std::vector<StoredMessage> messages(const std::string& stream);
    std::vector<std::string> consumers(const std::string& stream);
    /// Messages that the consumer has neither delivered nor heard the end of.
    std::uint64_t unsettled(const std::string& stream, const std::string& consumer);
    void delete_consumer(const std::string& stream, const std::string& consumer);

    /// Waits until somebody acknowledged messages of a consumer, `count` times in all from the
    /// first call on; gives what was said to them, as "+ACK".
    std::vector<std::string> await_acknowledgements(std::size_t count);
    /// Takes what is published there, and says nothing.
    void subscribe(const std::string& subject);
    /// Waits for one.
    void await_message();
    /// Answers the next one as no stream would.
    void answer_message();
    /// Begins to listen for them.
    void listen_to_acknowledgements();

 private:
    struct Parts;
    const std::unique_ptr<Parts> parts_;
};

}  // namespace skald::testing_nats
