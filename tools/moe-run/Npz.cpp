//===- Npz.cpp - numpy's archives of arrays ----------------------------------------------------------------------===//
#include "Npz.h"
#include "Failure.h"
#include "Npy.h"
#include <zip.h>

namespace moerun {
namespace {

struct CloseMember {
  void operator()(zip_file_t *file) const { zip_fclose(file); }
};
struct DiscardArchive {
  void operator()(zip_t *archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, DiscardArchive>;

Archive open(const std::string &path, int flags) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), flags, &code));
  if (archive)
    return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string message = "cannot open " + path + ": " + zip_error_strerror(&error);
  Exit exit = zip_error_system_type(&error) == ZIP_ET_SYS ? Exit::System : Exit::Invalid;
  zip_error_fini(&error);
  throw Failure(exit, message);
}

Array readMember(const std::string &path, zip_t *archive, uint64_t index, const zip_stat_t &info, moert_type wanted) {
  std::string name = path + ", member " + info.name;
  std::unique_ptr<zip_file_t, CloseMember> member(zip_fopen_index(archive, index, 0));
  if (!member)
    throw Failure(Exit::Invalid, name + ": " + zip_strerror(archive));
  auto read = [&](char *to, int64_t size) {
    for (int64_t count; size > 0; to += count, size -= count)
      if ((count = zip_fread(member.get(), to, uint64_t(size))) <= 0)
        throw Failure(Exit::Invalid, name + ": " + (count < 0 ? zip_error_strerror(zip_file_get_error(member.get())) : "cut off"));
  };
  Array result = readNpy(name, int64_t(info.size), wanted, read);
  char beyond; // the checksum is compared when the end is read
  if (zip_fread(member.get(), &beyond, 1) != 0)
    throw Failure(Exit::Invalid, name + ": " + zip_error_strerror(zip_file_get_error(member.get())));
  return result;
}

} // namespace

NamedArrays readNpz(const std::string &path, const WantedType &wanted) {
  Archive archive = open(path, ZIP_RDONLY | ZIP_CHECKCONS);
  NamedArrays arrays;
  for (int64_t index = 0, count = zip_get_num_entries(archive.get(), 0); index < count; ++index) {
    zip_stat_t info;
    if (zip_stat_index(archive.get(), uint64_t(index), 0, &info) != 0 || !(info.valid & ZIP_STAT_SIZE) || !(info.valid & ZIP_STAT_NAME) || info.size > uint64_t(INT64_MAX))
      throw Failure(Exit::Invalid, path + ": member " + std::to_string(index) + " has no name or size");
    std::string name = info.name;
    if (!name.ends_with(".npy"))
      throw Failure(Exit::Invalid, path + ": member " + name + " is no array (its name does not end in .npy)");
    name.resize(name.size() - 4);
    Array array = readMember(path, archive.get(), uint64_t(index), info, wanted(name));
    if (!arrays.emplace(name, std::move(array)).second)
      throw Failure(Exit::Invalid, path + ": there are two arrays '" + name + "'");
  }
  return arrays;
}

void writeNpz(const std::string &path, const std::vector<std::pair<std::string, moert_tensor>> &tensors) {
  if (tensors.empty())
    throw Failure(Exit::Invalid, "there is nothing to write to " + path);
  Archive archive = open(path, ZIP_CREATE | ZIP_TRUNCATE);
  std::vector<std::string> headers;
  headers.reserve(tensors.size());
  for (auto &[name, tensor] : tensors) {
    const std::string &header = headers.emplace_back(npyHeader(tensor.type, tensor.dims, tensor.rank));
    zip_buffer_fragment_t parts[] = {{reinterpret_cast<zip_uint8_t *>(const_cast<char *>(header.data())), header.size()},
                                     {static_cast<zip_uint8_t *>(tensor.data), uint64_t(tensor.bytes)}};
    zip_source_t *source = zip_source_buffer_fragment(archive.get(), parts, tensor.bytes ? 2 : 1, 0);
    int64_t index = source ? zip_file_add(archive.get(), (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8) : -1;
    if (source && index < 0)
      zip_source_free(source);
    if (index < 0 || zip_set_file_compression(archive.get(), uint64_t(index), ZIP_CM_STORE, 0) != 0)
      throw Failure(Exit::System, "cannot write " + path + ": " + zip_strerror(archive.get()));
  }
  if (zip_close(archive.get()) != 0)
    throw Failure(Exit::System, "cannot write " + path + ": " + zip_strerror(archive.get()));
  archive.release(); // zip_close has freed it
}

} // namespace moerun
