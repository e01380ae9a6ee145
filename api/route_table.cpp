#include <algorithm>

#include "api/http/target.h"
#include "api/route.h"
#include "sagas/check.h"

namespace skald::api {
namespace {

bool is_placeholder(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

/// What stands between the slashes of "/a/b/"; "/" alone has one empty segment.
std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> segments;
    segments.reserve(8);
    path.remove_prefix(1);
    for (;;) {
        const std::size_t slash = path.find('/');
        segments.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return segments;
        path.remove_prefix(slash + 1);
    }
}

using Template = std::vector<std::optional<std::string>>;

Template template_of(std::string_view path) {
    Template segments;
    for (const std::string_view segment : split(path)) {
        if (is_placeholder(segment)) {
            segments.emplace_back(std::nullopt);
        } else {
            segments.emplace_back(segment);
        }
    }
    return segments;
}

/// Whether the more fixed path comes first: at the first segment where one is a {…} and the other
/// is not, the latter. Any order will do for the rest.
bool is_more_fixed(const Template& a, const Template& b) {
    const std::size_t common = std::min(a.size(), b.size());
    for (std::size_t i = 0; i < common; ++i) {
        if (a[i].has_value() != b[i].has_value()) return a[i].has_value();
        if (a[i] != b[i]) return a[i] < b[i];
    }
    return a.size() < b.size();
}

bool fits(const Template& segments, const std::vector<std::string_view>& path) {
    if (segments.size() != path.size()) return false;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (segments[i] ? *segments[i] != path[i] : path[i].empty()) return false;
    }
    return true;
}

/// `raw` with its escapes decoded into `storage`, where there are any; false: malformed.
bool decode_segments(std::vector<std::string_view>& raw, std::vector<std::string>& storage) {
    storage.reserve(raw.size());  // The views into it must stay valid.
    for (std::string_view& segment : raw) {
        if (segment.find('%') == std::string_view::npos) continue;
        std::optional<std::string> decoded = http::decode(segment);
        if (!decoded) return false;
        segment = storage.emplace_back(std::move(*decoded));
    }
    return true;
}

}  // namespace

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        SKALD_CHECK(!routes_[i].path.empty() && routes_[i].path.front() == '/');
        SKALD_CHECK(routes_[i].handler != nullptr);
        Template segments = template_of(routes_[i].path);
        auto resource =
            std::find_if(resources_.begin(), resources_.end(),
                         [&](const Resource& other) { return other.segments == segments; });
        if (resource == resources_.end()) {
            resource = resources_.insert(resources_.end(), Resource{std::move(segments), {}});
        }
        for (const std::size_t other : resource->routes) {
            SKALD_CHECK(routes_[other].method != routes_[i].method);
        }
        resource->routes.push_back(i);
    }
    std::stable_sort(resources_.begin(), resources_.end(), [](const auto& a, const auto& b) {
        return is_more_fixed(a.segments, b.segments);
    });
}

const Route* RouteTable::route_for(const Resource& resource, std::string_view method) const {
    for (const std::size_t index : resource.routes) {
        if (routes_[index].method == method) return &routes_[index];
    }
    return method == "HEAD" ? route_for(resource, "GET") : nullptr;
}

std::vector<std::string> RouteTable::methods_of(const Resource& resource) const {
    std::vector<std::string> methods;
    for (const std::size_t index : resource.routes) {
        methods.push_back(routes_[index].method);
        if (routes_[index].method == "GET") methods.emplace_back("HEAD");
    }
    return methods;
}

std::string RouteTable::shown_path(const Resource& resource, std::string_view raw_path) const {
    for (const std::size_t index : resource.routes) {
        if (routes_[index].audience == Audience::Participants) return routes_[index].path;
    }
    return std::string(raw_path);
}

RouteTable::Match RouteTable::find(std::string_view method, std::string_view raw_path) const {
    Match match;
    if (raw_path.empty() || raw_path.front() != '/') return match;
    std::vector<std::string_view> segments = split(raw_path);
    std::vector<std::string> storage;
    if (!decode_segments(segments, storage)) {
        match.is_malformed = true;
        return match;
    }
    const auto resource =
        std::find_if(resources_.begin(), resources_.end(),
                     [&](const Resource& candidate) { return fits(candidate.segments, segments); });
    if (resource == resources_.end()) return match;

    match.route = route_for(*resource, method);
    if (!match.route) {
        match.other_methods = methods_of(*resource);
        match.shown_path = shown_path(*resource, raw_path);
        return match;
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (!resource->segments[i]) match.path.emplace_back(segments[i]);
    }
    return match;
}

}  // namespace skald::api
