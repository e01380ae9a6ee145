#pragma once

#include <string>
#include <string_view>

namespace skald::events {

/// Whether what was pushed is signed by this secret ("whsec_" and base64), as Standard Webhooks
/// 1.0.0 asks for. `headers` are lines that end in CR LF.
bool is_signed(std::string_view secret, std::string_view headers, std::string_view body);

}  // namespace skald::events
