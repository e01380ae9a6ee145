#include "engine/loads.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace skald::engine {

namespace {

/// What comes late changes nothing, so it is limited and dropped as commands are.
bool is_command(const Errand& errand) {
    return std::holds_alternative<Operate>(errand) || std::holds_alternative<CallBack>(errand) ||
           std::holds_alternative<DeliverLate>(errand);
}

std::size_t commands_in(const std::vector<Errand>& errands) {
    return static_cast<std::size_t>(std::count_if(errands.begin(), errands.end(), is_command));
}

}  // namespace

std::optional<Loads::Ticket> Loads::add(const Loader::Name& name, Errand errand) {
    commands_ += is_command(errand);
    const auto [found, is_new] = open_.try_emplace(name);
    found->second.errands.push_back(std::move(errand));
    if (!is_new) return std::nullopt;
    found->second.number = ++last_number_;
    return Ticket{name, last_number_};
}

bool Loads::is_open(const Ticket& ticket) const {
    const auto found = open_.find(ticket.name);
    return found != open_.end() && found->second.number == ticket.number;
}

std::vector<Errand> Loads::take(const Loader::Name& name) {
    auto node = open_.extract(name);
    if (node.empty()) return {};
    commands_ -= commands_in(node.mapped().errands);
    return std::move(node.mapped().errands);
}

std::vector<Errand> Loads::take(store::SagaKey key, const std::string& id) {
    std::vector<Errand> errands = take(key);
    std::vector<Errand> by_id = take(id);
    errands.insert(errands.end(), std::make_move_iterator(by_id.begin()),
                   std::make_move_iterator(by_id.end()));
    return errands;
}

void Loads::refuse_commands(const Busy& busy) {
    for (auto& [name, load] : open_) {
        for (Errand& errand : load.errands) {
            if (auto* operate = std::get_if<Operate>(&errand)) operate->done(busy);
            if (auto* call_back = std::get_if<CallBack>(&errand)) call_back->done(busy);
        }
        std::erase_if(load.errands, is_command);
    }
    commands_ = 0;
}

}  // namespace skald::engine
