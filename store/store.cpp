#include "store/store.h"

namespace skald::store {

bool Batch::empty() const {
    return definitions.empty() && starts.empty() && rows.empty() && summaries.empty();
}

const sagas::RequestKey* request_key(const Record& begun) {
    const auto* begin = std::get_if<sagas::Begin>(&begun.cause);
    return begin != nullptr && begin->request ? &*begin->request : nullptr;
}

}  // namespace skald::store
