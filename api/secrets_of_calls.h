#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/caller.h"
#include "sagas/request.h"

/// What participants answer is journaled and shown; so it must not repeat the secrets that they
/// were sent.
namespace skald::api {

/// Bytes of a secret from which on it is looked for in answers; shorter ones stand in them by
/// chance.
inline constexpr std::size_t kScrubbedBytesMin = 8;

/// `answer` with "***" in place of each of `secrets`, wherever it stands: as it is, as a URL or a
/// JSON text writes it, or as a number.
sagas::Answer scrubbed(sagas::Answer answer, const std::vector<std::string>& secrets);

/// Remembers which secrets each call was sent with.
///
/// Threads: the coordinator's alone, unlike other Secrets.
class SecretsOfCalls : public sagas::Secrets {
 public:
    /// `secrets` must outlive it.
    explicit SecretsOfCalls(const sagas::Secrets& secrets) : secrets_(secrets) {}

    /// What is found until the next call leaves counts as sent with it.
    std::optional<std::string> find(std::string_view name) const override;

    /// One more that counts so.
    void add(std::string secret);

    void call_leaves(engine::CallId id);
    /// The call's answer, scrubbed.
    sagas::Answer answered(engine::CallId id, sagas::Answer answer);

 private:
    const sagas::Secrets& secrets_;
    mutable std::vector<std::string> found_;
    std::unordered_map<engine::CallId, std::vector<std::string>> by_call_;
};

/// Tells `secrets` of each token that it makes: who has it may answer.
class CallbackUrlsOfCalls : public sagas::CallbackUrls {
 public:
    /// Both must outlive it.
    CallbackUrlsOfCalls(const sagas::CallbackUrls& urls, SecretsOfCalls& secrets)
        : urls_(urls), secrets_(secrets) {}

    std::string url(std::string_view saga_id, sagas::StepIndex step,
                    sagas::Phase phase) const override;

 private:
    const sagas::CallbackUrls& urls_;
    SecretsOfCalls& secrets_;
};

/// Tells `secrets` of each call on its way to `caller`.
class SecretsCaller : public engine::Caller {
 public:
    /// `secrets` must outlive it.
    SecretsCaller(std::unique_ptr<engine::Caller> caller, SecretsOfCalls& secrets)
        : caller_(std::move(caller)), secrets_(secrets) {}

    void call(engine::CallId id, sagas::Request request, std::uint32_t attempt) override;
    void recall(engine::CallId id) override { caller_->recall(id); }
    engine::CallerStats stats() const override { return caller_->stats(); }

 private:
    const std::unique_ptr<engine::Caller> caller_;
    SecretsOfCalls& secrets_;
};

}  // namespace skald::api
