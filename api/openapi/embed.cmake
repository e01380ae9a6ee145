# cmake -D INPUT=openapi.json -D OUTPUT=FILE.cpp -P embed.cmake
#
# Writes the bytes of INPUT as skald::api::openapi_resource() (api/openapi.h).
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REPLACE "0x0a," "0x0a,\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"api/openapi.h\"

namespace skald::api {
namespace {

constexpr unsigned char kBytes[] = {
${bytes}};

}  // namespace

std::string_view openapi_resource() {
    return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}

}  // namespace skald::api
")
