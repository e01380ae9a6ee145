#pragma once

#include <variant>

#include "sagas/expression.h"

namespace skald::sagas {

/// `$input` and nothing else: there is no saga yet. Borrows the input.
class InputScope : public Scope {
 public:
    explicit InputScope(const Json& input) : input_(input) {}

    Found find(const Root& root) const override {
        if (root.kind == RootKind::Input) return &input_;
        return std::monostate{};
    }

 private:
    const Json& input_;
};

}  // namespace skald::sagas
