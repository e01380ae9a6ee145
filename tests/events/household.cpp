#include "tests/events/household.h"

#include <utility>

namespace skald::events {

std::filesystem::path Household::log_of(const Member& member) const {
    return folder_ / (member.name + ".log");
}

void Household::start(Member& member) const {
    member.process = std::make_unique<outside::ChildProcess>(member.command, log_of(member));
}

std::size_t Household::add(const std::string& name, std::vector<std::string> command) {
    members_.push_back({name, std::move(command), nullptr, 0});
    start(members_.back());
    return members_.size() - 1;
}

void Household::plan(std::vector<Kill> kills, std::vector<std::size_t> victims) {
    kills_ = std::move(kills);
    victims_ = std::move(victims);
}

void Household::look(std::uint64_t published) {
    while (next_ < kills_.size() && published >= kills_[next_].at_event) {
        const Clock::time_point now = Clock::now();
        if (!due_at_.has_value()) due_at_ = now + kills_[next_].delay;
        if (now < *due_at_) return;
        Member& member = members_[victims_.at(kills_[next_].victim)];
        member.process->kill();
        ++member.kills;
        start(member);
        due_at_.reset();
        ++next_;
    }
}

std::string Household::find_dead() const {
    for (const Member& member : members_) {
        if (member.process->ends_within(std::chrono::milliseconds(0))) {
            return member.name + " ended by itself; its log ends with:\n" +
                   outside::tail_of(log_of(member));
        }
    }
    return {};
}

std::optional<int> Household::stop(std::size_t member, std::chrono::milliseconds time) {
    return members_[member].process->stop(time);
}

std::vector<Household::Figures> Household::figures() const {
    std::vector<Figures> figures;
    for (const Member& member : members_) figures.push_back({member.name, member.kills});
    return figures;
}

}  // namespace skald::events
