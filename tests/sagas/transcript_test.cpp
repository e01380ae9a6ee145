#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "sagas/draft.h"
#include "sagas/event_match.h"
#include "sagas/lock.h"
#include "tests/sagas/described.h"
#include "tests/sagas/golden.h"
#include "tests/sagas/played.h"

/// Transcripts in testdata/transcripts: a command, "----", what came of it, a blank line.
///
///   define            followed by the definition's JSON
///   begin [INPUT]     | begin-child [INPUT]: for another saga
///   answer STEP[/compensation] [#ATTEMPT] STATUS [BODY] | lost REASON | not-sent REASON
///   unsendable STEP[/compensation] ERROR
///   call-back STEP[/compensation] success [OUTPUT] | failure|retry|unknown [ERROR]
///   event STEP[/compensation] [@OFFSET] TYPE [DATA]    OFFSET: the next one, if it is not said
///   child STEP[/compensation] [#ATTEMPT] completed [OUTPUT] | compensated|abandoned [ERROR]
///   due STEP          what it is to be woken for comes, and the time with it
///   due STEP again ATTEMPT    the event alone
///   lock-granted | parent-turned
///   deadline | advance DURATION | restart | state
///   cancel | retry [STEP] | resolve STEP succeeded|compensated|skipped [OUTPUT] | abandon
///   suspend | resume
///
/// Elements of a `for_each` step are steps named as "items/2".
namespace skald::sagas {
namespace {

constexpr char kFolder[] = "tests/sagas/testdata/transcripts/";

std::string rest_of(std::istringstream& line) {
    std::string text;
    std::getline(line >> std::ws, text);
    return text;
}

Json json_or(const std::string& text, Json otherwise) {
    return text.empty() ? otherwise : Json::parse(text);
}

class Transcript {
 public:
    /// What `command` brings.
    std::string run(const std::string& command) {
        std::istringstream line(command);
        std::string word;
        line >> word;
        if (word == "define") {
            definition_ =
                define(rest_of(line) + std::string(std::istreambuf_iterator<char>(line), {}));
            return "ok\n";
        }
        if (word == "begin") {
            return begin(json_or(rest_of(line), Json::object()), std::nullopt);
        }
        if (word == "begin-child") {
            return begin(json_or(rest_of(line), Json::object()),
                         Parent{"parent-1", StepIndex{0}, Phase::Action, 1});
        }
        if (word == "advance") {
            saga_->advance(parse_duration(rest_of(line)).value());
            return "ok\n";
        }
        if (word == "restart") {
            saga_->restart();
            return owed_now();
        }
        if (word == "state") return state();
        return told(saga_->tell(event(word, line)));
    }

 private:
    std::string begin(const Json& input, std::optional<Parent> parent) {
        saga_.emplace(definition_, input);
        Begin event;
        event.lock = render_lock(*definition_, input).value();
        event.parent = std::move(parent);
        return told(saga_->tell(event));
    }

    struct Try {
        StepIndex step;
        Phase phase;
        std::uint32_t attempt;
    };
    Try try_of(std::istringstream& line) {
        std::string name;
        line >> name;
        const std::size_t undo = name.find("/compensation");
        const Phase phase = undo == std::string::npos ? Phase::Action : Phase::Compensation;
        const StepIndex step = saga_->index(name.substr(0, undo));
        std::uint32_t attempt = open_attempt(step, phase);
        if ((line >> std::ws).peek() == '#') {
            line.get();
            line >> attempt;
        }
        return {step, phase, attempt};
    }

    /// The one that is answered to what is owed now; else the last one.
    std::uint32_t open_attempt(StepIndex step, Phase phase) const {
        for (const Effect& effect : owed(saga_->definition(), saga_->saga())) {
            const auto* child = std::get_if<Child>(&effect);
            if (child != nullptr && child->step == step && child->phase == phase) {
                return child->attempt;
            }
        }
        const StepRun& run = saga_->saga().step(step);
        return phase == Phase::Action ? run.attempts : run.compensation_attempts;
    }

    static Answer answer_of(std::istringstream& line) {
        std::string what;
        line >> what;
        if (what == "lost") return Lost{rest_of(line)};
        if (what == "not-sent") return NotSent{rest_of(line)};
        return reply(std::stoi(what), json_or(rest_of(line), nullptr));
    }

    static Answer child_end(std::istringstream& line) {
        std::string how;
        line >> how;
        const std::string rest = rest_of(line);
        if (how == "completed") {
            return ChildEnd{ChildEnd::How::Completed, make_value(json_or(rest, nullptr)), ""};
        }
        return ChildEnd{
            how == "compensated" ? ChildEnd::How::Compensated : ChildEnd::How::Abandoned, nullptr,
            rest};
    }

    Event call_back(std::istringstream& line) {
        const Try at = try_of(line);
        std::string outcome;
        line >> outcome;
        const std::string rest = rest_of(line);
        if (outcome == "success") {
            return CalledBack{at.step, at.phase, Outcome::Success,
                              rest.empty() ? nullptr : make_value(Json::parse(rest)), ""};
        }
        return CalledBack{at.step, at.phase,
                          outcome == "failure" ? Outcome::Failure
                          : outcome == "retry" ? Outcome::Retry
                                               : Outcome::Unknown,
                          nullptr, rest};
    }

    Event event_of_log(std::istringstream& line) {
        const Try at = try_of(line);
        const Step& step = saga_->definition().step(at.step);
        EventRef ref{awaited_event(step, at.phase)->topic, last_offset_ + 1};
        if ((line >> std::ws).peek() == '@') {
            line.get();
            line >> ref.offset;
        }
        last_offset_ = std::max(last_offset_, ref.offset);
        std::string type;
        line >> type;
        const Json event = cloud_event(type, json_or(rest_of(line), nullptr));
        return reply_by_event(saga_->definition(), at.step, at.phase, event, ref).value();
    }

    std::optional<StepIndex> step_of(std::istringstream& line) {
        std::string name;
        line >> name;
        return name.empty() ? std::nullopt : std::optional(saga_->index(name));
    }

    Event resolve(std::istringstream& line) {
        const StepIndex step = step_of(line).value();
        std::string as;
        line >> as;
        const std::string output = rest_of(line);
        return Resolve{step,
                       as == "succeeded"     ? ResolveAs::Succeeded
                       : as == "compensated" ? ResolveAs::Compensated
                                             : ResolveAs::Skipped,
                       output.empty() ? nullptr : make_value(Json::parse(output)), somebody()};
    }

    Event due(std::istringstream& line) {
        const StepIndex step = step_of(line).value();
        std::string again;
        if (line >> again) {
            std::uint32_t attempt = 0;
            line >> attempt;
            return Due{step, Phase::Action, attempt};
        }
        return saga_->due_event(step);
    }

    Event event(const std::string& word, std::istringstream& line) {
        if (word == "answer") {
            const Try at = try_of(line);
            return Answered{at.step, at.phase, at.attempt, answer_of(line)};
        }
        if (word == "unsendable") {
            const Try at = try_of(line);
            return Unsendable{at.step, at.phase, at.attempt, rest_of(line)};
        }
        if (word == "call-back") return call_back(line);
        if (word == "event") return event_of_log(line);
        if (word == "child") {
            const Try at = try_of(line);
            return Answered{at.step, at.phase, at.attempt, child_end(line)};
        }
        if (word == "lock-granted") return LockGranted{};
        if (word == "parent-turned") return ParentTurned{};
        if (word == "due") return due(line);
        if (word == "deadline") return DeadlinePassed{};
        if (word == "cancel") return Cancel{somebody()};
        if (word == "retry") return Retry{step_of(line), somebody()};
        if (word == "resolve") return resolve(line);
        if (word == "abandon") return Abandon{somebody()};
        if (word == "suspend") return Suspend{somebody()};
        if (word == "resume") return Resume{somebody()};
        ADD_FAILURE() << "unknown command: " << word;
        return Begin{};
    }

    std::string told(const Played::Told& told) {
        std::string text;
        if (told.record) text += "journal: " + describe(saga_->definition(), *told.record) + "\n";
        for (const Publication& publication : told.publications) {
            text += "published on " + publication.topic + ": " + publication.event.text + "\n";
        }
        for (const Expectation& expectation : told.expectations) {
            text += "expected: " + describe(saga_->definition(), expectation) + " by";
            for (const std::string& key : expectation.keys) text += " " + key;
            text += "\n";
        }
        for (const Effect& effect : told.effects) {
            text += "owed: " + describe(saga_->definition(), effect, saga_->now()) + "\n";
        }
        if (told.refusal) {
            text += "refused: " + std::string(to_text(told.refusal->code)) + ": " +
                    told.refusal->detail + "\n";
        }
        if (text.empty()) return "nothing\n";
        return text + "status: " + saga_->status() + "\n";
    }

    std::string owed_now() {
        std::string text;
        for (const std::string& effect : saga_->owed()) text += "owed: " + effect + "\n";
        return text + "status: " + saga_->status() + "\n";
    }

    std::string state() {
        std::string text;
        for (const StepIndex place : all_places(saga_->saga())) {
            const StepRun& run = saga_->saga().step(place);
            text += place_name(saga_->definition(), place) + ": " + describe(run.state);
            if (run.output) text += " output " + run.output->dump();
            if (!run.error.empty()) text += " (" + run.error + ")";
            text += "\n";
        }
        return text + "status: " + saga_->status() + "\n";
    }

    std::shared_ptr<const Definition> definition_;
    std::optional<Played> saga_;
    std::int64_t last_offset_ = 0;
};

/// The file again, with what the machine says now.
std::string replay(const std::string& text) {
    Transcript transcript;
    std::string out;
    std::string command;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("#") && command.empty()) {
            out += line + "\n";
        } else if (line == "----") {
            out += command + "----\n" + transcript.run(command) + "\n";
            command.clear();
            while (std::getline(lines, line) && !line.empty()) {
            }
        } else if (!line.empty() || !command.empty()) {
            command += line + "\n";
        } else {
            out += "\n";
        }
    }
    return out;
}

std::vector<std::string> files() {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(SKALD_SOURCE_DIR) + "/" + kFolder)) {
        names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
}

class Transcripts : public ::testing::TestWithParam<std::string> {};

TEST_P(Transcripts, AreWhatTheMachineSays) {
    const std::string path = kFolder + GetParam();
    expect_golden(path, replay(read_file(std::string(SKALD_SOURCE_DIR) + "/" + path)));
}

INSTANTIATE_TEST_SUITE_P(Files, Transcripts, ::testing::ValuesIn(files()), [](const auto& file) {
    std::string name = file.param.substr(0, file.param.find('.'));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

}  // namespace
}  // namespace skald::sagas
