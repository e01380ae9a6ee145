#include "api/stream_ear.h"

#include <utility>

namespace skald::api {
namespace {

class JournalEar final : public StreamEar {
 public:
    explicit JournalEar(engine::JournalBell& bell) : bell_(bell), listener_(bell) {}

    std::uint64_t heard() const override { return static_cast<std::uint64_t>(bell_.last()); }
    void when_beyond(std::uint64_t before, std::function<void()> ready) override {
        listener_.when_beyond(store::Position{static_cast<std::int64_t>(before)}, std::move(ready));
    }

 private:
    const engine::JournalBell& bell_;
    engine::JournalBell::Listener listener_;
};

class TopicEar final : public StreamEar {
 public:
    TopicEar(engine::EventBell& bell, std::string_view topic) : listener_(bell, topic) {}

    std::uint64_t heard() const override { return listener_.rings(); }
    void when_beyond(std::uint64_t before, std::function<void()> ready) override {
        listener_.when_rung(before, std::move(ready));
    }

 private:
    engine::EventBell::Listener listener_;
};

}  // namespace

std::unique_ptr<StreamEar> listen_to_journal(engine::JournalBell& bell) {
    return std::make_unique<JournalEar>(bell);
}

std::unique_ptr<StreamEar> listen_to_topic(engine::EventBell& bell, std::string_view topic) {
    return std::make_unique<TopicEar>(bell, topic);
}

}  // namespace skald::api
