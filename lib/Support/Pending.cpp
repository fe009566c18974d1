//===- Pending.cpp - files and folders that are whole or not there ----------------------------------------------===//
#include "moe/Support/Pending.h"
#include "llvm/Support/FileSystem.h"
#include <fcntl.h>
#include <unistd.h>

namespace moe {
namespace {

std::error_code lastError() { return {errno, std::generic_category()}; }

std::error_code sync(const std::string &path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return lastError();
  std::error_code error = fsync(fd) == 0 ? std::error_code() : lastError();
  close(fd);
  return error;
}

/// A folder's files, then the folder.
std::error_code syncAll(const std::string &path) {
  std::error_code error;
  if (llvm::sys::fs::is_directory(path))
    for (llvm::sys::fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
      if (std::error_code failed = sync(entry->path()))
        return failed;
  return error ? error : sync(path);
}

void removeAll(const std::string &path) {
  if (llvm::sys::fs::is_directory(path))
    llvm::sys::fs::remove_directories(path);
  else
    llvm::sys::fs::remove(path);
}

} // namespace

Pending::Pending(llvm::StringRef target) : final(target.rtrim('/')), work(final + ".tmp." + std::to_string(getpid())) {}

Pending::~Pending() { removeAll(work); }

std::error_code Pending::createFolder() {
  removeAll(work);
  return llvm::sys::fs::create_directories(work);
}

std::error_code Pending::commit() {
  if (std::error_code error = syncAll(work))
    return error;
  if (rename(work.c_str(), final.c_str()) == 0)
    return {};
  // A folder is there, or something of another kind: exchange, and remove it when this ends.
  return renameat2(AT_FDCWD, work.c_str(), AT_FDCWD, final.c_str(), RENAME_EXCHANGE) == 0 ? std::error_code() : lastError();
}

} // namespace moe
