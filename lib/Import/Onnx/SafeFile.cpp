//===- SafeFile.cpp - opening files that an untrusted model names -----------------------------------------------===//
#include "SafeFile.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using llvm::StringRef;

namespace moe {
namespace {

/// A file descriptor that closes itself.
struct Descriptor {
  explicit Descriptor(int fd) : fd(fd) {}
  Descriptor(Descriptor &&other) : fd(std::exchange(other.fd, -1)) {}
  Descriptor &operator=(Descriptor &&other) {
    std::swap(fd, other.fd);
    return *this;
  }
  ~Descriptor() {
    if (fd >= 0)
      close(fd);
  }
  int fd;
};

} // namespace

std::string checkExternalFile(StringRef directory, StringRef name, uint64_t &size) {
  if (name.empty())
    return "the location is empty";
  if (name.starts_with("/") || name.contains('\\') || name.contains('\0'))
    return "the location is not a relative path";
  llvm::SmallVector<StringRef> parts;
  name.split(parts, '/', -1, /*KeepEmpty=*/false);
  // One step at a time from the directory's descriptor, never through a link: what is checked is what is opened.
  Descriptor at(open(directory.empty() ? "." : directory.str().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (at.fd < 0)
    return "the model's folder cannot be opened: " + std::string(strerror(errno));
  for (auto [index, part] : llvm::enumerate(parts)) {
    if (part == "..")
      return "the location leaves the model's folder";
    bool last = index + 1 == parts.size();
    int flags = O_NOFOLLOW | O_CLOEXEC | (last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY);
    Descriptor next(openat(at.fd, part.str().c_str(), flags));
    if (next.fd < 0 && (errno == ELOOP || errno == ENOTDIR))
      return "the location goes through a link; copy the file into the model's folder";
    if (next.fd < 0)
      return "the file cannot be opened: " + std::string(strerror(errno));
    at = std::move(next);
  }
  struct stat info;
  if (fstat(at.fd, &info) != 0)
    return "the file cannot be examined: " + std::string(strerror(errno));
  if (!S_ISREG(info.st_mode))
    return "the location is not a regular file";
  if (info.st_nlink > 1)
    return "the file has several hard links; copy it into the model's folder";
  size = info.st_size;
  return "";
}

} // namespace moe
