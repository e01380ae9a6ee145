#include "tests/engine/nats_peer.h"

#include <gtest/gtest.h>
#include <nats/nats.h>

#include <cstdlib>

namespace skald::testing_nats {
namespace {

constexpr std::int64_t kGuardMilliseconds = 60'000;

void expect_good(natsStatus status, const std::string& what) {
    EXPECT_EQ(status, NATS_OK) << what << ": " << nats_GetLastError(nullptr);
}

std::map<std::string, std::string> headers_of(natsMsg* message) {
    std::map<std::string, std::string> headers;
    const char** names = nullptr;
    int count = 0;
    if (natsMsgHeader_Keys(message, &names, &count) != NATS_OK) return headers;
    for (int i = 0; i < count; ++i) {
        const char* value = nullptr;
        if (natsMsgHeader_Get(message, names[i], &value) == NATS_OK) headers[names[i]] = value;
    }
    std::free(names);
    return headers;
}

}  // namespace

struct NatsPeer::Parts {
    natsConnection* connection = nullptr;
    jsCtx* streams = nullptr;
    natsSubscription* acknowledgements = nullptr;
    natsSubscription* silent = nullptr;
    std::vector<std::string> heard;
};

NatsPeer::NatsPeer(std::uint16_t port, const Options& options) : parts_(std::make_unique<Parts>()) {
    natsOptions* made = nullptr;
    natsOptions_Create(&made);
    natsOptions_SetURL(made, ("nats://127.0.0.1:" + std::to_string(port)).c_str());
    if (!options.user.empty()) {
        natsOptions_SetUserInfo(made, options.user.c_str(), options.password.c_str());
    }
    if (!options.ca_file.empty()) {
        natsOptions_SetSecure(made, true);
        natsOptions_LoadCATrustedCertificates(made, options.ca_file.c_str());
    }
    natsOptions_SetReconnectWait(made, 50);
    natsOptions_SetMaxReconnect(made, -1);
    expect_good(natsConnection_Connect(&parts_->connection, made), "connect");
    natsOptions_Destroy(made);
    expect_good(natsConnection_JetStream(&parts_->streams, parts_->connection, nullptr),
                "JetStream");
}

NatsPeer::~NatsPeer() {
    natsSubscription_Destroy(parts_->acknowledgements);
    natsSubscription_Destroy(parts_->silent);
    jsCtx_Destroy(parts_->streams);
    natsConnection_Destroy(parts_->connection);
}

void NatsPeer::make_stream(const std::string& name, const std::string& subject) {
    const char* subjects[] = {subject.c_str()};
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    config.Name = name.c_str();
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    expect_good(js_AddStream(nullptr, parts_->streams, &config, nullptr, nullptr), "make a stream");
}

void NatsPeer::delete_stream(const std::string& name) {
    expect_good(js_DeleteStream(parts_->streams, name.c_str(), nullptr, nullptr), "delete it");
}

std::uint64_t NatsPeer::publish(const std::string& subject, const std::string& data,
                                const std::map<std::string, std::string>& headers) {
    natsMsg* message = nullptr;
    natsMsg_Create(&message, subject.c_str(), nullptr, data.data(), static_cast<int>(data.size()));
    for (const auto& [name, value] : headers) {
        natsMsgHeader_Set(message, name.c_str(), value.c_str());
    }
    jsPubAck* ack = nullptr;
    expect_good(js_PublishMsg(&ack, parts_->streams, message, nullptr, nullptr), "publish");
    const std::uint64_t sequence = ack == nullptr ? 0 : ack->Sequence;
    jsPubAck_Destroy(ack);
    natsMsg_Destroy(message);
    return sequence;
}

std::vector<StoredMessage> NatsPeer::messages(const std::string& stream) {
    std::vector<StoredMessage> messages;
    jsStreamInfo* info = nullptr;
    expect_good(js_GetStreamInfo(&info, parts_->streams, stream.c_str(), nullptr, nullptr), stream);
    if (info == nullptr) return messages;
    for (std::uint64_t at = info->State.FirstSeq; at <= info->State.LastSeq && at > 0; ++at) {
        natsMsg* raw = nullptr;
        if (js_GetMsg(&raw, parts_->streams, stream.c_str(), at, nullptr, nullptr) != NATS_OK) {
            continue;
        }
        StoredMessage message;
        message.subject = natsMsg_GetSubject(raw);
        message.headers = headers_of(raw);
        message.data.assign(natsMsg_GetData(raw),
                            static_cast<std::size_t>(natsMsg_GetDataLength(raw)));
        messages.push_back(std::move(message));
        natsMsg_Destroy(raw);
    }
    jsStreamInfo_Destroy(info);
    return messages;
}

std::vector<std::string> NatsPeer::consumers(const std::string& stream) {
    std::vector<std::string> names;
    jsConsumerNamesList* list = nullptr;
    const natsStatus status =
        js_ConsumerNames(&list, parts_->streams, stream.c_str(), nullptr, nullptr);
    if (status == NATS_NOT_FOUND) return names;  // None.
    expect_good(status, "list its consumers");
    for (int i = 0; list != nullptr && i < list->Count; ++i) names.emplace_back(list->List[i]);
    jsConsumerNamesList_Destroy(list);
    return names;
}

std::uint64_t NatsPeer::unsettled(const std::string& stream, const std::string& consumer) {
    jsConsumerInfo* info = nullptr;
    expect_good(js_GetConsumerInfo(&info, parts_->streams, stream.c_str(), consumer.c_str(),
                                   nullptr, nullptr),
                "look at a consumer");
    if (info == nullptr) return 0;
    const std::uint64_t count = info->NumPending + static_cast<std::uint64_t>(info->NumAckPending);
    jsConsumerInfo_Destroy(info);
    return count;
}

void NatsPeer::delete_consumer(const std::string& stream, const std::string& consumer) {
    expect_good(
        js_DeleteConsumer(parts_->streams, stream.c_str(), consumer.c_str(), nullptr, nullptr),
        "delete a consumer");
}

void NatsPeer::subscribe(const std::string& subject) {
    expect_good(natsConnection_SubscribeSync(&parts_->silent, parts_->connection, subject.c_str()),
                "subscribe");
    expect_good(natsConnection_FlushTimeout(parts_->connection, kGuardMilliseconds), "subscribe");
}

void NatsPeer::await_message() {
    natsMsg* message = nullptr;
    expect_good(natsSubscription_NextMsg(&message, parts_->silent, kGuardMilliseconds),
                "nothing was published");
    natsMsg_Destroy(message);
}

void NatsPeer::answer_message() {
    natsMsg* message = nullptr;
    expect_good(natsSubscription_NextMsg(&message, parts_->silent, kGuardMilliseconds),
                "nothing was published");
    if (message == nullptr) return;
    expect_good(natsConnection_PublishString(parts_->connection, natsMsg_GetReply(message), "hi"),
                "answer");
    natsMsg_Destroy(message);
}

void NatsPeer::listen_to_acknowledgements() {
    expect_good(
        natsConnection_SubscribeSync(&parts_->acknowledgements, parts_->connection, "$JS.ACK.>"),
        "listen");
    expect_good(natsConnection_FlushTimeout(parts_->connection, kGuardMilliseconds), "listen");
}

std::vector<std::string> NatsPeer::await_acknowledgements(std::size_t count) {
    while (parts_->heard.size() < count) {
        natsMsg* message = nullptr;
        const natsStatus status =
            natsSubscription_NextMsg(&message, parts_->acknowledgements, kGuardMilliseconds);
        expect_good(status, "only " + std::to_string(parts_->heard.size()) + " of " +
                                std::to_string(count) + " acknowledgements came");
        if (status != NATS_OK) break;
        parts_->heard.emplace_back(natsMsg_GetData(message),
                                   static_cast<std::size_t>(natsMsg_GetDataLength(message)));
        natsMsg_Destroy(message);
    }
    return parts_->heard;
}

}  // namespace skald::testing_nats
