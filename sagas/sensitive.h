#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sagas/expression.h"
#include "sagas/result.h"

/// What a definition says is `sensitive`: journaled as it is, for the calls need it, and shown as
/// "***". The places where it goes are found once, when the definition is loaded, by following its
/// expressions; no value is looked at.
namespace skald::sagas {

struct Definition;
struct Problem;
struct Step;

/// What people see instead.
inline constexpr std::string_view kMasked = "***";

/// The tokens of a JSON Pointer; "*" stands for every member and every element.
using SensitivePath = std::vector<std::string>;

/// Of one value; over this many, all of it is sensitive.
inline constexpr std::size_t kSensitivePathsMax = 200;

/// One entry of `sensitive`: /input…, /steps/NAME/output… or /output….
struct SensitivePointer {
    enum class Root : std::uint8_t { Input, StepOutput, Output };

    Root root;
    std::string step;  ///< Of StepOutput.
    SensitivePath below;
};

/// Errors: InvalidArgument; the message says what is wrong with `text`.
Result<SensitivePointer> read_sensitive_pointer(std::string_view text);

/// Where the sensitive values of a definition's sagas are: those that it names, and what its
/// templates make of them. Immutable once made. Threads: free.
struct Sensitive {
    struct OfStep {
        std::vector<SensitivePath> body;    ///< Of the action's request, a child's input, or an
                                            ///< event's data.
        std::vector<SensitivePath> output;  ///< Of the step; of a `for_each` step, of the list.
        std::vector<SensitivePath> items;   ///< Of the array of a `for_each` step; of an element,
                                            ///< of its item.
        /// Its participant is told something sensitive, or answers it: what it says to that may
        /// repeat it.
        bool hides_replies = false;

        bool operator==(const OfStep&) const = default;
    };

    std::vector<SensitivePath> input;
    std::vector<SensitivePath> output;  ///< Of the saga.
    std::vector<OfStep> steps;          ///< Empty: nothing is sensitive.
    std::vector<OfStep> elements;       ///< By step: of one element of it; as many as `steps`.

    bool hides_replies(StepIndex step) const;
    /// Nothing of a step where there is nothing sensitive. Takes an element too.
    const OfStep& of(StepIndex step) const;

    bool operator==(const Sensitive&) const = default;
};

/// Follows `pointers` through the templates of `definition`, whose order is known. A step that
/// there is not is passed over.
Sensitive trace_sensitive(const Definition& definition,
                          const std::vector<SensitivePointer>& pointers);

/// Expressions that put a sensitive value where it would be shown, as "sensitive-shown": a label,
/// the lock, the time until which a step waits, the subject of an event, and the path of a URL,
/// which the errors of its call name.
std::vector<Problem> find_shown(const Definition& definition);

/// Where what `made`, which belongs to `own`, makes is sensitive.
std::vector<SensitivePath> find_sensitive(const Definition& definition, StepIndex own,
                                          const Template& made);

/// Where the output of `step`, or of one element of it, is sensitive when its reply's body is at
/// `body`.
std::vector<SensitivePath> find_sensitive_output(const Step& step,
                                                 const std::vector<SensitivePath>& body);

/// Whether all that `paths` lead to is what `by` lead to, or inside it.
bool are_covered(const std::vector<SensitivePath>& paths, const std::vector<SensitivePath>& by);

}  // namespace skald::sagas
