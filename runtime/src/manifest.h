//===- manifest.h - what an artefact says of itself --------------------------------------------------*- C++ -*-===//
#pragma once

#include "moert/moert.h"
#include "status.h"
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace moert {

/// An input or output of an entry.
struct Value {
  std::string name;
  moert_type type = MOERT_FLOAT32;
  std::vector<int64_t> dims;            ///< -1 where the length is not fixed
  std::vector<std::string> expressions; ///< each length as text; "" where nothing is known
};

/// A tensor that a session keeps from run to run.
struct StateInfo {
  Value value;
  int64_t axis = -1; ///< whose length may change from run to run and is 0 at first; -1: none
};

/// An entry point: code symbol moe_entry_NAME.
struct Entry {
  std::string name;
  std::vector<Value> inputs, outputs;
  std::vector<std::pair<std::string, std::string>> equal; ///< expressions whose values must be the same
};

/// A weight: `length` bytes at `offset` of a file.
struct Param {
  std::string name, file;
  int64_t offset = 0, length = 0;
};

/// Code for one kind of device.
struct Target {
  std::string name, code;
  std::vector<std::string> isas;     ///< instruction sets that kernels exist for, best last
  std::string device = "cpu";
  std::vector<int32_t> params;       ///< places among the manifest's weights of those that the code asks for
  std::string deviceCode;            ///< the file with code of the device's own; empty where there is none
  std::vector<std::string> kernels;  ///< its kernels in the order of their numbers
  std::vector<std::string> messages; ///< why checks in kernels fail, in the order of their numbers
};

struct FileRecord {
  int64_t bytes = 0;
  std::string digest; ///< XXH3-128
};

struct Manifest {
  std::vector<Target> targets;
  std::vector<Entry> entries;
  std::vector<StateInfo> states; ///< of all entries
  std::vector<Param> params;
  std::map<std::string, FileRecord> files;
};

/// Reads manifest.json. Its member `digest` is the XXH3-128 of the other members in their order, written without blanks. All names, numbers and references in the result are checked: files are plain names that `files` knows, extents
/// lie inside their file, ranks are at most MOERT_MAX_RANK.
Status parseManifest(std::string_view json, Manifest &manifest);

} // namespace moert
