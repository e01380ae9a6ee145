#include "engine/nats/connection.h"

#include <nats/nats.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <system_error>

#include "engine/clock.h"
#include "engine/mutex.h"
#include "engine/nats/credentials.h"
#include "engine/thread_name.h"
#include "sagas/json.h"
#include "sagas/utf8.h"

namespace skald::engine {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kConnectMax{2'000};   ///< For TCP and the server's first words.
constexpr milliseconds kAttemptMax{10'000};  ///< For all of it: names, TLS and login too.
constexpr std::size_t kAttemptsMax = 4;      ///< That go on at once, because they hang.
constexpr milliseconds kWriteMax{5'000};     ///< A server that takes nothing for so long is away.
constexpr milliseconds kPingEvery{10'000};   ///< Two without an answer, and it is away.
constexpr milliseconds kFlushMax{400};       ///< At the end.
constexpr milliseconds kEndMax{1'000};       ///< That the destructor waits for the thread.
constexpr milliseconds kLookEvery{1'000};    ///< For complaints, and for an end that nobody told.
constexpr milliseconds kFirstWait{100};      ///< Between attempts to connect.
constexpr milliseconds kLongestWait{5'000};
constexpr milliseconds kStableAfter{5'000};  ///< A connection that held so long was a good one.

template <typename T, void (*Destroy)(T*)>
struct NatsDelete {
    void operator()(T* object) const { Destroy(object); }
};
using OptionsPtr = std::unique_ptr<natsOptions, NatsDelete<natsOptions, natsOptions_Destroy>>;
using ConnectionPtr =
    std::unique_ptr<natsConnection, NatsDelete<natsConnection, natsConnection_Destroy>>;
using SubscriptionPtr =
    std::unique_ptr<natsSubscription, NatsDelete<natsSubscription, natsSubscription_Destroy>>;
using MessagePtr = std::unique_ptr<natsMsg, NatsDelete<natsMsg, natsMsg_Destroy>>;
using InboxPtr = std::unique_ptr<natsInbox, NatsDelete<natsInbox, natsInbox_Destroy>>;

/// Why the library's call on this thread failed.
std::string why(natsStatus status) {
    natsStatus last = NATS_OK;
    const char* const text = nats_GetLastError(&last);
    if (last != status || text == nullptr || *text == '\0') return natsStatus_GetText(status);
    // "(conn.c:733): SSL handshake error": where in the library it was, nobody wants to know.
    const std::string_view all(text);
    const std::size_t end = all.starts_with('(') ? all.find("): ") : std::string_view::npos;
    return std::string(end == std::string_view::npos ? all : all.substr(end + 3));
}

/// Calls that go on while they succeed.
class Calls {
 public:
    void operator()(natsStatus status) {
        if (status_ == NATS_OK && status != NATS_OK) {
            status_ = status;
            why_ = why(status);
        }
    }
    bool is_good() const { return status_ == NATS_OK; }
    const std::string& why_not() const { return why_; }

 private:
    natsStatus status_ = NATS_OK;
    std::string why_;
};

/// Without it the library writes complaints to standard error.
void ignore_complaint(natsConnection*, natsSubscription*, natsStatus, void*) {}

// ---- Credentials: the library asks for them while it connects, and frees what it gets -----------

char* copied(const std::string& text) { return ::strndup(text.data(), text.size()); }

natsStatus give_jwt(char** jwt, char** /*error*/, void* credentials) {
    *jwt = copied(static_cast<const NatsCredentials*>(credentials)->jwt);
    return *jwt == nullptr ? NATS_NO_MEMORY : NATS_OK;
}

natsStatus give_signature(char** /*error*/, unsigned char** signature, int* length,
                          const char* nonce, void* credentials) {
    const auto* const known = static_cast<const NatsCredentials*>(credentials);
    return nats_Sign(known->seed.c_str(), nonce, signature, length);
}

/// The library writes these into its JSON as they are.
std::string in_json(const std::string& text) {
    const std::string quoted = sagas::Json(text).dump();
    return quoted.substr(1, quoted.size() - 2);
}

/// Null: all of it is.
const char* not_utf8(const NatsLogin& login) {
    if (!sagas::is_utf8(login.user)) return "user";
    if (!sagas::is_utf8(login.password)) return "password";
    return sagas::is_utf8(login.token) ? nullptr : "token";
}

// ---- Messages ----------------------------------------------------------------------------------

void read_headers(natsMsg* from, NatsMessage& to) {
    const char** names = nullptr;
    int count = 0;
    if (natsMsgHeader_Keys(from, &names, &count) != NATS_OK) return;  // There are none.
    for (int i = 0; i < count; ++i) {
        const char* value = nullptr;
        if (natsMsgHeader_Get(from, names[i], &value) != NATS_OK || value == nullptr) continue;
        to.headers.emplace_back(names[i], value);
    }
    std::free(names);  // NOLINT: the library's, of malloc.
}

/// The server's own words are headers, and there is nothing else in such a message.
void read_status(NatsMessage& message) {
    for (const auto& [name, value] : message.headers) {
        if (name == "Status") {
            std::from_chars(value.data(), value.data() + value.size(), message.status);
        } else if (name == "Description") {
            message.description = value;
        }
    }
}

NatsMessage read_message(natsMsg* from) {
    NatsMessage message;
    message.subject = natsMsg_GetSubject(from);
    if (const char* const reply = natsMsg_GetReply(from)) message.reply = reply;
    message.data.assign(natsMsg_GetData(from),
                        static_cast<std::size_t>(natsMsg_GetDataLength(from)));
    read_headers(from, message);
    if (message.data.empty()) read_status(message);
    return message;
}

}  // namespace

/// What the loop's thread, the connection's and the library's share.
struct NatsConnection::Desk : std::enable_shared_from_this<Desk> {
    Desk(Loop& its_loop, NatsServer its_server, std::string its_name, Events its_events)
        : loop(its_loop),
          server(std::move(its_server)),
          name(std::move(its_name)),
          events(std::move(its_events)) {}

    /// What the library gives its callbacks; freed when it says that no more will come.
    struct Ear {
        std::shared_ptr<Desk> desk;
        std::uint64_t connection;
    };
    struct Connected {
        /// The library asks for them whenever it likes.
        std::unique_ptr<NatsCredentials> credentials = std::make_unique<NatsCredentials>();
        ConnectionPtr connection;
        SubscriptionPtr subscription;
        std::string inbox;
    };
    using Made = tl::expected<Connected, std::string>;  ///< Or why not.

    // Constant after construction.
    Loop& loop;
    const NatsServer server;
    const std::string name;
    const Events events;  ///< Not called once `is_gone`.

    // Of the loop's thread.
    std::uint64_t connected = 0;  ///< The connection's number; 0: there is none.
    std::string inbox;            ///< Ends with ".".

    // Of the connection's thread.
    std::size_t next_url = 0;

    mutable Mutex mutex;
    ConditionVariable changed;
    std::deque<NatsSending> outgoing SKALD_GUARDED_BY(mutex);
    std::uint64_t current SKALD_GUARDED_BY(mutex) = 0;  ///< The last connection's number.
    std::uint64_t closed SKALD_GUARDED_BY(mutex) = 0;   ///< Of which no message comes any more.
    std::size_t receiving SKALD_GUARDED_BY(mutex) = 0;  ///< Calls of `received`.
    bool is_ending SKALD_GUARDED_BY(mutex) = false;
    bool is_gone SKALD_GUARDED_BY(mutex) = false;  ///< There is nobody to tell any more.
    bool is_over SKALD_GUARDED_BY(mutex) = false;  ///< The thread has ended.
    std::string complaint SKALD_GUARDED_BY(mutex);
    std::size_t attempts SKALD_GUARDED_BY(mutex) = 0;   ///< Threads that connect.
    std::uint64_t awaited SKALD_GUARDED_BY(mutex) = 0;  ///< Whose result somebody waits for.
    std::optional<Made> made SKALD_GUARDED_BY(mutex);   ///< By that one.

    // ---- What the library calls

    static void on_message(natsConnection*, natsSubscription*, natsMsg* raw, void* closure) {
        const MessagePtr owned(raw);
        static_cast<Ear*>(closure)->desk->receive(read_message(raw));
    }
    static void on_complete(void* closure) {
        const std::unique_ptr<Ear> ear(static_cast<Ear*>(closure));
        const MutexLock lock(ear->desk->mutex);
        ear->desk->closed = std::max(ear->desk->closed, ear->connection);
        ear->desk->changed.notify_all();
    }

    void receive(NatsMessage message) SKALD_EXCLUDES(mutex) {
        {
            const MutexLock lock(mutex);
            if (is_gone) return;
            ++receiving;
        }
        if (std::function<void()> work = events.received(std::move(message))) {
            tell(std::move(work));
        }
        const MutexLock lock(mutex);
        --receiving;
        changed.notify_all();
    }

    /// On the loop's thread, unless the owner is gone by then.
    void tell(std::function<void()> work) SKALD_EXCLUDES(mutex) {
        const MutexLock lock(mutex);
        if (is_gone) return;  // And the loop may be, too.
        loop.post([desk = shared_from_this(), work = std::move(work)] {
            if (desk->has_owner()) work();
        });
    }

    bool has_owner() const SKALD_EXCLUDES(mutex) {
        const MutexLock lock(mutex);
        return !is_gone;
    }

    // ---- The connection's thread

    void work() SKALD_EXCLUDES(mutex) {
        milliseconds wait = kFirstWait;
        while (!has_to_end()) {
            const Instant begun = steady_now();
            const std::string reason = serve_one();
            if (steady_now() - begun >= kStableAfter) wait = kFirstWait;
            tell([this, reason] { lose(reason); });
            wait_before_next(wait);
            wait = std::min(wait * 2, kLongestWait);
        }
        const MutexLock lock(mutex);
        is_over = true;
        changed.notify_all();
    }

    /// On the loop's thread.
    void lose(const std::string& reason) SKALD_EXCLUDES(mutex) {
        connected = 0;
        inbox.clear();
        {
            const MutexLock lock(mutex);
            outgoing.clear();
        }
        events.disconnected(reason);
    }

    bool has_to_end() const SKALD_EXCLUDES(mutex) {
        const MutexLock lock(mutex);
        return is_ending;
    }

    void wait_before_next(milliseconds time) SKALD_EXCLUDES(mutex) {
        const Instant until = steady_now() + time;
        const MutexLock lock(mutex);
        while (!is_ending &&
               changed.wait_until(mutex, until) == ConditionVariable::Woken::Notified) {
        }
    }

    /// One connection, from its beginning to its end; why it ended.
    std::string serve_one() SKALD_EXCLUDES(mutex) {
        std::uint64_t number = 0;
        {
            const MutexLock lock(mutex);
            number = ++current;
            complaint.clear();
        }
        Made over = connect_in_time(number);
        if (!over) return over.error();
        const auto payload = static_cast<std::size_t>(
            std::max<std::int64_t>(natsConnection_GetMaxPayload(over->connection.get()), 0));
        tell([this, number, payload, its_inbox = over->inbox, url = url_of(*over)] {
            connected = number;
            inbox = its_inbox;
            events.connected(url, payload);
        });
        while (send_next(*over, number)) {
        }
        std::string reason = complaint_of(*over);
        flush(*over);
        natsConnection_Close(over->connection.get());
        return "the connection was lost" + (reason.empty() ? reason : ": " + reason);
    }

    /// Sends what is to be sent, or waits for that; false: it is over.
    bool send_next(const Connected& over, std::uint64_t number) SKALD_EXCLUDES(mutex) {
        std::deque<NatsSending> batch;
        bool is_last = false;
        {
            const MutexLock lock(mutex);
            if (outgoing.empty() && closed < number && !is_ending) {
                changed.wait_until(mutex, steady_now() + kLookEvery);
            }
            if (closed >= number) return false;
            batch.swap(outgoing);
            is_last = is_ending;
        }
        for (const NatsSending& sending : batch) send(over, sending);
        note_complaint(over);
        return !is_last && !natsConnection_IsClosed(over.connection.get());
    }

    void send(const Connected& over, const NatsSending& sending) SKALD_EXCLUDES(mutex) {
        natsMsg* raw = nullptr;
        Calls calls;
        calls(natsMsg_Create(&raw, sending.subject.c_str(),
                             sending.reply.empty() ? nullptr : sending.reply.c_str(),
                             sending.data.data(), static_cast<int>(sending.data.size())));
        const MessagePtr message(raw);
        for (const auto& [header, value] : sending.headers) {
            if (calls.is_good()) calls(natsMsgHeader_Set(raw, header.c_str(), value.c_str()));
        }
        if (calls.is_good()) calls(natsConnection_PublishMsg(over.connection.get(), raw));
        if (calls.is_good() || sending.number == 0) return;
        tell([this, number = sending.number, why_not = calls.why_not()] {
            events.unsent(number, why_not);
        });
    }

    void note_complaint(const Connected& over) SKALD_EXCLUDES(mutex) {
        std::string now = complaint_of(over);
        const MutexLock lock(mutex);
        complaint = std::move(now);
    }

    static std::string complaint_of(const Connected& over) {
        const char* text = nullptr;
        if (natsConnection_GetLastError(over.connection.get(), &text) == NATS_OK) return {};
        return text == nullptr ? std::string() : std::string(text);
    }

    void flush(const Connected& over) const SKALD_EXCLUDES(mutex) {
        if (!has_to_end()) return;
        natsConnection_FlushTimeout(over.connection.get(), kFlushMax.count());
    }

    static std::string url_of(const Connected& over) {
        std::string url(256, '\0');
        if (natsConnection_GetConnectedUrl(over.connection.get(), url.data(), url.size()) !=
            NATS_OK) {
            return {};
        }
        url.resize(std::strlen(url.c_str()));
        return url;
    }

    // ---- Connecting

    /// To the next URL.
    Made connect_in_time(std::uint64_t number) SKALD_EXCLUDES(mutex) {
        const NatsUrl& url = server.urls.at(next_url++ % server.urls.size());
        const auto failed = [&url](const std::string& reason) {
            return tl::unexpected<std::string>(url.text() + ": " + reason);
        };
        auto login = server.login();
        if (!login) return failed(login.error().message);
        if (const char* const what = not_utf8(*login)) {
            return failed(std::string("the ") + what + " is not UTF-8");
        }
        {
            const MutexLock lock(mutex);
            if (attempts >= kAttemptsMax) return failed("earlier attempts to connect still hang");
            ++attempts;
            awaited = number;
        }
        try {
            // A thread for it alone, which is left behind if need be: neither a look-up of a name
            // nor the handshake of TLS can be interrupted, and both may take for ever.
            std::thread([desk = shared_from_this(), number, url, login = std::move(*login)] {
                name_this_thread("skald-nats-call");
                desk->attempt(number, url, login);
            }).detach();
        } catch (const std::system_error& error) {
            const MutexLock lock(mutex);
            --attempts;
            return failed(error.what());
        }
        const Instant until = steady_now() + kAttemptMax;
        const MutexLock lock(mutex);
        while (!made && !is_ending &&
               changed.wait_until(mutex, until) == ConditionVariable::Woken::Notified) {
        }
        awaited = 0;
        if (!made) return failed("no connection in " + std::to_string(kAttemptMax.count()) + " ms");
        Made result = std::move(*made);
        made.reset();
        if (!result) return failed(result.error());
        return result;
    }

    void attempt(std::uint64_t number, const NatsUrl& url, const NatsLogin& login)
        SKALD_EXCLUDES(mutex) {
        Made result = connect(number, url, login);  // What nobody waits for any more, ends here.
        const MutexLock lock(mutex);
        --attempts;
        if (awaited == number) made.emplace(std::move(result));
        changed.notify_all();
    }

    Made connect(std::uint64_t number, const NatsUrl& url, const NatsLogin& login) {
        Connected over;
        if (!login.credentials.empty()) {
            auto read = read_credentials(login.credentials);
            if (!read) return tl::unexpected(read.error());
            *over.credentials = std::move(*read);
        }
        natsOptions* raw_options = nullptr;
        Calls calls;
        calls(natsOptions_Create(&raw_options));
        const OptionsPtr options(raw_options);
        if (calls.is_good()) set(raw_options, url, login, *over.credentials, calls);
        natsConnection* raw = nullptr;
        if (calls.is_good()) calls(natsConnection_Connect(&raw, raw_options));
        over.connection.reset(raw);
        natsInbox* raw_inbox = nullptr;
        if (calls.is_good()) calls(natsInbox_Create(&raw_inbox));
        const InboxPtr inbox_text(raw_inbox);
        if (calls.is_good()) {
            over.inbox = std::string(raw_inbox) + '.';
            listen(number, over, calls);
        }
        if (!calls.is_good()) return tl::unexpected(calls.why_not());
        return over;
    }

    void set(natsOptions* options, const NatsUrl& url, const NatsLogin& login,
             NatsCredentials& credentials, Calls& calls) const {
        // The scheme would make the library ask for TLS by itself, but without the host's name.
        NatsUrl address = url;
        address.security = NatsUrl::Security::Plain;
        calls(natsOptions_SetURL(options, address.text().c_str()));
        calls(natsOptions_SetName(options, name.c_str()));
        calls(natsOptions_SetAllowReconnect(options, false));
        calls(natsOptions_SetIgnoreDiscoveredServers(options, true));
        calls(natsOptions_SetTimeout(options, kConnectMax.count()));
        calls(natsOptions_SetWriteDeadline(options, kWriteMax.count()));
        calls(natsOptions_SetPingInterval(options, kPingEvery.count()));
        calls(natsOptions_SetMaxPingsOut(options, 2));
        calls(natsOptions_SetErrorHandler(options, ignore_complaint, nullptr));
        if (!login.user.empty()) {
            calls(natsOptions_SetUserInfo(options, in_json(login.user).c_str(),
                                          in_json(login.password).c_str()));
        }
        if (!login.token.empty()) {
            calls(natsOptions_SetToken(options, in_json(login.token).c_str()));
        }
        if (!login.credentials.empty()) {
            calls(natsOptions_SetUserCredentialsCallbacks(options, give_jwt, &credentials,
                                                          give_signature, &credentials));
        }
        // Also where we don't ask for it: the server may, and then it must prove who it is too.
        calls(natsOptions_SetExpectedHostname(options, url.host.c_str()));
        if (!server.ca_file.empty()) {
            calls(natsOptions_LoadCATrustedCertificates(options, server.ca_file.c_str()));
        }
        if (!server.certificate_file.empty()) {
            calls(natsOptions_LoadCertificatesChain(options, server.certificate_file.c_str(),
                                                    server.key_file.c_str()));
        }
        const bool is_secure = url.security == NatsUrl::Security::Tls || server.needs_tls;
        if (is_secure) calls(natsOptions_SetSecure(options, true));
    }

    void listen(std::uint64_t number, Connected& over, Calls& calls) {
        natsSubscription* raw = nullptr;
        auto ear = std::make_unique<Ear>(Ear{shared_from_this(), number});
        calls(natsConnection_Subscribe(&raw, over.connection.get(), (over.inbox + '>').c_str(),
                                       on_message, ear.get()));
        over.subscription.reset(raw);
        if (!calls.is_good()) return;
        Ear* const handed_over = ear.release();
        calls(natsSubscription_SetPendingLimits(raw, -1, -1));  // What we ask for is bounded.
        // Where it fails, the connection is closed already, but its last message may be on its
        // way: then the ear is left behind.
        calls(natsSubscription_SetOnCompleteCB(raw, on_complete, handed_over));
    }
};

NatsConnection::NatsConnection(Loop& loop, NatsServer server, std::string name, Events events)
    : desk_(std::make_shared<Desk>(loop, std::move(server), std::move(name), std::move(events))) {
    try {
        thread_ = std::thread([desk = desk_] {
            name_this_thread("skald-nats");
            desk->work();
        });
    } catch (const std::system_error& error) {
        desk_->tell([desk = desk_.get(), reason = std::string(error.what())] {
            desk->lose("no thread for the connection: " + reason);
        });
        const MutexLock lock(desk_->mutex);
        desk_->is_over = true;
    }
}

NatsConnection::~NatsConnection() {
    end();
    bool is_over = false;
    {
        const Instant until = steady_now() + kEndMax;
        const MutexLock lock(desk_->mutex);
        desk_->is_gone = true;
        while (desk_->receiving > 0) desk_->changed.wait(desk_->mutex);
        while (!desk_->is_over && desk_->changed.wait_until(desk_->mutex, until) ==
                                      ConditionVariable::Woken::Notified) {
        }
        is_over = desk_->is_over;
    }
    if (!thread_.joinable()) return;
    if (is_over) {
        thread_.join();
    } else {
        thread_.detach();
    }
}

void NatsConnection::send(NatsSending sending) {
    if (desk_->connected == 0) return;
    const MutexLock lock(desk_->mutex);
    desk_->outgoing.push_back(std::move(sending));
    desk_->changed.notify_all();
}

std::string NatsConnection::inbox(std::string_view ending) const {
    return desk_->inbox.empty() ? std::string() : desk_->inbox + std::string(ending);
}

std::string_view NatsConnection::ending_of(const NatsMessage& message) const {
    const std::string_view subject = message.subject;
    const std::string& inbox = desk_->inbox;
    return !inbox.empty() && subject.starts_with(inbox) ? subject.substr(inbox.size())
                                                        : std::string_view();
}

void NatsConnection::end() {
    const MutexLock lock(desk_->mutex);
    desk_->is_ending = true;
    desk_->changed.notify_all();
}

bool NatsConnection::has_ended() const {
    const MutexLock lock(desk_->mutex);
    return desk_->is_over && desk_->receiving == 0;
}

std::string NatsConnection::last_complaint() const {
    const MutexLock lock(desk_->mutex);
    return desk_->complaint;
}

}  // namespace skald::engine
