#include "examples/events/nats_wire.h"

#include <nats/nats.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <utility>

#include "examples/events/event_client.h"

namespace events {

namespace {

using nlohmann::json;

constexpr int kAtOnce = 10;
constexpr std::int64_t kWaitMs = 5'000;
constexpr std::int64_t kReconnectMs = 100;
/// How long a command may take until it is given out again; short, for the sake of the story.
constexpr std::chrono::nanoseconds kAckWait = std::chrono::seconds{2};

void check(natsStatus status, const std::string& what) {
    if (status != NATS_OK) {
        throw Trouble(0, what + ": " + natsStatus_GetText(status));
    }
}

template <auto Destroy>
struct Destroyer {
    template <typename T>
    void operator()(T* object) const {
        Destroy(object);
    }
};
template <typename T, auto Destroy>
using Handle = std::unique_ptr<T, Destroyer<Destroy>>;
using Options = Handle<natsOptions, natsOptions_Destroy>;
using Connection = Handle<natsConnection, natsConnection_Destroy>;
using Context = Handle<jsCtx, jsCtx_Destroy>;
using Subscription = Handle<natsSubscription, natsSubscription_Destroy>;

Connection connect(const std::string& server) {
    natsOptions* options = nullptr;
    check(natsOptions_Create(&options), "options of NATS");
    const Options owned(options);
    check(natsOptions_SetURL(options, server.c_str()), server);
    check(natsOptions_SetMaxReconnect(options, -1), "options of NATS");
    check(natsOptions_SetReconnectWait(options, kReconnectMs), "options of NATS");
    natsConnection* connection = nullptr;
    check(natsConnection_Connect(&connection, options), "connect to " + server);
    return Connection(connection);
}

Context open(natsConnection* connection) {
    jsCtx* context = nullptr;
    check(natsConnection_JetStream(&context, connection, nullptr), "JetStream");
    return Context(context);
}

class NatsWire : public Wire {
 public:
    NatsWire(const std::string& server, const Stream& commands, const std::string& consumer,
             const Stream& replies)
        : connection_(connect(server)), context_(open(connection_.get())), replies_(replies) {
        make(commands);
        make(replies);
        jsSubOptions options;
        jsSubOptions_Init(&options);
        options.Stream = commands.name.c_str();
        options.Config.AckPolicy = js_AckExplicit;
        options.Config.AckWait = kAckWait.count();
        natsSubscription* subscription = nullptr;
        check(js_PullSubscribe(&subscription, context_.get(), commands.subject.c_str(),
                               consumer.c_str(), nullptr, &options, nullptr),
              "subscribe to " + commands.subject);
        subscription_.reset(subscription);
    }

    std::vector<Incoming> take() override {
        natsMsgList list{nullptr, 0};
        const natsStatus status =
            natsSubscription_Fetch(&list, subscription_.get(), kAtOnce, kWaitMs, nullptr);
        if (status == NATS_TIMEOUT) {
            return {};
        }
        check(status, "fetch from NATS");
        const std::unique_ptr<natsMsgList, Destroyer<natsMsgList_Destroy>> owned(&list);
        std::vector<Incoming> taken;
        for (int i = 0; i < list.Count; ++i) {
            const std::shared_ptr<natsMsg> message(std::exchange(list.Msgs[i], nullptr),
                                                   natsMsg_Destroy);
            take_one(message, taken);
        }
        return taken;
    }

    void publish(const json& reply) override {
        const std::string text = reply.dump();
        natsMsg* message = nullptr;
        check(natsMsg_Create(&message, replies_.subject.c_str(), nullptr, text.data(),
                             static_cast<int>(text.size())),
              "a message for NATS");
        const std::unique_ptr<natsMsg, Destroyer<natsMsg_Destroy>> owned(message);
        check(natsMsgHeader_Set(message, "Content-Type", "application/cloudevents+json"),
              "a header for NATS");
        // By this id the stream drops what it has already.
        const std::string id =
            reply.at("source").get<std::string>() + " " + reply.at("id").get<std::string>();
        jsPubOptions options;
        jsPubOptions_Init(&options);
        options.MsgId = id.c_str();
        check(js_PublishMsg(nullptr, context_.get(), message, &options, nullptr),
              "publish to " + replies_.subject);
    }

 private:
    void make(const Stream& stream) {
        jsStreamConfig config;
        jsStreamConfig_Init(&config);
        const char* subject = stream.subject.c_str();
        config.Name = stream.name.c_str();
        config.Subjects = &subject;
        config.SubjectsLen = 1;
        jsErrCode error{};
        const natsStatus status = js_AddStream(nullptr, context_.get(), &config, nullptr, &error);
        if (error != JSStreamNameExistErr) {
            check(status, "make the stream " + stream.name);
        }
    }

    static void take_one(const std::shared_ptr<natsMsg>& message, std::vector<Incoming>& taken) {
        const std::string text(natsMsg_GetData(message.get()),
                               static_cast<std::size_t>(natsMsg_GetDataLength(message.get())));
        json command = json::parse(text, nullptr, /*allow_exceptions=*/false);
        if (!command.is_object()) {
            std::cout << "passes over what is no CloudEvent" << std::endl;
            natsMsg_Term(message.get(), nullptr);
            return;
        }
        taken.push_back({std::move(command), attempt_of(message.get()), [message] {
                             check(natsMsg_AckSync(message.get(), nullptr, nullptr),
                                   "acknowledge to NATS");
                         }});
    }

    static std::uint32_t attempt_of(natsMsg* message) {
        jsMsgMetaData* data = nullptr;
        check(natsMsg_GetMetaData(&data, message), "a message of NATS");
        const auto attempt = static_cast<std::uint32_t>(data->NumDelivered);
        jsMsgMetaData_Destroy(data);
        return attempt;
    }

    const Connection connection_;
    const Context context_;
    const Stream replies_;
    Subscription subscription_;
};

}  // namespace

std::unique_ptr<Wire> nats_wire(const std::string& server, const Stream& commands,
                                const std::string& consumer, const Stream& replies) {
    return std::make_unique<NatsWire>(server, commands, consumer, replies);
}

}  // namespace events
