#pragma once

#include <variant>

#include "sagas/expression.h"

namespace skald::sagas {

/// `$event` and nothing else. Borrows the event.
class EventScope : public Scope {
 public:
    explicit EventScope(const Json& event) : event_(event) {}

    Found find(const Root& root) const override {
        if (root.kind == RootKind::Event) return &event_;
        return std::monostate{};
    }

 private:
    const Json& event_;
};

}  // namespace skald::sagas
