# cmake -D INPUT=FILE -D OUTPUT=FILE.cpp -D HEADER=api/openapi.h -D FUNCTION=openapi_resource
#       -P embed.cmake
#
# Writes the bytes of INPUT as skald::api::FUNCTION(), which HEADER declares.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REPLACE "0x0a," "0x0a,\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

namespace skald::api {
namespace {

constexpr unsigned char kBytes[] = {
${bytes}};

}  // namespace

std::string_view ${FUNCTION}() {
    return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}

}  // namespace skald::api
")
