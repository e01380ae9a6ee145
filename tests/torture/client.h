#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/outside/http_client.h"
#include "tests/torture/findings.h"
#include "tests/torture/keeper.h"

namespace skald::torture {

/// A client that doesn't mind that skald is killed: it sends each request again until skald
/// answers it. Threads: one.
class Client {
 public:
    /// `patience`: in which a saga must come to rest, far longer than any story takes.
    Client(Keeper& keeper, Findings& findings, Sights& sights, std::chrono::seconds patience)
        : keeper_(keeper),
          findings_(findings),
          sights_(sights),
          patience_(patience),
          http_(keeper.port()) {}

    /// The first answer that isn't 503; none when skald is gone for good, or did not answer for
    /// minutes, which is a finding.
    std::optional<outside::HttpReply> send(std::string_view method, const std::string& target,
                                           std::string_view json = {},
                                           std::string_view headers = {});
    std::optional<outside::HttpReply> get(const std::string& target) { return send("GET", target); }

    /// The saga's status once it has come to rest; another text where it does not: "lost: …".
    std::string await_rest(const std::string& saga);

    /// The saga and its journal as skald tells them, for people.
    std::string describe(const std::string& saga);

 private:
    Keeper& keeper_;
    Findings& findings_;
    Sights& sights_;
    const std::chrono::seconds patience_;
    outside::HttpClient http_;
};

/// The text of a member of a JSON object, as `id` and `status` of an answer.
std::string text_of(const outside::HttpReply& reply, std::string_view member);
bool is_rest(std::string_view status);

}  // namespace skald::torture
