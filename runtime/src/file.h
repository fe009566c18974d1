//===- file.h - files of an artefact, read without trust ---------------------------------------------*- C++ -*-===//
#pragma once

#include "status.h"
#include <cstdint>
#include <string_view>

namespace moert {

/// A file descriptor that is closed with its owner.
class Descriptor {
public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd(fd) {}
  Descriptor(Descriptor &&other) noexcept : fd(std::exchange(other.fd, -1)) {}
  Descriptor &operator=(Descriptor &&other) noexcept {
    std::swap(fd, other.fd);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd; }

private:
  int fd = -1;
};

/// A whole file in memory, read-only.
class MappedFile {
public:
  MappedFile() = default;
  MappedFile(MappedFile &&other) noexcept { *this = std::move(other); }
  MappedFile &operator=(MappedFile &&other) noexcept {
    std::swap(address, other.address);
    std::swap(length, other.length);
    return *this;
  }
  ~MappedFile();

  /// Maps `name`, a plain name in the folder `folder`; links are refused.
  static Status open(const Descriptor &folder, const std::string &name, MappedFile &file);

  const char *data() const { return static_cast<const char *>(address); }
  int64_t size() const { return length; }
  std::string_view bytes() const { return {data(), size_t(length)}; }

private:
  void *address = nullptr;
  int64_t length = 0;
};

/// Opens a folder.
Status openFolder(const std::string &path, Descriptor &folder);
/// True where `name` can only be a file in the folder itself.
bool isPlainName(std::string_view name);
/// XXH3-128 in hexadecimal, high half first.
std::string digest(std::string_view bytes);
/// What errno says.
std::string systemError(int error);

} // namespace moert
