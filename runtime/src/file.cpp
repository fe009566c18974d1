//===- file.cpp - files of an artefact, read without trust -----------------------------------------------------===//
#include "file.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace moert {

Descriptor::~Descriptor() {
  if (fd >= 0)
    ::close(fd);
}

MappedFile::~MappedFile() {
  if (address)
    ::munmap(address, size_t(length));
}

std::string systemError(int error) { return std::strerror(error); }

bool isPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos;
}

Status openFolder(const std::string &path, Descriptor &folder) {
  folder = Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0)
    return {};
  if (errno == ENOTDIR)
    return fail(MOERT_INVALID_ARTEFACT, path, " is not a folder; an artefact is the folder that moe-opt writes");
  return fail(MOERT_IO, "cannot open ", path, ": ", systemError(errno));
}

Status MappedFile::open(const Descriptor &folder, const std::string &name, MappedFile &file) {
  if (!isPlainName(name))
    return fail(MOERT_INVALID_ARTEFACT, "'", name, "' is not the name of a file inside the artefact");
  Descriptor fd(::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ELOOP)
      return fail(MOERT_INVALID_ARTEFACT, name, " is a symbolic link; the files of an artefact lie in its folder");
    if (errno == ENOENT)
      return fail(MOERT_INVALID_ARTEFACT, name, " is missing");
    return fail(MOERT_IO, "cannot open ", name, ": ", systemError(errno));
  }
  struct stat info;
  if (::fstat(fd.get(), &info) != 0)
    return fail(MOERT_IO, "cannot read ", name, ": ", systemError(errno));
  if (!S_ISREG(info.st_mode))
    return fail(MOERT_INVALID_ARTEFACT, name, " is not a regular file");
  MappedFile mapped;
  mapped.length = info.st_size;
  if (info.st_size > 0) {
    void *address = ::mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_SHARED, fd.get(), 0);
    if (address == MAP_FAILED)
      return fail(errno == ENOMEM ? MOERT_OUT_OF_MEMORY : MOERT_IO, "cannot map ", name, ": ", systemError(errno));
    mapped.address = address;
  }
  file = std::move(mapped);
  return {};
}

std::string digest(std::string_view bytes) {
  XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
  return text;
}

} // namespace moert
